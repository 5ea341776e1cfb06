//! Several statements in one call.

use polder_db::{Error, args};

use crate::{databases, ids, insert};

#[tokio::test(flavor = "multi_thread")]
async fn statements_share_arguments_and_each_counts_its_rows() {
    for database in databases().await {
        let changed = database
            .db
            .write(|tx| {
                Box::pin(async {
                    tx.batch(
                        &[
                            "INSERT INTO item (id, n) VALUES ($1, $4), ($2, $4)",
                            "UPDATE item SET note = $3 WHERE n = $4",
                            "DELETE FROM item WHERE id = $2 AND note = $3",
                            "INSERT INTO item (id) VALUES ($1) ON CONFLICT (id) DO NOTHING",
                        ],
                        &args!["a", "b", "it's $1; really", 7],
                    )
                    .await
                })
            })
            .await;
        assert_eq!(changed, Ok(vec![2, 2, 1, 0]), "{}", database.name);
        assert_eq!(ids(&database.db).await, ["a"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_the_middle_undoes_the_whole_batch() {
    for database in databases().await {
        insert(&database.db, "taken").await.unwrap();
        for _ in 0..3 {
            let changed = database
                .db
                .write(|tx| {
                    Box::pin(async {
                        tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["before"]).await?;
                        tx.batch(
                            &[
                                "INSERT INTO item (id) VALUES ($1)",
                                "INSERT INTO item (id) VALUES ($2)",
                                "INSERT INTO item (id) VALUES ($3)",
                            ],
                            &args!["a", "taken", "b"],
                        )
                        .await
                    })
                })
                .await;
            assert_eq!(changed, Err(Error::Conflict), "{}", database.name);
            assert_eq!(ids(&database.db).await, ["taken"]);
        }
        assert_eq!(insert(&database.db, "a").await, Ok(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_batches_at_once_do_not_mix_up_their_arguments() {
    for database in databases().await {
        let units = (0..200_i64).map(|n| {
            let db = database.db.clone();
            tokio::spawn(async move {
                db.write(move |tx| {
                    Box::pin(async move {
                        tx.batch(
                            &["INSERT INTO item (id, n) VALUES ($1, $2)", "UPDATE item SET note = $3 WHERE id = $1"],
                            &args![format!("{n:03}"), n, (n % 3 > 0).then(|| n.to_string())],
                        )
                        .await
                    })
                })
                .await
            })
        });
        for unit in units.collect::<Vec<_>>() {
            assert_eq!(unit.await.unwrap(), Ok(vec![1, 1]), "{}", database.name);
        }
        let mut tx = database.db.read().await.unwrap();
        let rows = tx
            .all("SELECT id, n, note FROM item ORDER BY id", &[], |row| {
                Ok((row.text("id")?, row.int("n")?, row.opt_text("note")?))
            })
            .await
            .unwrap();
        for (place, row) in (0..200_i64).zip(rows) {
            assert_eq!(row, (format!("{place:03}"), place, (place % 3 > 0).then(|| place.to_string())));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_argument_is_an_error_and_not_null() {
    for database in databases().await {
        let missing = database
            .db
            .write(|tx| {
                Box::pin(async { tx.execute("INSERT INTO item (id, note) VALUES ($1, $2)", &args!["a"]).await })
            })
            .await;
        assert!(matches!(missing, Err(Error::Other(_))), "{}: {missing:?}", database.name);
        assert!(ids(&database.db).await.is_empty());
    }
}
