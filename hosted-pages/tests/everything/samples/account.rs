//! The account pages.

use polder_hosted_pages::account::{
    Activity, Address, AddressCode, AddressError, AddressUndo, AppSince, Applications, Data, Delete, Granted, Happened,
    Method, Outcome, Overview, Preferences, Profile, RecoveryCodes, RecoveryCodesShown, RecoverySet, Said,
    SecondFactor, SecondFactorError, SecondFactorRemove, SecondFactorSetUp, Section, SessionItem, Sessions, Shell,
    What,
};
use polder_hosted_pages::tenant::{CodeError, EmailError, NameError, SecondStep, SecondStepError};
use polder_hosted_pages::{Device, Frame, Look, Page};

use super::{Sample, Words};

const AT: &str = "21 November 2026, 09:00 CET";

pub fn pages(frame: Frame<'_>, words: Words<'_>) -> Vec<Sample> {
    let mut pages = Vec::new();
    second_step(frame, words, &mut pages);
    let frame = Frame { flow: "", language_path: Some("/account"), ..frame };
    let shell = |current| Shell {
        frame,
        current,
        sign_out_csrf: "csrf-sign-out",
        address: None,
        connections: true,
        said: None,
        offer_end: false,
    };
    glance(&shell, words, &mut pages);
    address(&shell, words, &mut pages);
    factors(&shell, words, &mut pages);
    lists(&shell, words, &mut pages);
    leaving(&shell, words, &mut pages);
    pages
}

fn add(pages: &mut Vec<Sample>, name: &str, page: &impl Page) {
    pages.push(Sample { name: name.to_owned(), html: page.render() });
}

fn second_step(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = SecondStep { frame, application: Some(words.application), recovery: false, error: None };
    add(pages, "second-step", &page);
    add(pages, "second-step-wrong", &SecondStep { error: Some(SecondStepError::Wrong), ..page });
    add(pages, "second-step-empty", &SecondStep { error: Some(SecondStepError::Empty), ..page });
    let wait = SecondStepError::Wait { retry_after_seconds: 60 };
    add(pages, "second-step-wait", &SecondStep { error: Some(wait), ..page });
    let recovery = SecondStep { recovery: true, application: None, ..page };
    add(pages, "second-step-recovery", &recovery);
    add(pages, "second-step-recovery-wrong", &SecondStep { error: Some(SecondStepError::Wrong), ..recovery });
    add(pages, "second-step-recovery-malformed", &SecondStep { error: Some(SecondStepError::Malformed), ..recovery });
}

type Around<'s, 'a> = &'s dyn Fn(Section) -> Shell<'a>;

fn glance(shell: Around<'_, '_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = Overview {
        shell: shell(Section::Overview),
        name: words.person,
        address: words.address,
        second_factor: true,
        recovery_codes: 7,
        sessions: 3,
        applications: 2,
    };
    add(pages, "account-overview", &page);
    let several = Shell { address: Some(words.address), ..page.shell };
    add(pages, "account-overview-several", &Overview { shell: several, ..page });
    let bare = Overview { second_factor: false, recovery_codes: 0, sessions: 1, applications: 0, ..page };
    add(pages, "account-overview-bare", &bare);
    let saved = Shell { said: Some(Outcome::Saved), ..shell(Section::Profile) };
    let page = Profile { shell: saved, name: words.person, address: words.address, error: None, fields: &[] };
    add(pages, "account-profile", &page);
    let fields: Vec<_> = super::fields::all(words, false).into_iter().chain(super::fields::fixed(words)).collect();
    add(pages, "account-profile-fields", &Profile { fields: &fields, ..page });
    let wrong = super::fields::all(words, true);
    add(pages, "account-profile-fields-wrong", &Profile { fields: &wrong, ..page });
    add(pages, "account-profile-error", &Profile { error: Some(NameError::TooLong), ..page });
    add(pages, "account-preferences", &Preferences { shell: shell(Section::Preferences) });
    let around = shell(Section::Preferences);
    let dark = Shell { frame: Frame { look: Some(Look::Dark), ..around.frame }, ..around };
    add(pages, "account-preferences-dark", &Preferences { shell: dark });
}

fn address(shell: Around<'_, '_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = Address { shell: shell(Section::Email), address: words.address, typed: "", error: None };
    add(pages, "account-email", &page);
    for (name, error) in [
        ("account-email-invalid", AddressError::Typed(EmailError::Invalid)),
        ("account-email-same", AddressError::Same),
        ("account-email-taken", AddressError::Taken),
    ] {
        add(pages, name, &Address { typed: words.other, error: Some(error), ..page });
    }
    let changed = Shell { said: Some(Outcome::EmailChanged(7)), ..shell(Section::Email) };
    add(pages, "account-email-changed", &Address { shell: changed, ..page });
    let page = AddressCode { shell: shell(Section::Email), new_address: words.address, error: None };
    add(pages, "account-email-code", &page);
    let wrong = AddressCode { error: Some(CodeError::Wrong { tries_left: 4 }), ..page };
    add(pages, "account-email-code-wrong", &wrong);
    let frame = page.shell.frame;
    add(pages, "account-email-undo", &AddressUndo { frame, change: words.other });
    for (name, what) in [
        ("account-email-undone", What::AddressUndone),
        ("account-email-undo-gone", What::UndoGone),
        ("way-back-stopped", What::WayBackStopped),
        ("way-back-gone", What::WayBackGone),
    ] {
        add(pages, name, &Said { frame, what });
    }
}

fn factors(shell: Around<'_, '_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = SecondFactor { shell: shell(Section::SecondFactor), app: None, offered: true, removable: true };
    add(pages, "account-second-factor", &page);
    let app = Some(AppSince { since: AT, last_used: Some(AT) });
    add(pages, "account-second-factor-on", &SecondFactor { app, ..page });
    let removed = Shell { said: Some(Outcome::SecondFactorRemoved), offer_end: true, ..page.shell };
    add(pages, "account-second-factor-removed", &SecondFactor { shell: removed, ..page });
    add(pages, "account-second-factor-needed", &SecondFactor { app, removable: false, ..page });
    add(pages, "account-second-factor-not-offered", &SecondFactor { offered: false, ..page });
    let page = SecondFactorSetUp {
        shell: shell(Section::SecondFactor),
        uri: "otpauth://totp/Practice:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Practice",
        secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        error: None,
    };
    add(pages, "account-second-factor-set-up", &page);
    let wait = SecondFactorError::Wait { retry_after_seconds: 60 };
    for (name, error) in [
        ("account-second-factor-wrong", SecondFactorError::Wrong),
        ("account-second-factor-expired", SecondFactorError::Expired),
        ("account-second-factor-wait", wait),
    ] {
        add(pages, name, &SecondFactorSetUp { error: Some(error), ..page });
    }
    add(pages, "account-second-factor-remove", &SecondFactorRemove { shell: shell(Section::SecondFactor) });
    let page = RecoveryCodes { shell: shell(Section::RecoveryCodes), set: None, available: true };
    add(pages, "account-recovery-codes", &page);
    add(pages, "account-recovery-codes-unavailable", &RecoveryCodes { available: false, ..page });
    for (name, left) in [("account-recovery-codes-seven", 7), ("account-recovery-codes-one", 1)] {
        add(pages, name, &RecoveryCodes { set: Some(RecoverySet { left, made: AT }), ..page });
    }
    let codes: Vec<String> = (0..9).map(|_| "ABCD-EFGH-IJKL-MNOP".to_owned()).chain([words.other.to_owned()]).collect();
    add(
        pages,
        "account-recovery-codes-shown",
        &RecoveryCodesShown { shell: shell(Section::RecoveryCodes), codes: &codes },
    );
}

fn lists(shell: Around<'_, '_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let firefox = Device::from_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    let this = SessionItem {
        id: "one",
        device: firefox,
        country: "Netherlands",
        address: words.other,
        method: Method::SecondStep,
        first_seen: AT,
        last_seen: AT,
        current: true,
    };
    let other = SessionItem {
        id: "two",
        device: Device::default(),
        country: "",
        method: Method::Email,
        current: false,
        ..this
    };
    let third = SessionItem { id: "three", address: "", method: Method::Passkey, ..other };
    let fourth = SessionItem { id: "four", method: Method::Other, ..other };
    let around = Shell { said: Some(Outcome::SessionEnded), ..shell(Section::Sessions) };
    add(pages, "account-sessions", &Sessions { shell: around, sessions: &[this, other, third, fourth] });
    let around = Shell { said: Some(Outcome::OthersEnded), ..around };
    add(pages, "account-sessions-one", &Sessions { shell: around, sessions: &[this] });
    let scopes: Vec<String> = ["openid", "profile", "email", "offline_access", words.other].map(str::to_owned).to_vec();
    let granted = Granted { id: "one", name: words.application, since: AT, scopes: &scopes };
    let around = Shell { said: Some(Outcome::Withdrawn(words.application)), ..shell(Section::Applications) };
    add(pages, "account-applications", &Applications { shell: around, applications: &[granted] });
    add(pages, "account-applications-none", &Applications { shell: shell(Section::Applications), applications: &[] });
    let happened = Happened {
        action: "session.started",
        at: AT,
        at_rfc3339: "2026-11-21T08:00:00.000Z",
        actor_kind: "user",
        application: Some(words.application),
        address: Some(words.other),
        device: Some(firefox),
    };
    let known = [
        "sign_in.code_requested",
        "sign_in.failed",
        "session.started",
        "session.renewed",
        "session.ended",
        "code.issued",
        "grant.revoked",
        "user.created",
        "user.changed",
        "email_change.requested",
        "email.changed",
        "email_change.undone",
        "totp.added",
        "totp.replaced",
        "totp.removed",
        "totp.failed",
        "recovery_codes.made",
        "recovery_code.used",
        "recovery_code.failed",
        "data.downloaded",
        "passkey.added",
        "passkey.removed",
    ];
    let mut events: Vec<Happened<'_>> = known.map(|action| Happened { action, ..happened }).to_vec();
    events.push(Happened { action: words.other, actor_kind: "member", application: None, device: None, ..happened });
    events.push(Happened { action: "code.issued", actor_kind: "system", application: None, address: None, ..happened });
    add(pages, "account-activity", &Activity { shell: shell(Section::Activity), events: &events, next: Some("17") });
    add(pages, "account-activity-none", &Activity { shell: shell(Section::Activity), events: &[], next: None });
}

fn leaving(shell: Around<'_, '_>, _: Words<'_>, pages: &mut Vec<Sample>) {
    add(pages, "account-data", &Data { shell: shell(Section::Data) });
    let page = Delete { shell: shell(Section::Data), wrong: false };
    add(pages, "account-delete", &page);
    add(pages, "account-delete-wrong", &Delete { wrong: true, ..page });
    add(pages, "account-deleted", &Said { frame: page.shell.frame, what: What::Deleted });
}
