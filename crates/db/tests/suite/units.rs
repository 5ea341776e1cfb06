//! One unit of work: kept whole or not at all, whatever happens to its caller.

use std::time::Duration;

use polder_db::{Error, args};

use crate::{databases, ids, insert};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_row_with_the_same_key_is_a_conflict() {
    for database in databases().await {
        assert_eq!(insert(&database.db, "a").await, Ok(1));
        assert_eq!(insert(&database.db, "a").await, Err(Error::Conflict), "{}", database.name);
        assert_eq!(insert(&database.db, "b").await, Ok(1));
        assert_eq!(ids(&database.db).await, ["a", "b"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_the_schema_is_told_apart_from_a_conflict() {
    for database in databases().await {
        let refused = database
            .db
            .write(|tx| {
                Box::pin(async {
                    tx.execute("INSERT INTO item (id, n) VALUES ($1, $2)", &args!["a", None::<i64>]).await
                })
            })
            .await;
        assert!(matches!(refused, Err(Error::Constraint(_))), "{}: {refused:?}", database.name);
        let wrong = database
            .db
            .write(|tx| Box::pin(async { tx.execute("INSERT INTO nothing (id) VALUES ($1)", &args!["a"]).await }))
            .await;
        assert!(matches!(wrong, Err(Error::Other(_))), "{}: {wrong:?}", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_work_undoes_all_of_it() {
    for database in databases().await {
        let refused: Result<(), Error> = database
            .db
            .write(|tx| {
                Box::pin(async {
                    tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["a"]).await?;
                    tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["b"]).await?;
                    Err(Error::Other("thought better of it".to_owned()))
                })
            })
            .await;
        assert_eq!(refused, Err(Error::Other("thought better of it".to_owned())));
        assert!(ids(&database.db).await.is_empty(), "{}", database.name);
        assert_eq!(insert(&database.db, "a").await, Ok(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_swallows_an_error_of_the_database_is_not_kept() {
    for database in databases().await {
        insert(&database.db, "a").await.unwrap();
        let swallowed: Result<Result<u64, Error>, Error> = database
            .db
            .write(|tx| {
                Box::pin(async {
                    tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["b"]).await?;
                    let first = tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["a"]).await;
                    assert_eq!(first, Err(Error::Conflict));
                    Ok(tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["c"]).await)
                })
            })
            .await;
        assert_eq!(swallowed, Err(Error::Conflict), "{}", database.name);
        assert_eq!(ids(&database.db).await, ["a"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_uses_of_one_row_have_one_winner() {
    for database in databases().await {
        insert(&database.db, "code").await.unwrap();
        let uses = (0..50_i64).map(|now| {
            let db = database.db.clone();
            tokio::spawn(async move {
                db.write(move |tx| {
                    Box::pin(async move {
                        tx.optional(
                            "UPDATE item SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING used_at",
                            &args!["code", now],
                            |row| row.int("used_at"),
                        )
                        .await
                    })
                })
                .await
            })
        });
        let mut winners = Vec::new();
        for used in uses.collect::<Vec<_>>() {
            winners.extend(used.await.unwrap().unwrap());
        }
        assert_eq!(winners.len(), 1, "{}", database.name);
        let mut tx = database.db.read().await.unwrap();
        let stored = tx.optional("SELECT used_at FROM item", &[], |row| row.int("used_at")).await.unwrap();
        assert_eq!(stored, Some(winners[0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_caller_leaves_nothing_half_done() {
    for database in databases().await {
        for delay in 0..40_u64 {
            let db = database.db.clone();
            let id = format!("{delay:02}");
            let caller = tokio::spawn(async move {
                db.write(move |tx| {
                    Box::pin(async move {
                        tx.execute("INSERT INTO item (id) VALUES ($1)", &args![&id]).await?;
                        tx.execute("UPDATE item SET n = 1 WHERE id = $1", &args![&id]).await
                    })
                })
                .await
            });
            tokio::time::sleep(Duration::from_micros(delay * 25)).await;
            caller.abort();
            drop(caller.await);
        }
        // Queued behind all of them.
        insert(&database.db, "last").await.unwrap();
        let mut tx = database.db.read().await.unwrap();
        let rows = tx.all("SELECT id, n FROM item", &[], |row| Ok((row.text("id")?, row.int("n")?))).await.unwrap();
        assert!(rows.len() > 1, "{}: no unit ran to its end", database.name);
        assert!(rows.iter().all(|(id, n)| *n == i64::from(id != "last")), "{}: {rows:?}", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_panics_is_undone_and_others_go_on() {
    for database in databases().await {
        let early: Result<(), Error> = database.db.write(|_| panic!("before anything")).await;
        assert_eq!(early, Err(Error::Panicked));
        let late: Result<(), Error> = database
            .db
            .write(|tx| {
                Box::pin(async {
                    tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["a"]).await?;
                    panic!("after a statement")
                })
            })
            .await;
        assert_eq!(late, Err(Error::Panicked));
        let reading: Result<(), Error> = database
            .db
            .write(|tx| {
                Box::pin(async {
                    tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["a"]).await?;
                    tx.all("SELECT id FROM item", &[], |_| -> Result<(), Error> { panic!("at a row") }).await.map(drop)
                })
            })
            .await;
        assert_eq!(reading, Err(Error::Panicked), "{}", database.name);
        assert_eq!(insert(&database.db, "b").await, Ok(1), "{}", database.name);
        assert_eq!(ids(&database.db).await, ["b"], "{}", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_database_finishes_what_was_queued_and_refuses_the_rest() {
    for database in databases().await {
        let queued: Vec<_> = (0..20)
            .map(|n| {
                let db = database.db.clone();
                tokio::spawn(async move { insert(&db, &n.to_string()).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        database.db.close().await;
        for unit in queued {
            assert_eq!(unit.await.unwrap(), Ok(1), "{}", database.name);
        }
        assert!(matches!(insert(&database.db, "late").await, Err(Error::Unavailable(_))));
        assert!(matches!(database.db.read().await, Err(Error::Unavailable(_))));
        let again = polder_db::Db::open(&database.location, 1).await.unwrap();
        assert_eq!(ids(&again).await.len(), 20);
        again.close().await;
    }
}
