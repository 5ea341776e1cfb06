//! The mails.

use polder_hosted_pages::mail::{
    AccountChange, Change, CodePurpose, Invitation, MemberInvitation, Rendered, SecurityNotice, SignInCode, SignUpLink,
};
use polder_hosted_pages::{Device, Theme};
use polder_kernel::{Locale, Timestamp};

use super::{Words, branded};

/// The mails with a link.
pub const LINKED: [&str; 5] =
    ["mail-email-changed", "mail-way-back", "mail-invitation", "mail-member-invitation", "mail-sign-up"];

pub fn all(locale: Locale, words: Words<'_>) -> Vec<(&'static str, Rendered)> {
    let usual = SignInCode {
        locale,
        tenant_name: words.tenant,
        theme: &Theme::PLAIN,
        purpose: CodePurpose::SignIn(Some(words.application)),
        code: "40718265",
        minutes: 5,
        browser: Device::from_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        at: Timestamp::from_seconds(1_795_248_000),
        place: Some("Utrecht"),
    };
    let unknown = SignInCode {
        purpose: CodePurpose::SignIn(None),
        browser: Device::from_user_agent(words.other),
        place: None,
        ..usual
    };
    let place = SignInCode { place: Some(words.other), ..usual };
    let invitation = Invitation {
        locale,
        tenant_name: words.tenant,
        theme: &Theme::PLAIN,
        address: words.address,
        sign_in: words.url,
    };
    let member = MemberInvitation {
        locale,
        theme: &Theme::PLAIN,
        organisation: words.tenant,
        address: words.address,
        link: words.url,
        until: Timestamp::from_seconds(1_795_248_000),
    };
    let sign_up = SignUpLink {
        locale,
        theme: &Theme::PLAIN,
        address: words.address,
        link: words.url,
        until: Timestamp::from_seconds(1_795_248_000),
    };
    let codes = vec![
        ("mail-code", usual.render()),
        ("mail-code-unknown", unknown.render()),
        ("mail-code-place", place.render()),
        ("mail-code-branded", SignInCode { theme: &branded::theme(), ..usual }.render()),
        (LINKED[2], invitation.render()),
        (LINKED[3], member.render()),
        (LINKED[4], sign_up.render()),
        ("mail-code-new-address", SignInCode { purpose: CodePurpose::NewAddress, ..usual }.render()),
    ];
    codes.into_iter().chain(notices(locale, words)).collect()
}

fn notices(locale: Locale, words: Words<'_>) -> impl Iterator<Item = (&'static str, Rendered)> {
    let model = Some(words.other);
    [
        ("mail-account-connected", Change::AccountConnected { provider: "Google" }),
        ("mail-account-disconnected", Change::AccountDisconnected { provider: "Google" }),
        ("mail-passkey-added", Change::PasskeyAdded { model, waits: false }),
        ("mail-passkey-added-waits", Change::PasskeyAdded { model: None, waits: true }),
        ("mail-passkey-removed", Change::PasskeyRemoved { model }),
        ("mail-passkey-restored", Change::PasskeyRestored { model }),
        ("mail-passkey-counter", Change::PasskeyCounter { model }),
        ("mail-new-browser", Change::Account(AccountChange::NewBrowser)),
        ("mail-new-country", Change::Account(AccountChange::NewCountry)),
        ("mail-totp-added", Change::Account(AccountChange::TotpAdded)),
        ("mail-totp-replaced", Change::Account(AccountChange::TotpReplaced)),
        ("mail-totp-removed", Change::Account(AccountChange::TotpRemoved)),
        ("mail-recovery-made", Change::Account(AccountChange::RecoveryCodesMade)),
        ("mail-recovery-used", Change::Account(AccountChange::RecoveryCodeUsed { left: 9 })),
        ("mail-many-failures", Change::Account(AccountChange::ManyFailures)),
        (
            "mail-email-undone",
            Change::Account(AccountChange::EmailChangeUndone {
                passkeys: false,
                app: false,
                recovery_codes: false,
                accounts: false,
            }),
        ),
        (
            "mail-email-undone-with-factors",
            Change::Account(AccountChange::EmailChangeUndone {
                passkeys: true,
                app: true,
                recovery_codes: true,
                accounts: true,
            }),
        ),
        (LINKED[0], Change::Account(AccountChange::EmailChanged { undo: words.url, days: 7 })),
        (LINKED[1], Change::Account(AccountChange::RecoveryAsked { stop: words.url, hours: 72 })),
        ("mail-email-corrected", Change::Account(AccountChange::EmailCorrected)),
        ("mail-way-back-stopped", Change::Account(AccountChange::RecoveryStopped)),
        ("mail-way-back-done", Change::Account(AccountChange::RecoveryDone)),
        ("mail-factors-reset", Change::Account(AccountChange::FactorsReset)),
    ]
    .map(|(name, change)| {
        let notice = SecurityNotice {
            locale,
            tenant_name: words.tenant,
            theme: &Theme::PLAIN,
            change,
            browser: Device::default(),
            at: Timestamp::from_seconds(1_795_248_000),
            place: Some(words.other),
        };
        (name, notice.render())
    })
    .into_iter()
}
