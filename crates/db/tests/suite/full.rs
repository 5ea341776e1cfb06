//! A full disk: what was answered stays true, and work goes on once there is space.

use polder_db::{Db, Error, args, testing};

use crate::{ids, insert, with_items};

/// Lets the writer's connection take only a few pages more than there are. SQLite then fails just as
/// on a full disk; a fresh connection has no such limit, as if space had been made.
async fn fill(db: &Db) {
    db.write(|tx| {
        Box::pin(async {
            let pages = tx.optional("PRAGMA page_count", &[], |row| row.int("page_count")).await?;
            let limit = match pages {
                Some(pages @ 0..15) => {
                    assert!(pages > 0);
                    "PRAGMA max_page_count = 16"
                }
                other => panic!("{other:?} pages"),
            };
            tx.script(limit).await
        })
    })
    .await
    .unwrap();
}

async fn insert_note(db: Db, id: String, size: usize) -> Result<(), Error> {
    db.write(move |tx| {
        Box::pin(async move {
            let note = "x".repeat(size);
            tx.execute("INSERT INTO item (id, note) VALUES ($1, $2)", &args![id, note]).await.map(drop)
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_work_goes_on_after_it() {
    let database = testing::sqlite().await;
    with_items(&database.db).await;
    fill(&database.db).await;
    let refused = insert_note(database.db.clone(), "big".to_owned(), 200_000).await;
    assert_eq!(refused, Err(Error::Full));
    assert_eq!(insert(&database.db, "small").await, Ok(1));
    assert_eq!(ids(&database.db).await, ["small"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_units_that_share_a_commit_with_a_full_disk_those_answered_ok_are_kept() {
    for round in 0..10 {
        let database = testing::sqlite().await;
        with_items(&database.db).await;
        fill(&database.db).await;
        let units: Vec<_> = (0..40)
            .map(|n| {
                let size = if n % 10 == 5 { 200_000 } else { 500 };
                tokio::spawn(insert_note(database.db.clone(), format!("{n:02}"), size))
            })
            .collect();
        let mut kept = Vec::new();
        let mut full = 0;
        for (n, unit) in units.into_iter().enumerate() {
            match unit.await.unwrap() {
                Ok(()) => kept.push(format!("{n:02}")),
                Err(Error::Full) => full += 1,
                Err(Error::Lost) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(full > 0, "round {round}");
        assert_eq!(ids(&database.db).await, kept, "round {round}");
    }
}
