//! Retention on real tables, and pruning the log so that it still verifies (P12, P13).

use std::time::Duration;

use polder_audit::retention::{Rule, Schedule, run, run_if_due};
use polder_audit::{Actor, Event, Filter, Why, checkpoint, list, rule};
use polder_db::args;
use polder_kernel::Timestamp;

use crate::support::{Log, logs};

const DAY: Duration = Duration::from_secs(86_400);
const NONE: Schedule = Schedule { rules: &[], audit: Duration::from_secs(365 * 86_400) };

const RULES: &[Rule] = &[
    rule!("revoked_token", "jti", "expires_at", DAY, "expired tokens are refused anyway"),
    rule!("used_assertion", "jti", "expires_at", Duration::ZERO, "expired assertions are refused anyway"),
];

async fn revoke(log: &Log, jti: String, expires_at: Timestamp) {
    const SQL: &str = "INSERT INTO revoked_token (jti, expires_at) VALUES ($1, $2)";
    log.tamper(SQL, &args![jti, expires_at]).await;
}

#[tokio::test]
async fn p13_rows_go_when_their_time_is_over_in_batches_and_no_sooner() {
    for log in logs().await {
        let now = log.clock.now();
        for number in 0..1_203 {
            revoke(&log, format!("old{number}"), now - DAY - Duration::from_millis(1 + number)).await;
        }
        revoke(&log, "exactly a day".into(), now - DAY).await;
        revoke(&log, "future".into(), now + DAY).await;
        let report = run(&log.db, &Schedule { rules: RULES, ..NONE }, &log.key, &log.clock).await.unwrap();
        let removed: Vec<_> = report.swept.iter().map(|s| (s.table, s.removed, s.more, s.failed)).collect();
        assert_eq!(removed, [("revoked_token", 1_203, false, false), ("used_assertion", 0, false, false)]);
        assert_eq!(log.number("SELECT COUNT(*) AS n FROM revoked_token").await, 2);
    }
}

#[tokio::test]
async fn p13_each_run_leaves_an_entry_that_says_what_went_and_why() {
    for log in logs().await {
        revoke(&log, "old".into(), log.clock.now() - DAY - DAY).await;
        run(&log.db, &Schedule { rules: RULES, ..NONE }, &log.key, &log.clock).await.unwrap();
        let filter = Filter { action: Some("retention.run".into()), ..Filter::default() };
        let entries = list(&mut log.db.read().await.unwrap(), &filter, None, 10).await.unwrap();
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((entry.actor_kind.as_str(), entry.actor_id.as_str()), ("system", "retention"));
        let details = entry.details(&log.keyring, None).unwrap().unwrap();
        assert_eq!(details["tables"][0]["table"], "revoked_token");
        assert_eq!(details["tables"][0]["removed"], 1);
        assert_eq!(details["tables"][0]["keep_seconds"], 86_400);
        assert_eq!(details["tables"][0]["reason"], "expired tokens are refused anyway");
        assert_eq!(details["audit"]["keep_seconds"], 365 * 86_400);
        let report = log.verify().await;
        assert!(report.is_intact());
        assert_eq!(report.signed_through, entry.seq);
    }
}

#[tokio::test]
async fn p13_a_rule_that_fails_is_named_and_keeps_no_other_from_running() {
    const WRONG: &[Rule] = &[
        rule!("no_such_table", "id", "at", DAY, "a mistake"),
        rule!("revoked_token", "jti", "expires_at", DAY, "expired"),
    ];
    for log in logs().await {
        revoke(&log, "old".into(), log.clock.now() - DAY - DAY).await;
        let report = run(&log.db, &Schedule { rules: WRONG, ..NONE }, &log.key, &log.clock).await.unwrap();
        assert!(report.swept[0].failed && !report.swept[1].failed);
        assert_eq!(report.swept[1].removed, 1);
        assert_eq!(log.number("SELECT COUNT(*) AS n FROM audit_event WHERE action = 'retention.run'").await, 1);
    }
}

#[tokio::test]
async fn p13_it_runs_once_after_each_three_oclock_also_when_that_was_slept_through() {
    for log in logs().await {
        let due = || run_if_due(&log.db, &NONE, &log.key, &log.clock);
        assert!(due().await.unwrap().is_none(), "an empty log has nothing to keep");
        log.happen(1).await;
        // 08:00 UTC; 03:00 in Amsterdam is 02:00 UTC.
        assert!(due().await.unwrap().is_none());
        log.clock.advance(Duration::from_secs(18 * 3_600 - 2));
        assert!(due().await.unwrap().is_none(), "a second early");
        log.clock.advance(Duration::from_secs(1));
        assert!(due().await.unwrap().is_some());
        assert!(due().await.unwrap().is_none(), "once is enough");
        log.clock.advance(DAY * 3);
        assert!(due().await.unwrap().is_some());
        assert!(due().await.unwrap().is_none(), "missed runs are one run");
    }
}

#[tokio::test]
async fn p12_the_log_is_kept_a_year_and_pruned_only_up_to_a_checkpoint() {
    for log in logs().await {
        log.happen(5).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.happen(5).await;
        log.clock.advance(DAY * 364);
        let report = run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
        assert_eq!(report.audit.unwrap().removed, 0, "not yet a year");
        log.clock.advance(DAY * 2);
        let report = run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
        let pruned = report.audit.unwrap();
        // Events 6 to 10 are as old, but no checkpoint of that age covers them.
        assert_eq!((pruned.through, pruned.removed), (5, 5));
        let report = log.verify().await;
        assert!(report.is_intact(), "{report:?}");
        assert_eq!((report.start, report.entries, report.head), (5, 7, 12));
        assert_eq!(log.number("SELECT MIN(seq) AS n FROM audit_checkpoint").await, 5);
    }
}

#[tokio::test]
async fn f17_a_pruned_log_goes_on_and_shows_further_cuts() {
    for log in logs().await {
        log.happen(5).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.happen(5).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.clock.advance(DAY * 366);
        run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
        log.restart().await;
        log.happen(3).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.happen(3).await;
        let report = log.verify().await;
        assert!(report.is_intact());
        assert_eq!((report.start, report.head), (10, 17));
        // Up to a checkpoint that retention did not make the start.
        log.tamper("DELETE FROM audit_event WHERE seq <= $1", &args![14_i64]).await;
        assert_eq!(log.broken().await, Some((11, Why::Missing)));
        log.tamper("DELETE FROM audit_checkpoint WHERE seq < $1", &args![14_i64]).await;
        assert_eq!(log.broken().await, Some((1, Why::Missing)));
    }
}

#[tokio::test]
async fn f17_a_log_pruned_to_nothing_keeps_its_place() {
    for log in logs().await {
        log.happen(3).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.clock.advance(DAY * 366);
        run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
        log.clock.advance(DAY * 366);
        // Only the entry of the first run is left, and old enough now; it was signed in that run.
        run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
        log.tamper("DELETE FROM audit_event WHERE seq > $1", &args![4_i64]).await;
        log.tamper("DELETE FROM audit_checkpoint WHERE seq > $1", &args![4_i64]).await;
        assert_eq!(log.number("SELECT COUNT(*) AS n FROM audit_event").await, 0);
        log.restart().await;
        log.happen(1).await;
        let report = log.verify().await;
        assert!(report.is_intact(), "{report:?}");
        assert_eq!((report.start, report.head), (4, 5));
    }
}

#[tokio::test]
async fn f17_pruning_that_was_interrupted_is_no_break_and_is_finished_by_the_next_run() {
    for log in logs().await {
        log.happen(6).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.tamper("CREATE TABLE aside AS SELECT * FROM audit_event", &[]).await;
        log.clock.advance(DAY * 366);
        run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
        // As if it had stopped half-way.
        log.tamper("INSERT INTO audit_event SELECT * FROM aside WHERE seq > $1", &args![3_i64]).await;
        let report = log.verify().await;
        assert!(report.is_intact(), "{report:?}");
        assert_eq!((report.start, report.entries), (6, 1));
        let report = run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
        assert_eq!(report.audit.unwrap().removed, 3);
        assert_eq!(log.number("SELECT MIN(seq) AS n FROM audit_event").await, 7);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f17_verifying_while_events_come_and_go_raises_no_false_alarm() {
    for log in logs().await {
        let log = std::sync::Arc::new(log);
        let writing = tokio::spawn({
            let log = std::sync::Arc::clone(&log);
            async move {
                for _ in 0..12 {
                    many(&log, 120).await;
                    checkpoint::write(&log.db, &log.key).await.unwrap();
                    log.clock.advance(DAY * 200);
                    run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
                }
            }
        });
        let mut walks = 0;
        while !writing.is_finished() {
            let report = log.verify().await;
            assert!(report.is_intact(), "{}: {report:?}", log.database.name);
            walks += 1;
        }
        writing.await.unwrap();
        assert!(walks > 1);
        let report = log.verify().await;
        assert!(report.is_intact());
        assert!(report.start > 1_000, "{report:?}");
    }
}

async fn many(log: &Log, count: usize) {
    let done: Result<(), polder_db::Error> = log
        .db
        .write(move |tx| {
            Box::pin(async move {
                (0..count).for_each(|_| polder_audit::record(tx, Event::new("grant.revoked", Actor::system("test"))));
                Ok(())
            })
        })
        .await;
    done.unwrap();
}

#[tokio::test]
async fn f17_a_planted_checkpoint_does_not_become_the_start() {
    for log in logs().await {
        log.happen(3).await;
        const PLANT: &str = "INSERT INTO audit_checkpoint (chain, seq, at, hash, signature) \
                             SELECT chain, seq, at, hash, 'x' FROM audit_event WHERE seq = $1";
        log.tamper(PLANT, &args![2_i64]).await;
        log.clock.advance(DAY * 366);
        let report = run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
        assert_eq!(report.audit, None);
        assert_eq!(log.number("SELECT MIN(seq) AS n FROM audit_event").await, 1);
        assert_eq!(log.broken().await, Some((2, Why::ForgedCheckpoint)));
    }
}

#[tokio::test]
async fn p12_an_event_that_a_wrong_clock_made_young_stays_its_year() {
    for log in logs().await {
        log.happen(2).await;
        // The clock runs ahead for one event, and is put right before the checkpoint.
        log.clock.advance(DAY * 100);
        log.record(Event::new("user.changed", Actor::system("test"))).await;
        let ahead = log.number("SELECT at AS n FROM audit_event WHERE seq = 3").await;
        let polder_kernel::Clock::Manual(hand) = &log.clock else { unreachable!() };
        hand.fetch_sub(100 * 86_400_000, std::sync::atomic::Ordering::SeqCst);
        log.happen(1).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.clock.advance(DAY * 366);
        let report = run(&log.db, &NONE, &log.key, &log.clock).await.unwrap();
        assert_eq!(report.audit.unwrap().removed, 3);
        assert_eq!(log.number("SELECT MIN(seq) AS n FROM audit_event").await, 3);
        assert!(ahead > log.clock.now().millis() - 365 * 86_400_000);
        assert!(log.verify().await.is_intact());
    }
}
