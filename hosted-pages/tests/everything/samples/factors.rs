//! What a sign-in asks for beyond an address.

use polder_hosted_pages::Frame;
use polder_hosted_pages::account::SecondFactorError;
use polder_hosted_pages::tenant::{
    Lost, LostPasskey, LostState, MakeFactor, PasskeyProblem, ProvePasskey, SetUpApp, Signals, StopWayBack, TakeCodes,
};

use super::tenant::add;
use super::{Sample, Words};

pub fn pages(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = ProvePasskey { frame, application: words.application, another: false, problem: None };
    add(pages, "prove-passkey", &page);
    let refused = Some(PasskeyProblem::Refused);
    add(pages, "prove-passkey-refused", &ProvePasskey { problem: refused, ..page });
    let gone = Some(PasskeyProblem::Removed { rp_id: "practice.localhost", credential_id: words.other });
    add(pages, "prove-passkey-gone", &ProvePasskey { another: true, problem: gone, ..page });
    let signals = Signals { text: Some(words.other) };
    let page = MakeFactor { frame, application: words.application, app: true, signals, failed: false };
    add(pages, "make-factor", &page);
    add(pages, "make-factor-failed", &MakeFactor { failed: true, ..page });
    add(pages, "make-passkey", &MakeFactor { app: false, signals: Signals::default(), ..page });
    let page = SetUpApp {
        frame,
        uri: "otpauth://totp/Practice:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Practice",
        secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        error: None,
    };
    add(pages, "set-up-app", &page);
    add(pages, "set-up-app-wrong", &SetUpApp { error: Some(SecondFactorError::Wrong), ..page });
    let codes: Vec<String> = (0..9).map(|_| "ABCD-EFGH-IJKL-MNOP".to_owned()).chain([words.other.to_owned()]).collect();
    add(pages, "take-codes", &TakeCodes { frame, codes: &codes });
    lost(frame, words, pages);
}

fn lost(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let one = |n: u8, name: &str| LostPasskey {
        id: format!("0198f3e0-0000-7000-8000-00000000000{n}"),
        name: name.to_owned(),
    };
    let held = [one(1, words.person), one(2, words.other)];
    for (name, state) in [
        ("lost-ask", LostState::Ask { hours: 72 }),
        ("lost-ask-hour", LostState::Ask { hours: 1 }),
        ("lost-waits", LostState::Waits { until: "24 November 2026, 09:00 CET" }),
        ("lost-ready", LostState::Ready { passkeys: &held }),
        ("lost-ready-app", LostState::Ready { passkeys: &[] }),
    ] {
        add(pages, name, &Lost { frame, state });
    }
    let frame = Frame { flow: "", language_path: None, ..frame };
    add(pages, "account-stop-way-back", &StopWayBack { frame, recovery: words.other });
}
