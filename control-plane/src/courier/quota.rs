//! How much each may send, so that the mail server's good name is not one tenant's to lose.
//!
//! A pace, in memory: so many at once. And a number per hour and per day that a restart does not forgive:
//! counted in the database ahead of time, by the block, which costs one small write for many messages and
//! at most a block where a restart comes in between.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use polder_db::Db;
use polder_kernel::{Clock, Timestamp};

use super::Party;
use crate::pace::{Left, Pace};
use crate::store::mail_counts::{self, Row};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// How long a message waits for the database before it is counted in memory alone.
const WRITE_WITHIN: Duration = Duration::from_secs(1);

/// How much one may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Messages that were taken: at once, and how fast that is made up for.
    pub pace: Pace,
    /// Messages that were offered to the mail server, whatever it said.
    pub tries: Pace,
    /// Messages in an hour by the clock.
    pub per_hour: u32,
    /// Messages in a day (UTC).
    pub per_day: u32,
}

impl Quota {
    /// How many are counted ahead.
    fn block(&self) -> i64 {
        i64::from((self.per_hour / 64).max(1))
    }
}

/// Why a message has to wait.
#[derive(Debug, thiserror::Error)]
pub enum Spent {
    /// There is nothing left, for so long.
    #[error("the quota is used up")]
    Until(Duration),
}

/// What everybody has left.
pub struct Quotas {
    quota: Quota,
    clock: Clock,
    db: Db,
    counted: Mutex<HashMap<Party, Arc<tokio::sync::Mutex<Option<Counted>>>>>,
}

/// What one sent.
struct Counted {
    pace: Left,
    tries: Left,
    /// As it is.
    now: Row,
    /// As it is in the database: never less.
    ahead: Row,
}

impl Quotas {
    /// Everybody has what the database leaves them.
    pub fn new(quota: Quota, clock: Clock, db: Db) -> Self {
        Self { quota, clock, db, counted: Mutex::default() }
    }

    /// Takes one message from a quota.
    ///
    /// # Errors
    /// [`Spent`].
    pub async fn take(&self, party: Party) -> Result<(), Spent> {
        let place = self.place(party);
        // Of this one alone: who waits for the database here holds up nobody else.
        let mut place = place.lock().await;
        let now = self.clock.now();
        let counted = match place.as_mut() {
            Some(counted) => counted,
            None => place.insert(self.remembered(party, now).await),
        };
        counted.now = current(counted.now, now);
        let (most_in_hour, most_in_day) = (i64::from(self.quota.per_hour), i64::from(self.quota.per_day));
        if counted.now.in_day >= most_in_day {
            return Err(Spent::Until(until_next(now, DAY)));
        }
        if counted.now.in_hour >= most_in_hour {
            return Err(Spent::Until(until_next(now, HOUR)));
        }
        let ahead = current(counted.ahead, now);
        if counted.now.in_hour >= ahead.in_hour || counted.now.in_day >= ahead.in_day {
            let block = self.quota.block();
            let ahead = Row { in_hour: counted.now.in_hour + block, in_day: counted.now.in_day + block, ..counted.now };
            let key = party.key();
            let put = self.db.write(move |tx| Box::pin(async move { mail_counts::put(tx, &key, ahead, now).await }));
            // People sign in by mail: while our database is away the limits hold in memory alone.
            match tokio::time::timeout(WRITE_WITHIN, put).await {
                Ok(Ok(())) => counted.ahead = ahead,
                Ok(Err(error)) => tracing::warn!(%error, "mail is counted in memory until the database is back"),
                Err(_) => tracing::warn!("mail is counted in memory until the database answers"),
            }
        }
        counted.pace.take(now).map_err(Spent::Until)?;
        if let Err(after) = counted.tries.take(now) {
            counted.pace.give_back(now);
            return Err(Spent::Until(after));
        }
        counted.now.in_hour += 1;
        counted.now.in_day += 1;
        Ok(())
    }

    /// Gives one back: it was not sent, and will be tried again.
    pub async fn give_back(&self, party: Party) {
        let place = self.place(party);
        let mut place = place.lock().await;
        let now = self.clock.now();
        if let Some(counted) = place.as_mut() {
            counted.pace.give_back(now);
            counted.now = current(counted.now, now);
            counted.now.in_hour = (counted.now.in_hour - 1).max(0);
            counted.now.in_day = (counted.now.in_day - 1).max(0);
        }
    }

    fn place(&self, party: Party) -> Arc<tokio::sync::Mutex<Option<Counted>>> {
        let mut all = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(party).or_default())
    }

    /// What is known of earlier starts: all that was counted ahead may have been sent.
    async fn remembered(&self, party: Party, now: Timestamp) -> Counted {
        let read = async { mail_counts::of(&mut self.db.read().await?, &party.key()).await };
        let row = match tokio::time::timeout(WRITE_WITHIN, read).await {
            Ok(Ok(row)) => row,
            Ok(Err(error)) => {
                tracing::warn!(%error, "what was sent before is not known until the database is back");
                None
            }
            Err(_) => None,
        };
        let none = Row { hour: 0, in_hour: 0, day: 0, in_day: 0 };
        let row = current(row.unwrap_or(none), now);
        Counted { pace: Left::all(self.quota.pace, now), tries: Left::all(self.quota.tries, now), now: row, ahead: row }
    }
}

/// The count in this hour and this day. One of a later hour stays: a clock that is set back forgives nothing.
fn current(row: Row, now: Timestamp) -> Row {
    let (hour, day) = (now.millis().div_euclid(HOUR), now.millis().div_euclid(DAY));
    let (hour, in_hour) = if row.hour < hour { (hour, 0) } else { (row.hour, row.in_hour) };
    let (day, in_day) = if row.day < day { (day, 0) } else { (row.day, row.in_day) };
    Row { hour, in_hour, day, in_day }
}

fn until_next(now: Timestamp, length: i64) -> Duration {
    Duration::from_millis((length - now.millis().rem_euclid(length)).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use polder_db::testing::databases;
    use polder_kernel::Entropy;

    use super::*;
    use crate::model::TenantId;
    use crate::store::MIGRATIONS;

    const MANY: Pace = Pace { burst: 100_000, per_hour: 100_000 };

    fn tenant() -> Party {
        Party::Tenant(TenantId::new(&Clock::System, &Entropy::System))
    }

    async fn sent(quotas: &Quotas, party: Party, of: usize) -> usize {
        let mut sent = 0;
        for _ in 0..of {
            sent += usize::from(quotas.take(party).await.is_ok());
        }
        sent
    }

    async fn left(quotas: &Quotas, party: Party) -> Duration {
        match quotas.take(party).await {
            Err(Spent::Until(after)) => after,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn g27_what_was_sent_is_remembered_over_restarts_by_the_hour_and_the_day() {
        for database in databases().await {
            let clock = Clock::manual(Timestamp::from_seconds(24 * 3600 * 20_000));
            database.db.migrate(MIGRATIONS, clock.now()).await.unwrap();
            let quota = Quota { pace: MANY, tries: MANY, per_hour: 128, per_day: 200 };
            let start = || Quotas::new(quota, clock.clone(), database.db.clone());
            let (a, b, quotas) = (tenant(), tenant(), start());
            assert_eq!(sent(&quotas, a, 101).await, 101);
            let quotas = start();
            let after = sent(&quotas, a, 100).await;
            assert!((25..=27).contains(&after), "at most a block of two is lost, nothing is given: {after}");
            assert_eq!(sent(&quotas, b, 1).await, 1, "another has its own");
            assert_eq!(left(&quotas, a).await, Duration::from_secs(3600));
            assert_eq!(sent(&start(), a, 1).await, 0);
            clock.advance(Duration::from_secs(3600));
            let rest = sent(&quotas, a, 200).await;
            assert!((70..=75).contains(&rest), "the day has an end, too: {rest}");
            assert_eq!(left(&quotas, a).await, Duration::from_secs(23 * 3600));
            clock.advance(Duration::from_secs(23 * 3600));
            assert_eq!(sent(&start(), a, 300).await, 128);
        }
    }

    #[tokio::test]
    async fn g27_what_was_not_sent_is_given_back_and_the_tries_have_an_end_of_their_own() {
        let database = polder_db::testing::sqlite().await;
        let clock = Clock::manual(Timestamp::from_seconds(1_000_000));
        database.db.migrate(MIGRATIONS, clock.now()).await.unwrap();
        let (pace, tries) = (Pace { burst: 2, per_hour: 60 }, Pace { burst: 10, per_hour: 60 });
        let quotas = Quotas::new(Quota { pace, tries, per_hour: 5, per_day: 100 }, clock.clone(), database.db.clone());
        let a = tenant();
        for _ in 0..8 {
            quotas.take(a).await.unwrap();
            quotas.give_back(a).await;
        }
        assert_eq!(sent(&quotas, a, 5).await, 2, "what came to nothing does not count");
        clock.advance(Duration::from_secs(600));
        for _ in 0..10 {
            quotas.take(a).await.unwrap();
            quotas.give_back(a).await;
        }
        assert!(left(&quotas, a).await <= Duration::from_secs(60), "asking for ever is asking too much");
    }

    #[tokio::test]
    async fn g27_many_messages_are_few_writes() {
        let database = polder_db::testing::sqlite().await;
        let clock = Clock::manual(Timestamp::from_seconds(1_000_000));
        database.db.migrate(MIGRATIONS, clock.now()).await.unwrap();
        let quota = Quota { pace: MANY, tries: MANY, per_hour: 6400, per_day: 64_000 };
        let (quotas, a) = (Quotas::new(quota, clock.clone(), database.db.clone()), tenant());
        let stored = async || mail_counts::of(&mut database.db.read().await.unwrap(), &a.key()).await.unwrap().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1000 {
            quotas.take(a).await.unwrap();
            seen.insert(stored().await.in_hour);
        }
        assert_eq!(seen.len(), 10);
    }
}
