//! The log is insert-only (F17, G16): what is refused even to the program that writes it.

use std::time::Duration;

use polder_audit::checkpoint;
use polder_audit::retention::{Schedule, run};
use polder_db::{AuditGuard, Error, Value, args};

use crate::support::{Log, logs};

const YEAR: Duration = Duration::from_secs(365 * 86_400);

async fn attempt(log: &Log, sql: &'static str, args: &[Value]) -> Result<u64, Error> {
    let args = args.to_vec();
    log.db.write(move |tx| Box::pin(async move { tx.execute(sql, &args).await })).await
}

#[tokio::test]
async fn g16_events_are_neither_changed_nor_removed_in_a_file() {
    let log = logs().await.remove(0);
    assert_eq!(log.database.name, "sqlite");
    log.happen(5).await;
    checkpoint::write(&log.db, &log.key).await.unwrap();
    log.happen(5).await;
    checkpoint::write(&log.db, &log.key).await.unwrap();
    for refused in [
        "UPDATE audit_event SET actor_id = 'nobody' WHERE seq = 3",
        "UPDATE audit_event SET seq = seq + 1",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE seq = 7",
        "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event WHERE seq = 7",
        "UPDATE audit_checkpoint SET hash = 'x' WHERE seq = 5",
        "DELETE FROM audit_checkpoint WHERE seq = 10",
        "DELETE FROM audit_checkpoint",
    ] {
        let done = attempt(&log, refused, &[]).await;
        assert_eq!(done, Err(Error::Constraint("the audit log is insert-only".to_owned())), "{refused}");
    }
    assert!(log.verify().await.is_intact());
    assert_eq!(log.number("SELECT COUNT(*) AS n FROM audit_event").await, 10);
}

#[tokio::test]
async fn g16_nothing_young_goes_whatever_the_program_believes_the_time_is() {
    for log in logs().await {
        log.db.guard_audit(AuditGuard { keep_at_least: Some(YEAR) }).await.unwrap();
        log.happen(5).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        // The program's clock runs two years ahead of the database's.
        log.clock.advance(YEAR * 2);
        let report = run(&log.db, &Schedule { rules: &[], audit: YEAR }, &log.key, &log.clock).await.unwrap();
        assert_eq!(report.audit, None, "{}: the database refused", log.database.name);
        assert_eq!(log.number("SELECT MIN(seq) AS n FROM audit_event").await, 1);
        assert!(log.verify().await.is_intact(), "{}", log.database.name);
    }
}

#[tokio::test]
async fn g16_only_what_lies_before_the_first_checkpoint_can_be_pruned() {
    for log in logs().await {
        log.happen(5).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.happen(5).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        let ahead = log.clock.now() + YEAR;
        for beyond in [10_i64, 9] {
            let pruned =
                log.db.write(move |tx| Box::pin(async move { tx.prune_audit(0, (beyond, ahead), 100).await })).await;
            assert!(pruned.is_err(), "{}: {pruned:?}", log.database.name);
        }
        assert_eq!(log.number("SELECT COUNT(*) AS n FROM audit_event").await, 10);
    }
}

#[tokio::test]
async fn a_guard_that_is_there_is_left_alone_and_another_takes_its_place() {
    for log in logs().await {
        let none = AuditGuard { keep_at_least: None };
        for guard in [none, AuditGuard { keep_at_least: Some(YEAR) }, none, none] {
            log.db.guard_audit(guard).await.unwrap();
        }
        log.happen(3).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.clock.advance(YEAR * 2);
        let report = run(&log.db, &Schedule { rules: &[], audit: YEAR }, &log.key, &log.clock).await.unwrap();
        assert_eq!(report.audit.map(|pruned| pruned.removed), Some(3), "{}", log.database.name);
        let done = attempt(&log, "DELETE FROM audit_event WHERE seq = $1", &args![4_i64]).await;
        assert_eq!(done.is_err(), log.database.name == "sqlite", "an owner may, on PostgreSQL: rights are for others");
    }
}
