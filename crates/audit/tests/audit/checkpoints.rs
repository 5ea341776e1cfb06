//! Signed heads: rewriting the chain with right hashes, and cutting off its end.

use std::time::Duration;

use polder_audit::retention::Schedule;
use polder_audit::{Actor, CheckpointKey, Event, Why, checkpoint, keeper, verify_against};
use polder_crypto::{Jwks, Verifier};
use polder_db::args;

use crate::support::{Log, logs};

/// Replaces the log by one of the same length with right hashes, as somebody would who has the
/// database and this source, but no key.
async fn rewrite(log: &Log) {
    log.tamper("DELETE FROM audit_event", &[]).await;
    log.tamper("CREATE TABLE aside AS SELECT * FROM audit_checkpoint", &[]).await;
    log.tamper("DELETE FROM audit_checkpoint", &[]).await;
    log.restart().await;
    for _ in 0..6 {
        log.record(Event::new("session.started", Actor::user("mallory"))).await;
    }
}

#[tokio::test]
async fn f17_a_rewritten_log_does_not_fit_its_checkpoints() {
    for log in logs().await {
        log.happen(4).await;
        let kept = checkpoint::write(&log.db, &log.key).await.unwrap().unwrap();
        assert_eq!(kept.seq, 4);
        log.happen(2).await;
        rewrite(&log).await;
        // Hashes alone look right; the copy that was kept elsewhere tells.
        assert_eq!(log.broken().await, None);
        let mut tx = log.db.read().await.unwrap();
        let report = verify_against(&mut tx, log.key.verifier(), std::slice::from_ref(&kept)).await.unwrap();
        assert_eq!(report.broken.map(|b| (b.seq, b.why)), Some((4, Why::Rewritten)));
        drop(tx);
        // So does the one in the database, had it been left there.
        log.tamper("INSERT INTO audit_checkpoint SELECT * FROM aside", &[]).await;
        assert_eq!(log.broken().await, Some((4, Why::Rewritten)));
        // Changed to fit, it is no longer signed.
        log.tamper(
            "UPDATE audit_checkpoint SET hash = (SELECT hash FROM audit_event WHERE seq = 4) WHERE seq = $1",
            &args![4_i64],
        )
        .await;
        assert_eq!(log.broken().await, Some((4, Why::ForgedCheckpoint)));
    }
}

#[tokio::test]
async fn f17_cutting_off_the_end_is_seen() {
    for log in logs().await {
        log.happen(5).await;
        let kept = checkpoint::write(&log.db, &log.key).await.unwrap().unwrap();
        log.tamper("DELETE FROM audit_event WHERE seq >= $1", &args![4_i64]).await;
        assert_eq!(log.broken().await, Some((4, Why::Missing)));
        // With its checkpoint gone too, only a kept copy tells.
        log.tamper("DELETE FROM audit_checkpoint", &[]).await;
        assert_eq!(log.broken().await, None);
        let mut tx = log.db.read().await.unwrap();
        let report = verify_against(&mut tx, log.key.verifier(), &[kept]).await.unwrap();
        assert_eq!(report.broken.map(|b| (b.seq, b.why)), Some((4, Why::Missing)));
    }
    for log in logs().await {
        log.happen(5).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        log.tamper("DELETE FROM audit_event WHERE seq >= $1", &args![4_i64]).await;
        // Going on after a restart does not paper over the gap.
        log.restart().await;
        log.happen(3).await;
        assert_eq!(log.broken().await, Some((4, Why::Missing)));
    }
}

#[tokio::test]
async fn f17_checkpoints_come_when_due_and_only_for_new_events() {
    for log in logs().await {
        let schedule = Schedule { rules: &[], audit: Duration::from_secs(365 * 86_400) };
        let look = || keeper::look(&log.db, &schedule, &log.key, &log.clock);
        let count = || log.number("SELECT COUNT(*) AS n FROM audit_checkpoint");
        look().await.unwrap();
        assert_eq!(count().await, 0);
        log.happen(1).await;
        look().await.unwrap();
        look().await.unwrap();
        assert_eq!(count().await, 1);
        log.happen(1).await;
        look().await.unwrap();
        assert_eq!(count().await, 1);
        log.clock.advance(Duration::from_secs(15 * 60));
        look().await.unwrap();
        assert_eq!(count().await, 2);
        checkpoint::write(&log.db, &log.key).await.unwrap();
        assert_eq!(count().await, 2);
        let report = log.verify().await;
        assert!(report.is_intact());
        assert_eq!((report.checkpoints, report.signed_through), (2, 2));
    }
}

#[tokio::test]
async fn f17_the_checkpoint_key_stays_the_same_and_cannot_be_replaced() {
    for log in logs().await {
        log.happen(2).await;
        checkpoint::write(&log.db, &log.key).await.unwrap();
        let again = CheckpointKey::open(&log.db, &log.keyring, &log.entropy, &log.clock).await.unwrap();
        assert_eq!(again.public_jwk(), log.key.public_jwk());
        // A log of which somebody threw the key away gets another one, which did not sign what is there.
        log.tamper("DELETE FROM setting WHERE name = 'audit.checkpoint_key'", &[]).await;
        let other = CheckpointKey::open(&log.db, &log.keyring, &log.entropy, &log.clock).await.unwrap();
        let verifier = Verifier::new(&Jwks { keys: vec![other.public_jwk().clone()] });
        let mut tx = log.db.read().await.unwrap();
        let report = verify_against(&mut tx, &verifier, &[]).await.unwrap();
        assert_eq!(report.broken.map(|b| (b.seq, b.why)), Some((2, Why::ForgedCheckpoint)));
        drop(tx);
        // A key that was not sealed by this tenant is not taken.
        log.tamper("UPDATE setting SET value = '1.AAAA' WHERE name = 'audit.checkpoint_key'", &[]).await;
        assert!(CheckpointKey::open(&log.db, &log.keyring, &log.entropy, &log.clock).await.is_err());
    }
}

#[tokio::test]
async fn g17_the_stored_checkpoint_key_is_sealed() {
    for log in logs().await {
        let sql = "SELECT value FROM setting WHERE name = 'audit.checkpoint_key'";
        let stored = log.db.read().await.unwrap().optional(sql, &[], |row| row.text("value")).await.unwrap().unwrap();
        assert!(stored.starts_with("1."));
        assert!(!stored.contains("MC4CAQAwBQYDK2Vw"), "PKCS#8 in the open");
        assert!(!format!("{:?}", log.key).contains(&stored));
    }
}
