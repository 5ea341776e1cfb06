//! Files that are not a sound database of Polder are refused with one clear line.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use polder_db::{Db, Error, Location, args};

use crate::{ids, insert, with_items};

async fn refusal(path: &Path) -> String {
    match Db::open(&Location::Sqlite(path.to_owned()), 1).await {
        Err(Error::Damaged(line) | Error::Unavailable(line)) => {
            assert!(!line.contains('\n') && line.contains(&path.display().to_string()), "{line:?}");
            line
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{} was opened", path.display()),
    }
}

/// A closed database of 300 rows.
async fn filled(folder: &Path) -> PathBuf {
    let path = folder.join("filled.db");
    let db = Db::open(&Location::Sqlite(path.clone()), 1).await.unwrap();
    with_items(&db).await;
    db.write(|tx| {
        Box::pin(async {
            for n in 0..300 {
                let (id, note) = (format!("{n:04}"), "x".repeat(300));
                tx.execute("INSERT INTO item (id, note) VALUES ($1, $2)", &args![id, note]).await?;
            }
            Ok::<_, Error>(())
        })
    })
    .await
    .unwrap();
    db.close().await;
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn f_files_of_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    for content in ["hello", &"not a database of any kind, but long enough to have a header ".repeat(20)] {
        std::fs::write(&path, content).unwrap();
        assert!(refusal(&path).await.contains("is not a database of Polder"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), *content, "it is left as it was");
    }
    // A sound SQLite file that another program made.
    let header = std::fs::read(filled(folder.path()).await).unwrap();
    let mut others = header;
    others[68..72].copy_from_slice(&[0; 4]);
    std::fs::write(&path, others).unwrap();
    assert!(refusal(&path).await.contains("is not a database of Polder"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f_damaged_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(folder.path()).await;
    let sound = std::fs::read(&path).unwrap();
    assert!(sound.len() > 20 * 4096, "{}", sound.len());
    let truncated = &sound[..sound.len() / 2];
    let mut overwritten = sound.clone();
    for byte in &mut overwritten[4096 * 5..4096 * 12] {
        *byte = 0x5a;
    }
    let mut shapeless = sound.clone();
    shapeless[100..4096].fill(0xff);
    for (kind, bytes) in [("truncated", truncated), ("overwritten", &overwritten[..]), ("shapeless", &shapeless[..])] {
        std::fs::write(&path, bytes).unwrap();
        assert!(refusal(&path).await.contains("is damaged; restore it from a backup"), "{kind}");
    }
    std::fs::write(&path, &sound).unwrap();
    let db = Db::open(&Location::Sqlite(path), 1).await.unwrap();
    assert_eq!(ids(&db).await.len(), 300);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_without_a_database_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    refusal(folder.path()).await;
    refusal(&folder.path().join("missing/a.db")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_is_its_owners_alone_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plain.db", "with space?mode=ro&x#y%20.db"] {
        let path = folder.path().join(name);
        let db = Db::open(&Location::Sqlite(path.clone()), 1).await.unwrap();
        with_items(&db).await;
        insert(&db, "a").await.unwrap();
        for suffix in ["", "-wal", "-shm"] {
            let file = PathBuf::from(format!("{}{suffix}", path.display()));
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_on_one_file_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("shared.db"));
    let one = Db::open(&location, 1).await.unwrap();
    with_items(&one).await;
    let other = Db::open(&location, 1).await.unwrap();
    let units = (0..100).map(|n| {
        let db = if n % 2 == 0 { one.clone() } else { other.clone() };
        tokio::spawn(async move { insert(&db, &n.to_string()).await })
    });
    for unit in units.collect::<Vec<_>>() {
        assert_eq!(unit.await.unwrap(), Ok(1));
    }
    assert_eq!(ids(&one).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_the_pragmas_that_make_commits_durable_are_in_force() {
    let database = polder_db::testing::sqlite().await;
    let read = |sql: &'static str, column: &'static str| {
        let db = database.db.clone();
        async move {
            db.write(move |tx| {
                Box::pin(async move {
                    let found = tx
                        .optional(sql, &[], |row| {
                            row.opt_text(column).or_else(|_| row.int(column).map(|n| Some(n.to_string())))
                        })
                        .await?;
                    Ok::<_, Error>(found.flatten().unwrap_or_default())
                })
            })
            .await
            .unwrap()
        }
    };
    assert_eq!(read("PRAGMA journal_mode", "journal_mode").await, "wal");
    assert_eq!(read("PRAGMA synchronous", "synchronous").await, "2");
    assert_eq!(read("PRAGMA foreign_keys", "foreign_keys").await, "1");
    assert_eq!(read("PRAGMA secure_delete", "secure_delete").await, "1");
}
