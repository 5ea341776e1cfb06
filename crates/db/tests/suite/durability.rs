//! Acknowledged means durable: a program that is killed has lost nothing it said it had.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use polder_db::{Db, Error, Location, args};

const CHILD: &str = "POLDER_DB_TEST_CHILD";
const THIS_TEST: &str = "durability::p6_what_was_acknowledged_survives_kill_9";

/// The child plays the program: this same test, told by a variable where to write.
#[test]
fn p6_what_was_acknowledged_survives_kill_9() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(location) = std::env::var_os(CHILD) {
        let location = location.into_string().unwrap().parse().unwrap();
        runtime.block_on(write_until_killed(location));
        return;
    }
    for database in runtime.block_on(crate::databases()) {
        for round in 0..3 {
            let acknowledged = kill_while_it_writes(&database.location);
            assert!(acknowledged.len() >= 300, "{}: {}", database.name, acknowledged.len());
            let stored = runtime.block_on(async {
                let db = Db::open(&database.location, 1).await.unwrap();
                let mut tx = db.read().await.unwrap();
                let read = |row: &polder_db::Row| Ok((row.text("id")?, row.int("n")?));
                let rows = tx.all("SELECT id, n FROM item", &[], read).await.unwrap();
                drop(tx);
                db.write(|tx| Box::pin(async { tx.execute("DELETE FROM item", &[]).await })).await.unwrap();
                db.close().await;
                rows
            });
            let stored: std::collections::HashMap<String, i64> = stored.into_iter().collect();
            for id in &acknowledged {
                assert_eq!(stored.get(id), Some(&1), "{} round {round}: {id} was acknowledged", database.name);
            }
            assert!(stored.values().all(|n| *n == 1), "{}: a unit was kept by half", database.name);
        }
    }
}

fn kill_while_it_writes(location: &Location) -> Vec<String> {
    let address = match location {
        Location::Sqlite(path) => format!("sqlite:{}", path.display()),
        Location::Postgres(address) => address.expose().clone(),
    };
    let mut child: Child = Command::new(std::env::current_exe().unwrap())
        .args([THIS_TEST, "--exact", "--nocapture"])
        .env(CHILD, address)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    while let Some(Ok(line)) = lines.next() {
        acknowledged.extend(line.strip_prefix("kept ").map(str::to_owned));
        if acknowledged.len() == 300 {
            // SIGKILL, in the midst of commits.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}

async fn write_until_killed(location: Location) {
    let db = Db::open(&location, 1).await.unwrap();
    println!();
    let writers = (0..8).map(|writer| {
        let db = db.clone();
        tokio::spawn(async move {
            for round in 0..1_000_000 {
                let id = format!("{writer}-{round}");
                let kept = id.clone();
                let unit: Result<(), Error> = db
                    .write(move |tx| {
                        Box::pin(async move {
                            tx.execute("INSERT INTO item (id) VALUES ($1)", &args![&id]).await?;
                            tx.execute("UPDATE item SET n = n + 1 WHERE id = $1", &args![&id]).await.map(drop)
                        })
                    })
                    .await;
                unit.unwrap();
                // One write per line: a killed child prints no half of one that counts.
                std::io::stdout().lock().write_all(format!("kept {kept}\n").as_bytes()).unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}
