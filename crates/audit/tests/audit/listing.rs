//! Reading the log by person and action, page by page (P12).

use polder_audit::{Actor, Cursor, Event, Filter, list};

use crate::support::logs;

#[tokio::test]
async fn p12_events_are_found_by_person_and_by_action_newest_first() {
    for log in logs().await {
        for number in 0..10 {
            let person = if number % 2 == 0 { "anna" } else { "ben" };
            let action = if number < 5 { "session.started" } else { "session.ended" };
            log.record(Event::new(action, Actor::user(person)).user(person)).await;
        }
        let mut tx = log.db.read().await.unwrap();
        let by = |user: Option<&str>, action: Option<&str>| Filter {
            user_id: user.map(str::to_owned),
            action: action.map(str::to_owned),
        };
        for (filter, expected) in [
            (by(None, None), vec![10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
            (by(Some("anna"), None), vec![9, 7, 5, 3, 1]),
            (by(None, Some("session.ended")), vec![10, 9, 8, 7, 6]),
            (by(Some("ben"), Some("session.started")), vec![4, 2]),
            (by(Some("carl"), None), vec![]),
        ] {
            let mut seen = Vec::new();
            let mut cursor = None;
            loop {
                let page = list(&mut tx, &filter, cursor, 3).await.unwrap();
                seen.extend(page.iter().map(|entry| entry.seq));
                let Some(last) = page.last() else { break };
                cursor = Cursor::parse(&Cursor::after(last).to_text());
                assert!(cursor.is_some());
            }
            assert_eq!(seen, expected, "{filter:?}");
        }
    }
}

#[test]
fn p12_a_cursor_that_was_never_given_out_is_refused() {
    for wrong in ["", "0", "-1", "x", "1;DROP TABLE audit_event", "9999999999999999999"] {
        assert_eq!(Cursor::parse(wrong), None, "{wrong}");
    }
}
