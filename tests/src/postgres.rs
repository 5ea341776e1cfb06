//! The PostgreSQL server of the tests, where there is one: `POLDER_TEST_POSTGRES` names it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use polder_db::server::Server;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

use crate::docker;

/// The server's address.
pub fn address() -> Option<String> {
    Some(docker::asked("POLDER_TEST_POSTGRES")).filter(|address| !address.is_empty())
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

/// Drops what the tenants in a data folder had on the server.
pub fn forget(data: &Path) {
    let shorts = short_ids(data);
    // From a place that cannot wait: the test's own runtime is busy ending.
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let server = server()?;
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
