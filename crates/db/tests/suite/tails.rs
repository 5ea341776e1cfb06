//! The statements written last in every commit.

use std::any::Any;
use std::sync::{Arc, Mutex};

use polder_db::{Db, Error, Tail, Value, args};

use crate::{databases, ids};

/// Numbers its entries without gaps, as the audit log does.
struct Numbered {
    next: i64,
    stored: i64,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl Tail for Numbered {
    fn before_commit(&mut self, entries: Vec<Box<dyn Any + Send>>) -> Result<Vec<(String, Vec<Value>)>, Error> {
        let mut statements = Vec::new();
        for entry in entries {
            let note = *entry.downcast::<&'static str>().expect("entries are notes");
            assert_ne!(note, "panic");
            if note == "refused" {
                return Err(Error::Other("refused by the tail".to_owned()));
            }
            let seq = if note == "clash" { 1 } else { self.next };
            statements.push(("INSERT INTO entry (seq, note) VALUES ($1, $2)".to_owned(), args![seq, note].to_vec()));
            self.next += 1;
        }
        Ok(statements)
    }

    fn committed(&mut self) {
        self.stored = self.next;
        self.calls.lock().unwrap().push("committed");
    }

    fn rolled_back(&mut self) {
        self.next = self.stored;
        self.calls.lock().unwrap().push("rolled back");
    }
}

fn with_tail(db: &Db) -> Arc<Mutex<Vec<&'static str>>> {
    let calls = Arc::default();
    db.set_tail(Box::new(Numbered { next: 1, stored: 1, calls: Arc::clone(&calls) }));
    calls
}

async fn note(db: &Db, id: &'static str, note: &'static str, end: Result<(), Error>) -> Result<(), Error> {
    db.write(move |tx| {
        Box::pin(async move {
            tx.append(Box::new(note));
            tx.execute("INSERT INTO item (id) VALUES ($1)", &args![id]).await?;
            end
        })
    })
    .await
}

async fn notes(db: &Db) -> Vec<(i64, String)> {
    let mut tx = db.read().await.unwrap();
    tx.all("SELECT seq, note FROM entry ORDER BY seq", &[], |row| Ok((row.int("seq")?, row.text("note")?)))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_kept_units_are_written_and_those_of_others_are_not() {
    for database in databases().await {
        let calls = with_tail(&database.db);
        note(&database.db, "a", "first", Ok(())).await.unwrap();
        note(&database.db, "b", "undone", Err(Error::Busy)).await.unwrap_err();
        note(&database.db, "a", "conflict", Ok(())).await.unwrap_err();
        note(&database.db, "c", "second", Ok(())).await.unwrap();
        assert_eq!(notes(&database.db).await, [(1, "first".to_owned()), (2, "second".to_owned())], "{}", database.name);
        assert_eq!(*calls.lock().unwrap(), ["committed", "committed"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_tail_fails_is_rolled_back_whole() {
    for database in databases().await {
        let calls = with_tail(&database.db);
        note(&database.db, "a", "first", Ok(())).await.unwrap();
        assert_eq!(note(&database.db, "b", "clash", Ok(())).await, Err(Error::Conflict), "{}", database.name);
        assert_eq!(
            note(&database.db, "c", "refused", Ok(())).await,
            Err(Error::Other("refused by the tail".to_owned()))
        );
        assert_eq!(note(&database.db, "d", "panic", Ok(())).await, Err(Error::Panicked));
        assert_eq!(ids(&database.db).await, ["a"], "{}", database.name);
        note(&database.db, "e", "second", Ok(())).await.unwrap();
        assert_eq!(notes(&database.db).await, [(1, "first".to_owned()), (2, "second".to_owned())]);
        assert_eq!(*calls.lock().unwrap(), ["committed", "rolled back", "rolled back", "rolled back", "committed"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p14_entries_of_many_writers_are_numbered_without_gaps() {
    for database in databases().await {
        with_tail(&database.db);
        let units = (0..100).map(|n| {
            let db = database.db.clone();
            let id: &'static str = Box::leak(format!("{n}").into_boxed_str());
            tokio::spawn(async move { note(&db, id, "many", if n % 7 == 0 { Err(Error::Busy) } else { Ok(()) }).await })
        });
        let mut kept = 0;
        for unit in units.collect::<Vec<_>>() {
            kept += i64::from(unit.await.unwrap().is_ok());
        }
        let numbers: Vec<i64> = notes(&database.db).await.into_iter().map(|(seq, _)| seq).collect();
        assert_eq!(numbers, (1..=kept).collect::<Vec<_>>(), "{}", database.name);
        assert_eq!(kept, 85);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_without_a_statement_is_written_too() {
    for database in databases().await {
        with_tail(&database.db);
        let entry: Result<(), Error> = database
            .db
            .write(|tx| {
                Box::pin(async {
                    tx.append(Box::new("alone"));
                    Ok(())
                })
            })
            .await;
        entry.unwrap();
        assert_eq!(notes(&database.db).await, [(1, "alone".to_owned())], "{}", database.name);
    }
}
