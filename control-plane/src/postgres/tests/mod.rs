//! Tenants' databases on a real server: made, reached through the relay, rotated, destroyed, and all of
//! it killed half-way. Without a server there is nothing to try.

mod client;
mod encrypted;
mod passwords;
mod prepared;
mod relayed;
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

    /// Two tenants' databases, with the ways to them.
    async fn two(&self, postgres: &Postgres) -> [String; 2] {
        let both = [short_id(), short_id()];
        for short in &both {
            assert!(!postgres.is_prepared(short).await.unwrap());
            postgres.prepare(short).await.unwrap();
            assert!(postgres.is_prepared(short).await.unwrap());
            postgres.open(short, &self.run(short)).await.unwrap();
        }
        both
    }

    /// Destroys these tenants' databases, and looks that nothing is left.
    async fn end(self, postgres: &Postgres, tenants: &[String]) {
        for short in tenants {
            postgres.destroy(short).await.unwrap();
            assert!(self.on_server(short).await.is_empty());
        }
        self.clean().await;
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
