//! Those who read are not held up by those who write.

use std::time::{Duration, Instant};

use polder_db::{Error, args};
use tokio::sync::oneshot;

use crate::{databases, ids, insert};

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_does_not_wait_for_an_open_commit_and_sees_nothing_of_it() {
    for database in databases().await {
        insert(&database.db, "a").await.unwrap();
        let (go, gone) = oneshot::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let db = database.db.clone();
        let unit = tokio::spawn(async move {
            db.write(move |tx| {
                Box::pin(async move {
                    tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["b"]).await?;
                    begun.send(()).unwrap();
                    gone.await.unwrap();
                    Ok::<_, Error>(())
                })
            })
            .await
        });
        begins.await.unwrap();
        let began = Instant::now();
        for _ in 0..50 {
            assert_eq!(ids(&database.db).await, ["a"], "{}", database.name);
        }
        assert!(began.elapsed() < Duration::from_secs(2), "{}: {:?}", database.name, began.elapsed());
        go.send(()).unwrap();
        unit.await.unwrap().unwrap();
        assert_eq!(ids(&database.db).await, ["a", "b"], "{}", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_of_a_reader_sees_the_newest_state() {
    for database in databases().await {
        let mut tx = database.db.read().await.unwrap();
        for n in 0..3_usize {
            let found = tx.all("SELECT id FROM item", &[], |row| row.text("id")).await.unwrap();
            assert_eq!(found.len(), n, "{}", database.name);
            insert(&database.db, &n.to_string()).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_cannot_write() {
    for database in databases().await {
        let mut tx = database.db.read().await.unwrap();
        let refused = tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["a"]).await;
        assert_eq!(refused, Err(Error::ReadOnly), "{}", database.name);
        let read = tx.all("SELECT id FROM item", &[], |row| row.text("id")).await;
        assert_eq!(read, Ok(vec![]), "{}: a refused statement spoils nothing", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_readers_than_connections_take_turns() {
    for database in databases().await {
        insert(&database.db, "a").await.unwrap();
        let readers = (0..100).map(|_| {
            let db = database.db.clone();
            tokio::spawn(async move { ids(&db).await })
        });
        for reader in readers.collect::<Vec<_>>() {
            assert_eq!(reader.await.unwrap(), ["a"], "{}", database.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_reader_gives_its_place_back() {
    for database in databases().await {
        for n in 0..40_u64 {
            let db = database.db.clone();
            let reading = tokio::spawn(async move { ids(&db).await });
            tokio::time::sleep(Duration::from_micros(n * 10)).await;
            reading.abort();
            drop(reading.await);
        }
        let held =
            [database.db.read().await.unwrap(), database.db.read().await.unwrap(), database.db.read().await.unwrap()];
        assert!(ids(&database.db).await.is_empty(), "{}", database.name);
        drop(held);
    }
}
