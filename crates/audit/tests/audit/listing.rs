//! Reading the log by person and action, page by page (P12).

use polder_audit::{Actor, Cursor, Event, Filter, list, search};

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
            ..Filter::default()
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
    for wrong in ["", "0", "-1", "7", "1-0", "1--2", "x-1", "1-1;DROP TABLE audit_event", "1-9999999999999999999"] {
        assert_eq!(Cursor::parse(wrong), None, "{wrong}");
    }
}

/// Everything that fits, walked in pages of three.
async fn walked(tx: &mut polder_db::Tx, filter: &Filter) -> (Vec<i64>, usize) {
    let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let found = search(tx, filter, cursor, 3).await.unwrap();
        assert!(found.entries.len() <= 3);
        seen.extend(found.entries.iter().map(|entry| entry.seq));
        pages += 1;
        let Some(next) = found.next else { return (seen, pages) };
        assert_eq!(Cursor::parse(&next.to_text()), Some(next));
        cursor = Some(next);
    }
}

#[tokio::test]
async fn p12_events_are_found_by_application_actor_and_span() {
    for log in logs().await {
        let begin = log.clock.now();
        for number in 0..12 {
            let actor = if number % 3 == 0 { Actor::new("member", "m") } else { Actor::user("anna") };
            let event = Event::new(if number < 6 { "code.issued" } else { "user.changed" }, actor).user("anna");
            log.record(if number % 2 == 0 { event.application("shop") } else { event }).await;
            log.clock.advance(std::time::Duration::from_secs(1));
        }
        let mut tx = log.db.read().await.unwrap();
        let text = |text: &str| Some(text.to_owned());
        let at = |seconds: u64| Some(begin + std::time::Duration::from_secs(seconds));
        let none = Filter::default;
        for (filter, expected) in [
            (Filter { application_id: text("shop"), ..none() }, vec![11, 9, 7, 5, 3, 1]),
            (Filter { actor_kind: text("member"), ..none() }, vec![10, 7, 4, 1]),
            (Filter { actor_kind: text("member"), application_id: text("shop"), ..none() }, vec![7, 1]),
            (Filter { actor_kind: text("member"), action: text("code.issued"), ..none() }, vec![4, 1]),
            (Filter { from: at(3), before: at(6), ..none() }, vec![6, 5, 4]),
            (
                Filter { from: at(3), before: at(6), user_id: text("anna"), action: text("code.issued"), ..none() },
                vec![6, 5, 4],
            ),
            (Filter { from: at(6), before: at(3), ..none() }, vec![]),
            (Filter { from: at(100), ..none() }, vec![]),
            (Filter { application_id: text("shop"), user_id: text("ben"), ..none() }, vec![]),
        ] {
            assert_eq!(walked(&mut tx, &filter).await.0, expected, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn p12_what_is_rare_is_looked_for_a_part_at_a_time() {
    for log in logs().await {
        // Six thousand entries of one kind, and the one that is looked for is the oldest.
        log.record(Event::new("user.erased", Actor::user("anna")).user("anna")).await;
        log.fill(6_000, "code.issued").await;
        let mut tx = log.db.read().await.unwrap();
        let filter = Filter {
            actor_kind: Some("user".to_owned()),
            action: Some("user.erased".to_owned()),
            user_id: Some("anna".to_owned()),
            ..Filter::default()
        };
        let (seen, pages) = walked(&mut tx, &filter).await;
        assert_eq!(seen, [1]);
        assert_eq!(pages, 2, "the first page ends without anything, and says that it goes on");
    }
}
