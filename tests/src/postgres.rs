//! The PostgreSQL server of the tests, where there is one: `POLDER_TEST_POSTGRES` names it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use polder_db::Location;
use polder_db::server::Server;
use polder_db::testing::TestDatabase;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

use crate::docker;

/// The server's address.
pub fn address() -> Option<String> {
    Some(docker::asked("POLDER_TEST_POSTGRES")).filter(|address| !address.is_empty())
}

/// Whether all tests are to have their data on the server.
pub fn is_asked_for() -> bool {
    docker::asked("POLDER_TEST_DATABASE") == "postgres"
}

/// A fresh database for a control plane, dropped with the value, and its address.
pub fn control() -> Result<(TestDatabase, String)> {
    let made = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let made = polder_db::testing::postgres().await.context("POLDER_TEST_POSTGRES is not set")?;
            made.db.close().await;
            anyhow::Ok(made)
        })
    });
    let made = made.join().map_err(|_| anyhow::anyhow!("the server gives no database"))??;
    let Location::Postgres(address) = &made.location else { anyhow::bail!("not a server's address") };
    let address = address.expose().clone();
    Ok((made, address))
}

/// Everything in the databases of the control plane and of the tenants in a data folder, as SQL.
pub fn dumped(data: &Path, control: &str) -> Result<Vec<u8>> {
    let server = Url::parse(&address().context("POLDER_TEST_POSTGRES is not set")?)?;
    let tenants = short_ids(data).into_iter().map(|short| {
        let mut url = server.clone();
        url.set_path(&format!("/t_{short}"));
        url.to_string()
    });
    // Its parameters are our driver's own.
    let mut control = Url::parse(control)?;
    control.set_query(None);
    let mut all = Vec::new();
    for address in tenants.chain([control.to_string()]) {
        // The client's program of the same release lies beside the server's.
        let found = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let newest = found.map(|entry| entry.path().join("bin/pg_dump")).filter(|path| path.exists()).max();
        let program = newest.unwrap_or_else(|| "pg_dump".into());
        let output = std::process::Command::new(program).args(["--inserts", &address]).output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        anyhow::ensure!(output.stdout.windows(6).any(|word| word == b"INSERT"), "nothing was dumped");
        all.extend(output.stdout);
    }
    Ok(all)
}

/// What is on the server of the tenants in a data folder: databases and roles, by the names of their
/// folders.
pub async fn of_tenants(data: &Path) -> Result<Vec<Vec<String>>> {
    let server = server()?;
    let mut found = Vec::new();
    for short in short_ids(data) {
        found.push(server.named(&format!("t_{short}").parse()?).await?);
    }
    server.close().await;
    Ok(found)
}

/// The databases and roles on the server whose names begin so.
pub async fn named(prefix: &str) -> Result<Vec<String>> {
    let server = server()?;
    let found = server.named(&prefix.parse()?).await?;
    server.close().await;
    Ok(found)
}

/// Drops what the tenants in a data folder had on the server.
pub fn forget(data: &Path) {
    let (shorts, installation) = (short_ids(data), std::fs::read_to_string(data.join("installation")).ok());
    // From a place that cannot wait: the test's own runtime is busy ending.
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let server = server()?;
            let templates = match installation.map(|id| format!("polder_template_{id}_").parse()) {
                Some(prefix) => Some(server.named(&prefix?).await?),
                None => None,
            };
            for name in templates.iter().flatten() {
                server.drop_database(&name.parse()?).await?;
            }
            for name in templates.iter().flatten() {
                server.drop_role(&name.parse()?).await?;
            }
            for short in shorts {
                server.drop_database(&format!("t_{short}").parse()?).await?;
                for role in [format!("t_{short}"), format!("t_{short}_owner")] {
                    server.drop_role(&role.parse()?).await?;
                }
            }
            server.close().await;
            anyhow::Ok(())
        })
    });
    if let Ok(Err(error)) = done.join() {
        eprintln!("databases of a test stay behind: {error}");
    }
}

fn server() -> Result<Server> {
    Ok(address().context("POLDER_TEST_POSTGRES is not set")?.parse()?)
}

fn short_ids(data: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(data.join("tenants")).into_iter().flatten().flatten();
    folders.filter_map(|folder| folder.file_name().into_string().ok()).collect()
}

/// A wire to the server that can be cut.
pub struct Wire {
    /// The server's address through the wire.
    pub address: String,
    cut: Arc<AtomicBool>,
    cuts: watch::Sender<u32>,
}

impl Wire {
    /// Lays it, to the server of the tests.
    pub async fn lay(address: &str) -> Result<Self> {
        let mut url = Url::parse(address)?;
        let server = format!("{}:{}", url.host_str().context("a host")?, url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        url.set_host(Some("127.0.0.1"))?;
        url.set_port(Some(listener.local_addr()?.port())).ok().context("a port")?;
        let (cut, (cuts, seen)) = (Arc::new(AtomicBool::new(false)), watch::channel(0));
        let is_cut = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let (server, mut seen) = (server.clone(), seen.clone());
                seen.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(&server).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = seen.changed() => {}
                    }
                });
            }
        });
        Ok(Self { address: url.to_string(), cut, cuts })
    }

    /// Ends every connection, and every new one at once.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        self.cuts.send_modify(|count| *count += 1);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }
}
