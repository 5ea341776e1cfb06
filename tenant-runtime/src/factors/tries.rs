//! How often a second factor may be tried.
//!
//! | wrong in a row | each further try waits |
//! | --- | --- |
//! | 5 | one minute |
//! | 10 | 15 minutes |
//! | 20 | one hour |
//!
//! A million codes, three of them right at any time: whoever can read somebody's mail and tries for a
//! year gets in with a chance of 3 %, and has sent them a mail about it on the first day.

use std::time::Duration;

use polder_db::{Error, Tx};
use polder_kernel::Timestamp;
use polder_tenant_api::UserId;

use crate::store::factor_tries::{self, Waits};

/// Wrong tries in a row after which the person is told.
pub const TOLD_AFTER: i64 = 5;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// A code of the authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
}

/// Whether there is a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// The how-many-th in a row.
    Try(i64),
    /// Not yet.
    Wait(Duration),
}

impl Factor {
    /// As the column has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// How long the next try waits after this many wrong ones in a row.
    pub const fn wait_after(number: i64) -> Option<Duration> {
        match number {
            ..5 => None,
            5..10 => Some(Duration::from_secs(60)),
            10..20 => Some(Duration::from_secs(900)),
            20.. => Some(Duration::from_secs(3600)),
        }
    }

    /// Counts a try.
    pub async fn spend(self, tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Spent, Error> {
        let after = |number| now + Self::wait_after(number).unwrap_or_default();
        let waits = Waits { after_five: after(5), after_ten: after(10), after_twenty: after(20) };
        if let Some(number) = factor_tries::spend(tx, user, self.as_str(), waits, now).await? {
            return Ok(Spent::Try(number));
        }
        let next = factor_tries::next_at(tx, user, self.as_str()).await?.unwrap_or(now);
        Ok(Spent::Wait(next.since(now)))
    }

    /// Forgets the tries: the last one was right.
    pub async fn clear(self, tx: &mut Tx, user: UserId) -> Result<(), Error> {
        factor_tries::clear(tx, user, self.as_str()).await
    }
}
