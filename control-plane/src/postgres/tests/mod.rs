//! Tenants' databases on a real server: made, reached through the relay, rotated, destroyed, and all of
//! it killed half-way. Without a server there is nothing to try.

mod client;
mod encrypted;
mod stand_in;

use std::path::PathBuf;
use std::time::Duration;

use polder_db::server::Server;
use polder_db::{Db, Error, Location};
use polder_kernel::{Entropy, Secret};
use url::Url;

use super::{Names, Postgres, PostgresError, names};
use crate::secrets::{Name, Secrets};
use client::Client;

/// A folder for secrets and sockets, and tenants' databases on the server of the tests.
struct Ground {
    folder: tempfile::TempDir,
    server: Server,
    /// Its address.
    address: String,
    schema: String,
    installation: String,
}

#[expect(clippy::disallowed_methods, reason = "tests have no command line to take it from")]
async fn ground() -> Option<Ground> {
    let address = std::env::var("POLDER_TEST_POSTGRES").ok().filter(|address| !address.is_empty())?;
    let server: Server = address.parse().unwrap();
    server.check().await.unwrap();
    let schema = format!("s1_try{:016x}", u64::from_le_bytes(Entropy::System.bytes()));
    let installation = format!("{:012x}", u64::from_le_bytes(Entropy::System.bytes()) >> 16);
    Some(Ground { folder: tempfile::tempdir().unwrap(), server, address, schema, installation })
}

fn short_id() -> String {
    format!("try{:09x}", u64::from_le_bytes(Entropy::System.bytes()) & 0xf_ffff_ffff)
}

impl Ground {
    /// A control plane's start: it knows nothing but what is in the folder and on the server.
    fn start(&self) -> Postgres {
        let secrets = Secrets::open(self.folder.path().join("secrets")).unwrap();
        let program = stand_in::program(self.folder.path(), &self.schema);
        Postgres::new(self.server.clone(), secrets, Entropy::System, program, self.installation.clone())
    }

    fn run(&self, short: &str) -> PathBuf {
        let run = self.folder.path().join(short);
        std::fs::create_dir_all(&run).unwrap();
        run
    }

    /// The runtime's way in: what its file says, through its socket.
    fn address(&self, short: &str) -> Url {
        let text = std::fs::read_to_string(self.folder.path().join(format!("secrets/{short}.database"))).unwrap();
        let mut url = Url::parse(&text).unwrap();
        url.query_pairs_mut().append_pair("host", self.run(short).to_str().unwrap()).append_pair("port", "5432");
        url
    }

    async fn templates(&self) -> Vec<String> {
        self.server.named(&names::templates(&self.installation).unwrap()).await.unwrap()
    }

    async fn on_server(&self, short: &str) -> Vec<String> {
        self.server.named(&format!("t_{short}").parse().unwrap()).await.unwrap()
    }

    async fn clean(self) {
        let template = names::template(&self.installation, &self.schema).unwrap();
        self.server.drop_database(&template).await.unwrap();
        self.server.drop_role(&template).await.unwrap();
        assert_eq!(self.templates().await, Vec::<String>::new(), "nothing is left");
        self.server.close().await;
    }
}

async fn open(url: &Url) -> Result<Db, Error> {
    Db::open(&Location::Postgres(Secret::new(url.to_string())), 2).await
}

async fn settings_in(db: &Db) -> Result<i64, Error> {
    let mut tx = db.read().await?;
    Ok(tx.optional("SELECT COUNT(*) AS n FROM setting", &[], |row| row.int("n")).await?.unwrap_or_default())
}

fn expected(short: &str) -> [String; 3] {
    [format!("t_{short}"), format!("t_{short}"), format!("t_{short}_owner")]
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_a_tenant_reaches_its_own_database_through_its_socket_and_nothing_else() {
    let Some(ground) = ground().await else { return };
    let postgres = ground.start();
    let (mine, other) = (short_id(), short_id());
    for short in [&mine, &other] {
        assert!(!postgres.is_prepared(short).await.unwrap());
        postgres.prepare(short).await.unwrap();
        assert!(postgres.is_prepared(short).await.unwrap());
        postgres.open(short, &ground.run(short)).await.unwrap();
        assert_eq!(ground.on_server(short).await, expected(short));
    }
    let db = open(&ground.address(&mine)).await.unwrap();
    assert_eq!(settings_in(&db).await, Ok(0));
    db.close().await;

    type Change = fn(&mut Url, &str);
    let refused: [(&str, Change); 5] = [
        ("28P01", |url, _| url.set_password(Some("wrong")).unwrap()),
        ("28000", |url, other| url.set_username(&format!("t_{other}")).unwrap()),
        ("28000", |url, _| url.set_username("postgres").unwrap()),
        ("3D000", |url, other| url.set_path(&format!("/t_{other}"))),
        ("3D000", |url, _| url.set_path("/postgres")),
    ];
    for (code, change) in refused {
        let mut url = ground.address(&mine);
        change(&mut url, &other);
        let Err(error) = open(&url).await else { panic!("{code}: it was let in") };
        assert!(error.to_string().contains(code), "{code}: {error}");
    }
    // The neighbour's password opens nothing here.
    let mut url = ground.address(&mine);
    url.set_password(ground.address(&other).password()).unwrap();
    assert!(open(&url).await.is_err());

    for short in [&mine, &other] {
        postgres.destroy(short).await.unwrap();
        assert!(ground.on_server(short).await.is_empty());
    }
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_the_relay_keeps_to_its_rules() {
    let Some(ground) = ground().await else { return };
    let postgres = ground.start();
    let (mine, other) = (short_id(), short_id());
    for short in [&mine, &other] {
        postgres.prepare(short).await.unwrap();
        postgres.open(short, &ground.run(short)).await.unwrap();
    }
    let socket = |short: &str| ground.run(short).join(super::SOCKET);
    let (url, path) = (ground.address(&mine), socket(&mine));

    // Encryption is declined, and the session goes on; other versions and replication are refused.
    let mut client = Client::asking_for_encryption(&path).await;
    client.log_in(&url, &[]).await.unwrap();
    assert_eq!(Client::new(&path).await.log_in(&url, &[("replication", "database")]).await, Err("42501".to_owned()));
    assert_eq!(Client::new(&path).await.log_in(&url, &[("user", "postgres")]).await, Err("08P01".to_owned()));
    assert_eq!(Client::new(&path).await.speak_version_2().await, "08P01");
    assert!(Client::new(&path).await.say_nonsense().await);

    // Options of the first packet go through, and are held to the rights of the role.
    let owner = format!("-c role={}_owner", url.username());
    for option in [owner.as_str(), "-c role=polder", "-c session_preload_libraries=x", "-c log_statement=all"] {
        let refused = Client::new(&path).await.log_in(&url, &[("options", option)]).await;
        assert!(
            refused.as_ref().is_err_and(|code| ["42501", "22023"].contains(&code.as_str())),
            "{option}: {refused:?}"
        );
    }
    assert_eq!(Client::new(&path).await.log_in(&url, &[("USER", "polder")]).await, Err("42704".to_owned()));
    assert_eq!(Client::new(&path).await.log_in(&url, &[("Replication", "1")]).await, Err("42501".to_owned()));
    assert_eq!(
        Client::new(&path).await.log_in(&url, &[("_pq_.x", "1"), ("options", "-c search_path=x")]).await,
        Ok(())
    );

    // What sleeps is woken by its own tenant alone.
    let began = std::time::Instant::now();
    // PostgreSQL alone knows this statement, so it is put together here, out of the portable ones' sight.
    let seconds = 20;
    client.query(&format!("SELECT pg_sleep({seconds})")).await;
    let key = client.key;
    Client::new(&socket(&other)).await.cancel(key).await;
    assert!(
        tokio::time::timeout(Duration::from_millis(600), client.error()).await.is_err(),
        "a neighbour cancelled it"
    );
    Client::new(&path).await.cancel(key).await;
    assert_eq!(client.error().await, "57014");
    assert!(began.elapsed() < Duration::from_secs(10));

    // Sixteen, and no more; others are served meanwhile, and a place that is given back is free.
    let mut open = vec![client];
    while open.len() < 16 {
        let mut next = Client::new(&path).await;
        next.log_in(&url, &[]).await.unwrap();
        open.push(next);
    }
    assert_eq!(Client::new(&path).await.log_in(&url, &[]).await, Err("53300".to_owned()));
    Client::new(&socket(&other)).await.log_in(&ground.address(&other), &[]).await.unwrap();
    open.clear();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut last = Client::new(&path).await;
    last.log_in(&url, &[]).await.unwrap();

    // Closed is closed, also for who is inside.
    postgres.close(&mine);
    assert!(last.ended().await);
    for short in [&mine, &other] {
        postgres.destroy(short).await.unwrap();
    }
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_connections_that_say_nothing_hold_no_place_for_long() {
    let Some(ground) = ground().await else { return };
    let postgres = ground.start();
    let (mine, other) = (short_id(), short_id());
    for short in [&mine, &other] {
        postgres.prepare(short).await.unwrap();
        postgres.open(short, &ground.run(short)).await.unwrap();
    }
    let path = ground.run(&mine).join(super::SOCKET);
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(Client::new(&path).await);
    }
    assert!(silent[39].ended().await, "there is an end to them");
    Client::new(&ground.run(&other).join(super::SOCKET)).await.log_in(&ground.address(&other), &[]).await.unwrap();
    // They had ten seconds to introduce themselves.
    tokio::time::sleep(Duration::from_secs(11)).await;
    Client::new(&path).await.log_in(&ground.address(&mine), &[]).await.unwrap();
    for client in &mut silent {
        assert!(client.ended().await);
    }
    for short in [&mine, &other] {
        postgres.destroy(short).await.unwrap();
    }
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g14_what_a_tenant_puts_in_its_sockets_place_is_neither_followed_nor_in_the_way() {
    let Some(ground) = ground().await else { return };
    let (postgres, short) = (ground.start(), short_id());
    postgres.prepare(&short).await.unwrap();
    let (run, secret) = (ground.run(&short), ground.folder.path().join("host-secret"));
    std::fs::write(&secret, "of the host").unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let socket = run.join(super::SOCKET);
    for place in ["link", "folder", "file"] {
        match place {
            "link" => std::os::unix::fs::symlink(&secret, &socket).unwrap(),
            "folder" => std::fs::create_dir_all(socket.join("deeper")).unwrap(),
            _ => std::fs::write(&socket, "x").unwrap(),
        }
        postgres.open(&short, &run).await.unwrap_or_else(|error| panic!("{place}: {error}"));
        open(&ground.address(&short)).await.unwrap().close().await;
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&secret).unwrap().permissions());
        assert_eq!(
            (mode & 0o777, std::fs::read_to_string(&secret).unwrap().as_str()),
            (0o600, "of the host"),
            "{place}"
        );
        postgres.close(&short);
        std::fs::remove_file(&socket).unwrap();
    }
    postgres.destroy(&short).await.unwrap();
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_killed_at_any_moment_it_converges_to_one_of_everything() {
    let Some(ground) = ground().await else { return };
    // The template is there: what is killed is the making of the tenant.
    let first = short_id();
    ground.start().prepare(&first).await.unwrap();
    ground.start().destroy(&first).await.unwrap();
    for kill_after in [0, 1, 2, 4, 7, 11, 16, 25, 40, 60, 90] {
        let short = short_id();
        let patience = Duration::from_millis(kill_after);
        // What runs at the server goes on for a moment, as after a real kill.
        drop(tokio::time::timeout(patience, ground.start().prepare(&short)).await);
        let postgres = ground.start();
        postgres.prepare(&short).await.unwrap_or_else(|error| panic!("killed after {kill_after} ms: {error}"));
        assert_eq!(ground.on_server(&short).await, expected(&short), "killed after {kill_after} ms");
        postgres.open(&short, &ground.run(&short)).await.unwrap();
        let db = open(&ground.address(&short)).await.unwrap();
        assert_eq!(settings_in(&db).await, Ok(0), "killed after {kill_after} ms");

        drop(tokio::time::timeout(patience, postgres.destroy(&short)).await);
        let again = ground.start();
        again.destroy(&short).await.unwrap_or_else(|error| panic!("killed after {kill_after} ms: {error}"));
        assert!(ground.on_server(&short).await.is_empty(), "killed after {kill_after} ms");
        assert!(settings_in(&db).await.is_err());
        db.close().await;
    }
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_passwords_are_files_and_can_be_replaced() {
    let Some(ground) = ground().await else { return };
    let (postgres, short) = (ground.start(), short_id());
    postgres.prepare(&short).await.unwrap();
    postgres.open(&short, &ground.run(&short)).await.unwrap();
    let before = ground.address(&short);
    open(&before).await.unwrap().close().await;
    for file in std::fs::read_dir(ground.folder.path().join("secrets")).unwrap() {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.unwrap().metadata().unwrap().permissions());
        assert_eq!(mode & 0o077, 0);
    }
    // The present one works until the runtime is started with the next, whoever was killed in between.
    postgres.rotate(&short, true).await.unwrap();
    let next = || std::fs::read_to_string(ground.folder.path().join(format!("secrets/{short}.database.next")));
    let waiting = next().unwrap();
    postgres.rotate(&short, true).await.unwrap();
    assert_eq!(next().unwrap(), waiting, "a repeat waits for the same one");
    open(&before).await.unwrap().close().await;
    let again = ground.start();
    assert!(again.has_next(&short));
    again.open(&short, &ground.run(&short)).await.unwrap();
    let after = ground.address(&short);
    assert_ne!(before.password(), after.password());
    assert!(open(&before).await.is_err(), "the old password still opens it");
    open(&after).await.unwrap().close().await;
    assert!(next().is_err());
    // Where nothing runs there is nobody to wait for.
    again.close(&short);
    again.rotate(&short, false).await.unwrap();
    again.open(&short, &ground.run(&short)).await.unwrap();
    assert!(open(&after).await.is_err());
    open(&ground.address(&short)).await.unwrap().close().await;
    postgres.destroy(&short).await.unwrap();
    let left = std::fs::read_dir(ground.folder.path().join("secrets")).unwrap().count();
    assert_eq!(left, 0, "no password is left");
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_a_database_that_is_gone_is_not_replaced_by_an_empty_one() {
    let Some(ground) = ground().await else { return };
    let (postgres, short) = (ground.start(), short_id());
    postgres.prepare(&short).await.unwrap();
    let names = Names::of(&short).unwrap();
    ground.server.drop_database(&names.database).await.unwrap();
    assert!(!postgres.is_prepared(&short).await.unwrap());
    let refused = postgres.prepare(&short).await.unwrap_err();
    assert!(matches!(refused, PostgresError::Lost(_)) && refused.is_final(), "{refused}");
    assert_eq!(ground.server.marked(&names.database).await.unwrap(), None);
    postgres.destroy(&short).await.unwrap();
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_schema_reaches_a_database_that_is_there_and_makes_a_new_template() {
    let Some(mut ground) = ground().await else { return };
    let short = short_id();
    ground.start().prepare(&short).await.unwrap();
    let old = ground.schema.clone();
    ground.schema = old.replacen("s1_", "s2_", 1);
    let postgres = ground.start();
    assert!(!postgres.is_prepared(&short).await.unwrap(), "it is behind");
    postgres.prepare(&short).await.unwrap();
    assert!(postgres.is_prepared(&short).await.unwrap());
    postgres.open(&short, &ground.run(&short)).await.unwrap();
    open(&ground.address(&short)).await.unwrap().close().await;
    let fresh = short_id();
    postgres.prepare(&fresh).await.unwrap();
    assert!(postgres.is_prepared(&fresh).await.unwrap());
    for short in [&short, &fresh] {
        postgres.destroy(short).await.unwrap();
    }
    // The former template and its role go, in whatever part of it they went before; another installation's stays.
    let former = names::template(&ground.installation, &old).unwrap();
    let others = Ground { folder: tempfile::tempdir().unwrap(), installation: "0".repeat(12), ..ground };
    let neighbour = short_id();
    others.start().prepare(&neighbour).await.unwrap();
    let ground = Ground { installation: former.as_str()[16..28].to_owned(), ..others };
    assert_eq!(ground.templates().await.len(), 4, "a database and a role, of two schemas");
    ground.server.drop_database(&former).await.unwrap();
    assert_eq!(ground.start().remove_old_templates().await.unwrap(), 1);
    assert_eq!(ground.start().remove_old_templates().await.unwrap(), 0);
    assert_eq!(ground.templates().await.len(), 2);
    let kept = Ground { installation: "0".repeat(12), ..ground };
    assert_eq!(kept.templates().await.len(), 2, "a neighbour's template is left alone");
    kept.start().destroy(&neighbour).await.unwrap();
    let installation = former.as_str()[16..28].to_owned();
    kept.server.drop_database(&names::template(&installation, &kept.schema).unwrap()).await.unwrap();
    kept.server.drop_role(&names::template(&installation, &kept.schema).unwrap()).await.unwrap();
    kept.clean().await;
}

#[tokio::test]
async fn g24_only_a_short_id_names_a_database() {
    for wrong in ["", "a b", "a;DROP DATABASE postgres", "../x", "A", &"a".repeat(60)] {
        if !wrong.is_empty() {
            assert!(matches!(Names::of(wrong), Err(PostgresError::Name)), "{wrong}");
        }
    }
    let secrets = tempfile::tempdir().unwrap();
    let secrets = Secrets::open(secrets.path().to_owned()).unwrap();
    assert!(!secrets.has(&Name::TenantDatabase("x")));
    let server: Server = "postgres://nobody@127.0.0.1:1/x".parse().unwrap();
    let away = Postgres::new(server, secrets, Entropy::System, PathBuf::from("/bin/false"), "0".repeat(12));
    assert!(matches!(away.prepare("abc").await, Err(PostgresError::Server(Error::Unavailable(_)))));
}
