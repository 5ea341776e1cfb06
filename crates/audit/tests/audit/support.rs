//! A tenant's database with its log.

use std::time::Duration;

use polder_audit::{Actor, AuditTail, CheckpointKey, Event, Report, Why, record, verify};
use polder_crypto::{Keyring, SealKey};
use polder_db::testing::{self, TestDatabase, databases};
use polder_db::{AuditGuard, Db, Error, Migration, Value};
use polder_kernel::{Clock, Entropy, Timestamp};

pub(crate) const SCHEMA: Migration =
    Migration { version: 1, name: "first", sql: include_str!("../../../../migrations/tenant/0001_first.sql") };

pub(crate) struct Log {
    pub(crate) db: Db,
    pub(crate) keyring: Keyring,
    pub(crate) key: CheckpointKey,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) database: TestDatabase,
}

/// An empty log on each kind of database, at 2026-11-21 08:00 UTC.
pub(crate) async fn logs() -> Vec<Log> {
    let mut logs = Vec::new();
    for database in databases().await {
        let entropy = Entropy::seeded(1);
        let seal = SealKey::generate(&entropy);
        let keyring = Keyring::open(&seal, &Keyring::generate(&seal, &entropy), entropy.clone()).unwrap();
        let clock = Clock::manual(Timestamp::from_millis(1_795_248_000_000));
        let db = database.db.clone();
        db.migrate(&[SCHEMA], clock.now()).await.unwrap();
        // The clock is moved by hand: the database's own would keep everything.
        db.guard_audit(AuditGuard { keep_at_least: None }).await.unwrap();
        let key = CheckpointKey::open(&db, &keyring, &entropy, &clock).await.unwrap();
        db.set_tail(AuditTail::open(&db, &keyring, clock.clone()).await.unwrap());
        logs.push(Log { db, keyring, key, clock, entropy, database });
    }
    logs
}

impl Log {
    /// Records `count` events, one commit each at most.
    pub(crate) async fn happen(&self, count: usize) {
        for number in 0..count {
            self.record(Event::new("session.started", Actor::user("anna")).user("anna").request(number)).await;
            self.clock.advance(Duration::from_secs(1));
        }
    }

    /// Records `count` events of Anna's in one commit.
    pub(crate) async fn fill(&self, count: usize, action: &'static str) {
        let done: Result<(), Error> = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    (0..count).for_each(|_| record(tx, Event::new(action, Actor::user("anna")).user("anna")));
                    Ok(())
                })
            })
            .await;
        done.unwrap();
    }

    pub(crate) async fn record(&self, event: Event) {
        let done: Result<(), Error> = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    record(tx, event);
                    Ok(())
                })
            })
            .await;
        done.unwrap();
    }

    /// What somebody with the database in hand does to it.
    pub(crate) async fn tamper(&self, sql: &'static str, args: &[Value]) -> u64 {
        let args = args.to_vec();
        testing::unguard_audit(&self.db).await;
        let done: Result<u64, Error> =
            self.db.write(move |tx| Box::pin(async move { tx.execute(sql, &args).await })).await;
        done.unwrap()
    }

    pub(crate) async fn verify(&self) -> Report {
        verify(&mut self.db.read().await.unwrap(), self.key.verifier()).await.unwrap()
    }

    /// The number and nature of the first break.
    pub(crate) async fn broken(&self) -> Option<(i64, Why)> {
        self.verify().await.broken.map(|broken| (broken.seq, broken.why))
    }

    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        self.db.read().await.unwrap().optional(sql, &[], |row| row.int("n")).await.unwrap().unwrap()
    }

    /// As after a restart: the head is loaded anew.
    pub(crate) async fn restart(&self) {
        self.db.set_tail(AuditTail::open(&self.db, &self.keyring, self.clock.clone()).await.unwrap());
    }
}
