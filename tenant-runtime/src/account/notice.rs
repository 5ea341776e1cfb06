//! A mail for every change to how somebody signs in (D26): a row in the transaction that makes the change.

use std::time::Duration;

use polder_db::Tx;
use polder_hosted_pages::mail::{self, Rendered, SecurityNotice};
use polder_hosted_pages::{Device, Theme};
use polder_kernel::{Locale, Timestamp};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::error::Internal;
use crate::factors::since::Removed;
use crate::model::User;
use crate::signin::visit::Visit;
use crate::store::outbox::{self, MessageId, NewMessage};

/// The name of the template in the outbox.
pub const TEMPLATE: &str = "security_notice";
/// How long sending it is tried: what changed last week is still worth knowing.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// What was changed. It waits, sealed, in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// An account at an outside provider was connected.
    AccountConnected {
        /// The provider's name.
        provider: String,
    },
    /// An account at an outside provider was disconnected.
    AccountDisconnected {
        /// The provider's name.
        provider: String,
    },
    /// A passkey was added; `waits` while it counts for no more than a code.
    PasskeyAdded {
        /// What kind it is.
        model: Option<String>,
        /// Whether it has to wait before it counts as strong.
        waits: bool,
    },
    /// A passkey was removed.
    PasskeyRemoved {
        /// What kind it is.
        model: Option<String>,
    },
    /// A removed passkey was brought back.
    PasskeyRestored {
        /// What kind it is.
        model: Option<String>,
    },
    /// A passkey whose counter went back was refused.
    PasskeyCounter {
        /// What kind it is.
        model: Option<String>,
    },
    /// A sign-in from a browser not seen before.
    NewBrowser,
    /// A sign-in from a country not seen before.
    NewCountry,
    /// An authenticator app was set up.
    TotpAdded,
    /// Another took its place.
    TotpReplaced,
    /// It was removed.
    TotpRemoved,
    /// Recovery codes were made.
    RecoveryCodesMade,
    /// One was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: i64,
    },
    /// Wrong codes are being entered.
    ManyFailures,
    /// The address changed; this goes to the old one.
    EmailChanged {
        /// Where it can be undone.
        undo: String,
        /// For how many days.
        days: u64,
    },
    /// The same, where the old one was never proved.
    EmailCorrected,
    /// That was undone, and what was added since is gone.
    EmailChangeUndone(Removed),
    /// A way back was asked for.
    RecoveryAsked {
        /// Where it can be stopped.
        stop: String,
        /// After how many hours it is there.
        hours: u32,
    },
    /// It was stopped.
    RecoveryStopped,
    /// It was used: the factors are gone.
    RecoveryDone,
    /// An administrator took the factors away.
    FactorsReset,
}

/// What the mail is filled with.
#[derive(Serialize, Deserialize)]
pub struct Parameters {
    /// What was changed.
    #[serde(flatten)]
    pub change: Change,
    /// The browser it was made in.
    pub user_agent: Option<String>,
    /// The network it was made from.
    pub network: Option<String>,
    /// When it was made.
    pub at: Timestamp,
}

impl Parameters {
    /// The mail itself.
    pub fn render(&self, locale: Locale, tenant_name: &str, theme: &Theme) -> Rendered {
        SecurityNotice {
            locale,
            tenant_name,
            theme,
            change: self.change.shown(),
            browser: self.user_agent.as_deref().map(Device::from_user_agent).unwrap_or_default(),
            at: self.at,
            place: self.network.as_deref(),
        }
        .render()
    }
}

impl Change {
    fn shown(&self) -> mail::Change<'_> {
        use mail::AccountChange as Account;
        mail::Change::Account(match self {
            Self::AccountConnected { provider } => return mail::Change::AccountConnected { provider },
            Self::AccountDisconnected { provider } => return mail::Change::AccountDisconnected { provider },
            Self::PasskeyAdded { model, waits } => {
                return mail::Change::PasskeyAdded { model: model.as_deref(), waits: *waits };
            }
            Self::PasskeyRemoved { model } => return mail::Change::PasskeyRemoved { model: model.as_deref() },
            Self::PasskeyRestored { model } => return mail::Change::PasskeyRestored { model: model.as_deref() },
            Self::PasskeyCounter { model } => return mail::Change::PasskeyCounter { model: model.as_deref() },
            Self::NewBrowser => Account::NewBrowser,
            Self::NewCountry => Account::NewCountry,
            Self::TotpAdded => Account::TotpAdded,
            Self::TotpReplaced => Account::TotpReplaced,
            Self::TotpRemoved => Account::TotpRemoved,
            Self::RecoveryCodesMade => Account::RecoveryCodesMade,
            Self::RecoveryCodeUsed { left } => Account::RecoveryCodeUsed { left: *left },
            Self::ManyFailures => Account::ManyFailures,
            Self::EmailChanged { undo, days } => Account::EmailChanged { undo, days: *days },
            Self::EmailCorrected => Account::EmailCorrected,
            Self::EmailChangeUndone(Removed { passkeys, app, recovery_codes, accounts }) => {
                Account::EmailChangeUndone {
                    passkeys: *passkeys > 0,
                    app: *app,
                    recovery_codes: *recovery_codes,
                    accounts: *accounts > 0,
                }
            }
            Self::RecoveryAsked { stop, hours } => Account::RecoveryAsked { stop, hours: *hours },
            Self::RecoveryStopped => Account::RecoveryStopped,
            Self::RecoveryDone => Account::RecoveryDone,
            Self::FactorsReset => Account::FactorsReset,
        })
    }
}

/// Puts the mail into the queue. `visit` is where the change was made; `None` when an administrator made it.
/// After the commit, ring `outbox_filled`.
///
/// # Errors
/// When the database fails.
pub async fn put(app: &App, tx: &mut Tx, user: &User, visit: Option<&Visit>, change: Change) -> Result<(), Internal> {
    let now = app.clock.now();
    let parameters = Parameters {
        change,
        user_agent: visit.and_then(|visit| visit.context.user_agent.clone()),
        network: visit.and_then(|visit| visit.context.client_ip).map(|ip| ip.to_string()),
        at: now,
    };
    let message = NewMessage {
        id: MessageId::new(&app.clock, &app.entropy),
        template: TEMPLATE,
        locale: user
            .locale
            .or_else(|| visit.map(|v| v.locale(app, &[])))
            .unwrap_or(app.tenant.current().default_locale),
        user_id: Some(user.id),
        recipient: &user.email,
        parameters: &parameters,
        expires_at: now + KEPT,
    };
    outbox::put(tx, &app.keyring, &message, true, now).await
}
