//! The chain itself: what is recorded, and that every way of tampering is named (F17).

use polder_audit::{Actor, Event, Why, checkpoint, record};
use polder_db::{Error, args};
use serde_json::json;

use crate::support::{Log, logs};

#[tokio::test]
async fn f17_events_are_numbered_and_chained_in_the_order_of_their_commit() {
    for log in logs().await {
        assert!(log.verify().await.is_intact());
        log.happen(3).await;
        let several: Result<(), Error> = log
            .db
            .write(|tx| {
                Box::pin(async move {
                    (0..100).for_each(|n| record(tx, Event::new("user.changed", Actor::system("test")).request(n)));
                    Ok(())
                })
            })
            .await;
        several.unwrap();
        let report = log.verify().await;
        assert!(report.is_intact(), "{}: {report:?}", log.database.name);
        assert_eq!((report.entries, report.start, report.head), (103, 0, 103));
        log.restart().await;
        log.happen(2).await;
        let report = log.verify().await;
        assert!(report.is_intact());
        assert_eq!(report.head, 105);
    }
}

#[tokio::test]
async fn f17_an_event_is_there_exactly_when_what_it_describes_is() {
    for log in logs().await {
        log.happen(1).await;
        let undone: Result<(), Error> = log
            .db
            .write(|tx| {
                Box::pin(async move {
                    record(tx, Event::new("user.created", Actor::anonymous()));
                    Err(Error::Conflict)
                })
            })
            .await;
        assert_eq!(undone, Err(Error::Conflict));
        log.happen(1).await;
        assert_eq!(log.number("SELECT COUNT(*) AS n FROM audit_event").await, 2);
        assert!(log.verify().await.is_intact());
    }
}

#[tokio::test]
async fn f17_an_entry_that_is_not_an_event_undoes_its_commit_and_leaves_the_chain_whole() {
    for log in logs().await {
        log.happen(1).await;
        let refused: Result<(), Error> = log
            .db
            .write(|tx| {
                Box::pin(async move {
                    record(tx, Event::new("user.created", Actor::anonymous()));
                    tx.append(Box::new("not an event"));
                    Ok(())
                })
            })
            .await;
        assert!(refused.is_err());
        log.happen(1).await;
        let report = log.verify().await;
        assert!(report.is_intact());
        assert_eq!(report.head, 2);
    }
}

#[tokio::test]
async fn f17_fifty_requests_at_once_make_one_chain() {
    for log in logs().await {
        let requests = (0..50).map(|number| log.record(Event::new("grant.created", Actor::user(number))));
        futures_join(requests).await;
        let report = log.verify().await;
        assert!(report.is_intact());
        assert_eq!(report.entries, 50);
    }
}

async fn futures_join(futures: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        running.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

#[tokio::test]
async fn f17_changing_any_column_of_any_entry_breaks_the_chain_there() {
    const CHANGES: [&str; 11] = [
        "UPDATE audit_event SET at = at + 1 WHERE seq = $1",
        "UPDATE audit_event SET action = 'session.ended' WHERE seq = $1",
        "UPDATE audit_event SET actor_kind = 'system' WHERE seq = $1",
        "UPDATE audit_event SET actor_id = 'ben' WHERE seq = $1",
        "UPDATE audit_event SET user_id = 'ben' WHERE seq = $1",
        "UPDATE audit_event SET user_id = NULL WHERE seq = $1",
        "UPDATE audit_event SET application_id = '' WHERE seq = $1",
        "UPDATE audit_event SET session_id = 'x' WHERE seq = $1",
        "UPDATE audit_event SET request_id = NULL WHERE seq = $1",
        "UPDATE audit_event SET details_sealed = 'x' WHERE seq = $1",
        "UPDATE audit_event SET hash = 'AAAA' WHERE seq = $1",
    ];
    const KEEP: &str = "CREATE TABLE kept AS SELECT * FROM audit_event";
    const UNDO: [&str; 2] = ["DELETE FROM audit_event", "INSERT INTO audit_event SELECT * FROM kept"];
    for log in logs().await {
        log.happen(5).await;
        log.tamper(KEEP, &[]).await;
        for change in CHANGES {
            for seq in [1_i64, 3, 5] {
                assert_eq!(log.tamper(change, &args![seq]).await, 1);
                assert_eq!(log.broken().await, Some((seq, Why::Changed)), "{}: {change} {seq}", log.database.name);
                for sql in UNDO {
                    log.tamper(sql, &[]).await;
                }
            }
        }
        assert_eq!(log.broken().await, None);
    }
}

#[tokio::test]
async fn f17_removed_reordered_and_inserted_entries_are_named() {
    for log in logs().await {
        log.happen(6).await;
        log.tamper("DELETE FROM audit_event WHERE seq = $1", &args![1_i64]).await;
        assert_eq!(log.broken().await, Some((1, Why::Missing)));
    }
    for log in logs().await {
        log.happen(6).await;
        log.tamper("DELETE FROM audit_event WHERE seq = $1", &args![4_i64]).await;
        assert_eq!(log.broken().await, Some((4, Why::Missing)));
        // Closing the gap moves the break, no more.
        log.tamper("UPDATE audit_event SET seq = 4 WHERE seq = $1", &args![5_i64]).await;
        assert_eq!(log.broken().await, Some((4, Why::Changed)));
    }
    for log in logs().await {
        log.happen(6).await;
        for (from, to) in [(2_i64, 100_i64), (3, 2), (100, 3)] {
            log.tamper("UPDATE audit_event SET seq = $2 WHERE seq = $1", &args![from, to]).await;
        }
        assert_eq!(log.broken().await, Some((2, Why::Changed)));
    }
    for log in logs().await {
        log.happen(2).await;
        const FORGE: &str = "INSERT INTO audit_event (chain, seq, at, action, actor_kind, actor_id, hash) \
                             SELECT $1, $2, at, action, actor_kind, actor_id, hash FROM audit_event WHERE seq = 2";
        log.tamper(FORGE, &args![0_i64, 3_i64]).await;
        assert_eq!(log.broken().await, Some((3, Why::Changed)));
        log.tamper("DELETE FROM audit_event WHERE seq = $1", &args![3_i64]).await;
        log.tamper(FORGE, &args![7_i64, 1_i64]).await;
        let broken = log.verify().await.broken.unwrap();
        assert_eq!((broken.chain, broken.seq, broken.why), (7, 1, Why::ForeignChain));
    }
}

#[tokio::test]
async fn f17_a_column_that_cannot_be_read_is_named() {
    for log in logs().await.into_iter().filter(|log| log.database.name == "sqlite") {
        log.happen(3).await;
        // SQLite takes bytes where text should be.
        log.tamper("UPDATE audit_event SET action = $2 WHERE seq = $1", &args![2_i64, vec![0xff_u8]]).await;
        let broken = log.broken().await.unwrap();
        assert_eq!(broken.0, 2);
        assert!(matches!(broken.1, Why::Unreadable | Why::Changed));
    }
}

#[tokio::test]
async fn f17_a_log_of_many_pages_is_walked_to_its_end() {
    for log in logs().await {
        for _ in 0..13 {
            let many: Result<(), Error> = log
                .db
                .write(|tx| {
                    Box::pin(async move {
                        (0..100).for_each(|_| record(tx, Event::new("grant.revoked", Actor::system("test"))));
                        Ok(())
                    })
                })
                .await;
            many.unwrap();
            checkpoint::write(&log.db, &log.key).await.unwrap();
        }
        let report = log.verify().await;
        assert!(report.is_intact());
        assert_eq!((report.entries, report.checkpoints, report.signed_through), (1300, 13, 1300));
        log.tamper("UPDATE audit_event SET actor_id = 'x' WHERE seq = $1", &args![1299_i64]).await;
        assert_eq!(log.broken().await, Some((1299, Why::Changed)));
    }
}

#[tokio::test]
async fn p17_details_are_sealed_bound_to_their_entry_and_go_with_the_person() {
    for log in logs().await {
        let wrapped = log.keyring.new_person_key("anna");
        let person = log.keyring.person_key("anna", &wrapped).unwrap();
        let details = json!({ "address": "192.0.2.7", "email": "anna@example.test" });
        let of_person = Event::new("sign_in.failed", Actor::anonymous()).user("anna").details(details.clone());
        log.record(of_person.sealed_for(&person)).await;
        log.record(Event::new("settings.changed", Actor::system("test")).details(details.clone())).await;
        let mut entries = entries(&log).await;
        assert_eq!(entries.len(), 2);
        for entry in &entries {
            assert!(!entry.details_sealed.as_ref().unwrap().contains("192.0.2.7"));
        }
        let (tenants, persons) = (entries.remove(0), entries.remove(0));
        assert_eq!(persons.details(&log.keyring, Some(&person)).unwrap(), Some(details.clone()));
        assert_eq!(tenants.details(&log.keyring, None).unwrap(), Some(details));
        // Erased: the wrapped key is gone, nothing else changes.
        assert_eq!(persons.details(&log.keyring, None).unwrap(), None);
        assert!(log.verify().await.is_intact());
        // Moved to another entry, sealed details do not open.
        let moved = polder_audit::Entry { seq: 1, ..tenants.clone() };
        assert!(moved.details(&log.keyring, None).is_err());
        let stranger = log.keyring.person_key("ben", &log.keyring.new_person_key("ben")).unwrap();
        assert!(persons.details(&log.keyring, Some(&stranger)).is_err());
    }
}

async fn entries(log: &Log) -> Vec<polder_audit::Entry> {
    let mut tx = log.db.read().await.unwrap();
    polder_audit::list(&mut tx, &polder_audit::Filter::default(), None, 10).await.unwrap()
}

#[test]
fn f16_an_event_does_not_print_its_details() {
    let event = Event::new("sign_in.failed", Actor::anonymous()).details(json!({ "email": "anna@example.test" }));
    assert!(!format!("{event:?}").contains("anna"));
}
