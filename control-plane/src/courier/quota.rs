//! How much each may send, so that the mail server's good name is not one tenant's to lose.
//!
//! A pace, in memory: so many at once. And a number per hour and per day that a restart does not forgive:
//! counted in the database ahead of time, by the block, which costs one small write for many messages and
//! at most a block where a restart comes in between.
//!
//! People sign in by mail, so that it goes on while our database is away: counted in memory, and added to what
//! the database knows once it is back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use polder_db::{Db, Error};
use polder_kernel::{Clock, Timestamp};

use super::Party;
use crate::pace::{Left, Pace};
use crate::store::mail_counts::{self, Row};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// How long a message waits for the database before it is counted in memory alone.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// How long a database that did not answer is left alone: no message waits for it meanwhile.
const LEFT_ALONE: Duration = Duration::from_secs(5);

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
    /// The database is not asked before, in Unix milliseconds.
    away_until: AtomicI64,
}

/// What one sent.
struct Counted {
    pace: Left,
    tries: Left,
    /// As it is.
    now: Row,
    /// As it is in the database: never less.
    ahead: Row,
    /// Whether what earlier starts counted is in it.
    known: bool,
}

impl Counted {
    fn new(quota: &Quota, now: Timestamp) -> Self {
        let none = current(Row { hour: 0, in_hour: 0, day: 0, in_day: 0 }, now);
        let (pace, tries) = (Left::all(quota.pace, now), Left::all(quota.tries, now));
        Self { pace, tries, now: none, ahead: none, known: false }
    }
}

impl Quotas {
    /// Everybody has what the database leaves them.
    pub fn new(quota: Quota, clock: Clock, db: Db) -> Self {
        Self { quota, clock, db, counted: Mutex::default(), away_until: AtomicI64::new(i64::MIN) }
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
        let counted = place.get_or_insert_with(|| Counted::new(&self.quota, now));
        counted.now = current(counted.now, now);
        self.recall(party, counted, now).await;
        let (most_in_hour, most_in_day) = (i64::from(self.quota.per_hour), i64::from(self.quota.per_day));
        if counted.now.in_day >= most_in_day {
            return Err(Spent::Until(until_next(now, DAY)));
        }
        if counted.now.in_hour >= most_in_hour {
            return Err(Spent::Until(until_next(now, HOUR)));
        }
        self.count_ahead(party, counted, now).await;
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

    /// Adds what earlier starts counted, unless that is known: all of it may have been sent.
    async fn recall(&self, party: Party, counted: &mut Counted, now: Timestamp) {
        if counted.known {
            return;
        }
        let read = async { mail_counts::of(&mut self.db.read().await?, &party.key()).await };
        let Some(row) = self.ask(now, read).await else { return };
        let row = row.map_or(counted.ahead, |row| current(row, now));
        let Row { in_hour, in_day, .. } = counted.now;
        counted.now = Row { in_hour: row.in_hour + in_hour, in_day: row.in_day + in_day, ..row };
        (counted.ahead, counted.known) = (row, true);
    }

    /// Sees to it that the database counts more than was sent.
    async fn count_ahead(&self, party: Party, counted: &mut Counted, now: Timestamp) {
        let stored = current(counted.ahead, now);
        let is_ahead = counted.now.in_hour < stored.in_hour && counted.now.in_day < stored.in_day;
        if is_ahead || !counted.known {
            return;
        }
        let (block, key) = (self.quota.block(), party.key());
        let ahead = Row { in_hour: counted.now.in_hour + block, in_day: counted.now.in_day + block, ..counted.now };
        let put = self.db.write(move |tx| Box::pin(async move { mail_counts::put(tx, &key, ahead, now).await }));
        if let Some(stored) = self.ask(now, put).await {
            counted.ahead = stored;
        }
    }

    /// What the database says, unless it is away.
    async fn ask<T>(&self, now: Timestamp, question: impl Future<Output = Result<T, Error>>) -> Option<T> {
        if now.millis() < self.away_until.load(Ordering::Relaxed) {
            return None;
        }
        let why = match tokio::time::timeout(ANSWERS_WITHIN, question).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it does not answer".to_owned(),
        };
        self.away_until.store((now + LEFT_ALONE).millis(), Ordering::Relaxed);
        tracing::warn!(why, "mail is counted in memory until the database is back");
        None
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
    async fn g27_what_was_sent_while_the_database_was_away_is_added_to_what_it_knew() {
        let away = polder_db::testing::sqlite().await;
        away.db.close().await;
        for database in databases().await {
            let clock = Clock::manual(Timestamp::from_seconds(24 * 3600 * 20_000));
            database.db.migrate(MIGRATIONS, clock.now()).await.unwrap();
            let quota = Quota { pace: MANY, tries: MANY, per_hour: 128, per_day: 10_000 };
            let a = tenant();
            assert_eq!(sent(&Quotas::new(quota, clock.clone(), database.db.clone()), a, 50).await, 50);
            let mut quotas = Quotas::new(quota, clock.clone(), away.db.clone());
            assert_eq!(sent(&quotas, a, 20).await, 20, "people sign in all the same");
            quotas.db = database.db.clone();
            assert_eq!(sent(&quotas, a, 1).await, 1, "it is left alone for a while");
            clock.advance(LEFT_ALONE);
            let rest = sent(&quotas, a, 128).await;
            assert!((55..=57).contains(&rest), "50 or a block more before, 21 in memory: {rest}");
            let stored = async || mail_counts::of(&mut database.db.read().await.unwrap(), &a.key()).await.unwrap();
            let counted = stored().await.unwrap();
            assert!(counted.in_hour >= 128 && counted.in_day >= 128, "{counted:?}");
            // Whoever knew less takes nothing back.
            let (key, now, less) = (a.key(), clock.now(), Row { in_hour: 1, in_day: 1, ..counted });
            for less in [less, Row { hour: counted.hour - 1, in_hour: 500, day: counted.day - 1, in_day: 500 }] {
                let key = key.clone();
                let put =
                    database.db.write(move |tx| Box::pin(async move { mail_counts::put(tx, &key, less, now).await }));
                assert_eq!(put.await.unwrap(), counted, "{}", database.name);
            }
            let later = Row { hour: counted.hour + 1, in_hour: 1, ..less };
            let put =
                database.db.write(move |tx| Box::pin(async move { mail_counts::put(tx, &key, later, now).await }));
            assert_eq!(put.await.unwrap(), Row { in_day: counted.in_day, ..later }, "{}", database.name);
        }
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
