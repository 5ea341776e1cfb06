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
    const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// Counts a try.
    pub async fn spend(self, tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Spent, Error> {
        let in_seconds = |seconds| now + Duration::from_secs(seconds);
        let waits = Waits { after_five: in_seconds(60), after_ten: in_seconds(900), after_twenty: in_seconds(3600) };
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
