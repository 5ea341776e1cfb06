//! What goes in comes out.

use polder_db::{Error, Row, Value, args, list};
use polder_kernel::{Id, Timestamp};

use crate::databases;

#[derive(Debug)]
enum Thing {}

type Check = fn(&Row) -> Result<(), Error>;

#[tokio::test(flavor = "multi_thread")]
async fn values_come_back_as_they_went_in() {
    for database in databases().await {
        let id = Id::<Thing>::from_bytes([7; 16]);
        let time = Timestamp::from_millis(1_795_248_000_123);
        // Null first: PostgreSQL keeps the statement prepared with what it learned from the first call.
        for (note, used_at) in
            [(None, None), (Some("{\"a\":[1]}"), Some(time)), (None, Some(time)), (Some("null"), None)]
        {
            let (stored, text, moment) = database
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        tx.execute("DELETE FROM item", &[]).await?;
                        tx.execute(
                            "INSERT INTO item (id, n, note, used_at) VALUES ($1, $2, $3, $4)",
                            &args![id, i64::MIN, note, used_at],
                        )
                        .await?;
                        let read = |row: &Row| Ok((row.id("id")?, row.opt_text("note")?, row.opt_time("used_at")?));
                        let found = tx
                            .optional("SELECT id, note, used_at FROM item WHERE n = $1", &args![i64::MIN], read)
                            .await?;
                        found.ok_or(Error::Lost)
                    })
                })
                .await
                .unwrap();
            assert_eq!((stored, text.as_deref(), moment), (id, note, used_at), "{}", database.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_json_are_read_alike() {
    for database in databases().await {
        crate::insert(&database.db, "a").await.unwrap();
        let mut tx = database.db.read().await.unwrap();
        let read = |row: &Row| Ok((row.int("many")?, row.int("one")?, row.json::<Vec<i64>>("list")?));
        let found = tx.optional("SELECT COUNT(*) AS many, 1 AS one, '[1,2]' AS list FROM item", &[], read).await;
        assert_eq!(found, Ok(Some((1, 1, vec![1, 2]))), "{}", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_names_its_column() {
    for database in databases().await {
        crate::insert(&database.db, "not an id").await.unwrap();
        let mut tx = database.db.read().await.unwrap();
        let sql = "SELECT id, n, note FROM item";
        let checks: [Check; 5] = [
            |row| row.id::<Thing>("id").map(drop),
            |row| row.text("note").map(drop),
            |row| row.text("n").map(drop),
            |row| row.int("id").map(drop),
            |row| row.int("missing").map(drop),
        ];
        let mut problems = Vec::new();
        for check in checks {
            match tx.optional(sql, &[], check).await {
                Err(error @ Error::Column { .. }) => problems.push(error.to_string()),
                other => panic!("{}: {other:?}", database.name),
            }
        }
        assert_eq!(
            problems,
            [
                "column id: holds a text that cannot be",
                "column note: is empty",
                "column n: is of another type",
                "column id: is of another type",
                "column missing: is not in the result",
            ],
            "{}",
            database.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_asked_for_in_groups() {
    for database in databases().await {
        for id in ["a", "b", "c", "d", "e"] {
            crate::insert(&database.db, id).await.unwrap();
        }
        let mut tx = database.db.read().await.unwrap();
        let mut found = Vec::new();
        for group in list::groups::<3, _>(["e", "x", "a", "c"]) {
            found.extend(
                tx.all("SELECT id FROM item WHERE id IN ($1, $2, $3)", &group, |row| row.text("id")).await.unwrap(),
            );
        }
        found.sort();
        assert_eq!(found, ["a", "c", "e"], "{}", database.name);
        assert!(list::groups::<3, _>(Vec::<Value>::new()).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_ordered_by_their_bytes() {
    for database in databases().await {
        for id in ["b", "B", "a", "é", "_", "A", "z"] {
            crate::insert(&database.db, id).await.unwrap();
        }
        assert_eq!(crate::ids(&database.db).await, ["A", "B", "_", "a", "b", "z", "é"], "{}", database.name);
    }
}
