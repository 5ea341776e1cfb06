//! A PostgreSQL server that goes away, at the worst moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use polder_db::testing::{self, TestDatabase};
use polder_db::{Db, Error, Location, args};
use polder_kernel::Secret;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{ids, insert, with_items};

/// What the wire does with the next `COMMIT`.
const PASS: u8 = 0;
const SWALLOW_COMMIT: u8 = 1;
const SWALLOW_ANSWER: u8 = 2;

/// A database behind a wire that can be cut.
async fn wired() -> Option<(TestDatabase, Db, Arc<AtomicU8>)> {
    let database = testing::postgres().await?;
    with_items(&database.db).await;
    let Location::Postgres(address) = &database.location else { return None };
    let options: PgConnectOptions = address.expose().parse().unwrap();
    let server = format!("{}:{}", options.get_host(), options.get_port());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mode = Arc::new(AtomicU8::new(PASS));
    let wire = Arc::clone(&mode);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(carry(client, server, Arc::clone(&wire)));
        }
    });
    let through = options.host("127.0.0.1").port(port).to_url_lossy_text();
    let db = Db::open(&Location::Postgres(Secret::new(through)), 2).await.unwrap();
    Some((database, db, mode))
}

trait UrlText {
    fn to_url_lossy_text(&self) -> String;
}

impl UrlText for PgConnectOptions {
    fn to_url_lossy_text(&self) -> String {
        sqlx::ConnectOptions::to_url_lossy(self).to_string()
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, mode: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let cut = if up[..length].windows(7).any(|word| word == b"COMMIT\0") { mode.swap(PASS, Ordering::SeqCst) } else { PASS };
                if cut == SWALLOW_COMMIT {
                    return;
                }
                server.write_all(&up[..length]).await.unwrap();
                if cut == SWALLOW_ANSWER {
                    assert!(server.read(&mut down).await.unwrap() > 0);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_found_to_have_been_kept() {
    let Some((_database, db, wire)) = wired().await else { return };
    wire.store(SWALLOW_ANSWER, Ordering::SeqCst);
    assert_eq!(insert(&db, "a").await, Ok(1));
    assert_eq!(insert(&db, "b").await, Ok(1));
    assert_eq!(ids(&db).await, ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_is_found_to_be_lost() {
    let Some((_database, db, wire)) = wired().await else { return };
    wire.store(SWALLOW_COMMIT, Ordering::SeqCst);
    assert_eq!(insert(&db, "a").await, Err(Error::Lost));
    assert_eq!(insert(&db, "b").await, Ok(1));
    assert_eq!(ids(&db).await, ["b"]);
}

/// Ends all other connections to this database.
async fn terminate(database: &TestDatabase) {
    let db = Db::open(&database.location, 1).await.unwrap();
    let sql = "SELECT COUNT(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let ended = db.write(move |tx| Box::pin(async move { tx.optional(sql, &[], |row| row.int("ended")).await })).await;
    assert!(matches!(ended, Ok(Some(1..))), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_replaced() {
    let Some(database) = testing::postgres().await else { return };
    with_items(&database.db).await;
    insert(&database.db, "a").await.unwrap();
    assert_eq!(ids(&database.db).await, ["a"]);
    terminate(&database).await;
    assert_eq!(ids(&database.db).await, ["a"], "a read is asked again");
    // At once, and after a rest.
    assert_eq!(insert(&database.db, "b").await, Ok(1), "nothing of it was done yet");
    terminate(&database).await;
    let [c, d] = ["c", "d"].map(|id| insert(&database.db, id));
    assert_eq!(tokio::join!(c, d), (Ok(1), Ok(1)), "two in one commit");
    terminate(&database).await;
    let script = "INSERT INTO item (id) VALUES ('e')";
    let written = database.db.write(move |tx| Box::pin(async move { tx.script(script).await })).await;
    assert_eq!(written, Ok(()));
    assert_eq!(ids(&database.db).await, ["a", "b", "c", "d", "e"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_a_database_is_served_by_one_program_and_taken_over_when_that_is_gone() {
    let Some(database) = testing::postgres().await else { return };
    with_items(&database.db).await;
    let first = Db::open_alone(&database.location, 2).await.unwrap();
    insert(&first, "a").await.unwrap();
    assert!(matches!(Db::open_alone(&database.location, 2).await, Err(Error::Busy)));
    insert(&first, "b").await.unwrap();
    // Gone without a word: whoever comes next does not wait, and the first one writes no more.
    terminate(&database).await;
    let began = std::time::Instant::now();
    let second = Db::open_alone(&database.location, 2).await.unwrap();
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
    for _ in 0..2 {
        let refused = insert(&first, "c").await;
        assert!(matches!(refused, Err(Error::Busy | Error::Unavailable(_))), "{refused:?}");
    }
    insert(&second, "d").await.unwrap();
    assert_eq!(ids(&second).await, ["a", "b", "d"]);
    second.close().await;
    // And in good order, at once.
    let third = Db::open_alone(&database.location, 2).await.unwrap();
    third.close().await;
    first.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f22_who_comes_next_does_not_learn_that_the_server_was_away() {
    let Some(database) = testing::postgres().await else { return };
    with_items(&database.db).await;
    insert(&database.db, "a").await.unwrap();
    terminate(&database).await;
    assert_eq!(insert(&database.db, "b").await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_within_a_unit_undoes_it_and_all_of_its_commit() {
    let Some(database) = testing::postgres().await else { return };
    with_items(&database.db).await;
    let lost: Result<u64, Error> = database
        .db
        .write(|tx| {
            Box::pin(async {
                tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["a"]).await?;
                tx.optional("SELECT CAST(pg_terminate_backend(pg_backend_pid()) AS TEXT) AS ended", &[], |row| {
                    row.text("ended")
                })
                .await?;
                tx.execute("INSERT INTO item (id) VALUES ($1)", &args!["b"]).await
            })
        })
        .await;
    assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");
    insert(&database.db, "c").await.unwrap();
    assert_eq!(ids(&database.db).await, ["c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_sorts_otherwise_or_belongs_to_another_is_refused() {
    let Some(database) = testing::postgres().await else { return };
    let stranger = database.db.write(|tx| Box::pin(async { tx.script("CREATE TABLE stranger (id TEXT)").await })).await;
    stranger.unwrap();
    assert!(matches!(Db::open(&database.location, 1).await, Err(Error::Damaged(_))));
    let away: Location = "postgres://nobody@127.0.0.1:1/nothing".parse().unwrap();
    assert!(matches!(Db::open(&away, 1).await, Err(Error::Unavailable(_))));
}
