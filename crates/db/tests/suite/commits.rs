//! Units that share a commit: one's failure is not another's.

use polder_db::{Db, Error, args};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{databases, ids};

type Unit = JoinHandle<Result<(), Error>>;

/// Holds the writer until the sender is used, so that what is queued meanwhile shares its commit.
async fn hold(db: &Db, id: &'static str) -> (Unit, oneshot::Sender<()>) {
    let (go, gone) = oneshot::channel();
    let (begun, begins) = oneshot::channel();
    let db = db.clone();
    let unit = tokio::spawn(async move {
        db.write(move |tx| {
            Box::pin(async move {
                tx.execute("INSERT INTO item (id) VALUES ($1)", &args![id]).await?;
                begun.send(()).unwrap();
                gone.await.unwrap();
                Ok(())
            })
        })
        .await
    });
    begins.await.unwrap();
    (unit, go)
}

async fn queue(db: &Db, id: &'static str, end: Result<(), Error>) -> Unit {
    let db = db.clone();
    let unit = tokio::spawn(async move {
        db.write(move |tx| {
            Box::pin(async move {
                tx.execute("INSERT INTO item (id) VALUES ($1)", &args![id]).await?;
                assert!(id != "panic", "a unit that panics");
                end
            })
        })
        .await
    });
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    unit
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_units_in_the_middle_of_a_commit_leave_the_others_alone() {
    for database in databases().await {
        let db = &database.db;
        let (first, go) = hold(db, "a").await;
        let refused = queue(db, "b", Err(Error::Other("refused".to_owned()))).await;
        let conflict = queue(db, "a", Ok(())).await;
        let panics = queue(db, "panic", Ok(())).await;
        let last = queue(db, "z", Ok(())).await;
        assert!(ids(db).await.is_empty(), "{}: nothing is committed yet", database.name);
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(refused.await.unwrap(), Err(Error::Other("refused".to_owned())));
        assert_eq!(conflict.await.unwrap(), Err(Error::Conflict));
        assert_eq!(panics.await.unwrap(), Err(Error::Panicked));
        assert_eq!(last.await.unwrap(), Ok(()));
        assert_eq!(ids(db).await, ["a", "z"], "{}", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_sees_what_earlier_units_of_its_commit_wrote() {
    for database in databases().await {
        let (first, go) = hold(&database.db, "a").await;
        let db = database.db.clone();
        let second = tokio::spawn(async move {
            db.write(|tx| Box::pin(async { tx.all("SELECT id FROM item", &[], |row| row.text("id")).await })).await
        });
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(second.await.unwrap(), Ok(vec!["a".to_owned()]), "{}", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_write_returned_every_reader_sees() {
    for database in databases().await {
        let writers = (0..16).map(|n| {
            let db = database.db.clone();
            tokio::spawn(async move {
                for round in 0..10 {
                    let id = format!("{n:02}-{round:02}");
                    crate::insert(&db, &id).await.unwrap();
                    let mut tx = db.read().await.unwrap();
                    let found = tx.optional("SELECT n FROM item WHERE id = $1", &args![&id], |row| row.int("n")).await;
                    assert_eq!(found, Ok(Some(0)), "{id}");
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(ids(&database.db).await.len(), 160, "{}", database.name);
    }
}
