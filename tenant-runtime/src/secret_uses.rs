//! When each secret of an application was last used, so that whoever replaces one sees whether the old one still is.
//!
//! The endpoints that check secrets are the busiest there are: they note the use in memory, and it is written down once
//! a minute, to the minute. A process that is killed forgets a minute of uses.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use polder_kernel::Timestamp;
use polder_tenant_api::ApplicationSecretId;

use crate::App;
use crate::error::Internal;
use crate::store::application_secrets;

/// Milliseconds of what a use is known to.
const MINUTE: i64 = 60_000;

/// Which secrets were used since it was last written down. There are never more than applications have.
#[derive(Debug, Default)]
pub struct SecretUses(Mutex<HashMap<ApplicationSecretId, Timestamp>>);

impl SecretUses {
    /// Notes that this secret proved its application.
    pub fn note(&self, secret: ApplicationSecretId, now: Timestamp) {
        let minute = Timestamp::from_millis(now.millis().div_euclid(MINUTE) * MINUTE);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(secret, minute);
    }

    fn take(&self) -> Vec<(ApplicationSecretId, Timestamp)> {
        let taken = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut uses: Vec<_> = taken.into_iter().collect();
        // In one order, so that two writers never wait for each other's rows.
        uses.sort_unstable_by_key(|(id, _)| *id);
        uses
    }

    fn give_back(&self, uses: Vec<(ApplicationSecretId, Timestamp)>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, at) in uses {
            let known = all.entry(id).or_insert(at);
            *known = at.max(*known);
        }
    }
}

/// Writes down what was noted.
///
/// # Errors
/// When the database fails; what was noted is then kept for the next time.
pub async fn flush(app: &Arc<App>) -> Result<(), Internal> {
    let uses = app.secret_uses.take();
    if uses.is_empty() {
        return Ok(());
    }
    let rows = uses.clone();
    let written =
        app.db.write(move |tx| Box::pin(async move { Ok::<_, Internal>(application_secrets::used(tx, &rows).await?) }));
    let written = written.await;
    if written.is_err() {
        app.secret_uses.give_back(uses);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn b18_a_use_is_known_to_the_minute_and_the_newest_counts() {
        let (uses, one) = (SecretUses::default(), ApplicationSecretId::from_bytes([1; 16]));
        for seconds in [119, 121, 179] {
            uses.note(one, at(seconds));
        }
        let taken = uses.take();
        assert_eq!(taken, [(one, at(120))]);
        assert!(uses.take().is_empty());
        uses.note(one, at(240));
        uses.give_back(taken);
        assert_eq!(uses.take(), [(one, at(240))], "what came meanwhile is newer");
    }
}
