//! All wiring, in one function.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use polder_crypto::{Keyring, SealKey};
use polder_db::{Db, Location, Migration};
use polder_kernel::{Clock, Entropy, Secret};
use polder_outbound::{Courier, Mailer};
use polder_service::Stack;
use polder_service::cookies::Policy;
use polder_service::headers::Hsts;
use polder_service::host::Hosts;
use polder_service::stack::Stacked;
use polder_verify::Guard;
use tower::Layer;

use crate::api;
use crate::model::Side;
use crate::oidc::Provider;
use crate::settings::{Application, Config};
use crate::store;

/// What handlers use.
pub struct App {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) db: Db,
    pub(crate) keys: Keyring,
    pub(crate) provider: Provider,
    /// The identity provider's keys, for what it says without being asked.
    pub(crate) issuer: polder_verify::Provider,
    /// Stands before the platform's own API.
    pub(crate) guard: Guard,
    pub(crate) mailer: Mailer,
    pub(crate) cookies: Policy,
}

/// Why the platform cannot start; one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder cannot be used.
    #[error("cannot use the data folder {0}: {1}")]
    Folder(PathBuf, std::io::Error),
    /// The database cannot be used.
    #[error("cannot use the database in {0}: {1}")]
    Database(PathBuf, polder_db::Error),
    /// The seal key cannot be used.
    #[error("cannot use the seal key {0}: {1}")]
    SealKey(PathBuf, String),
    /// The provider client cannot be made.
    #[error(transparent)]
    Oidc(#[from] crate::oidc::OidcError),
    /// The issuer cannot be one.
    #[error(transparent)]
    Issuer(#[from] polder_verify::Unusable),
    /// The courier's address is none.
    #[error("the courier must be given as unix:PATH")]
    Courier,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "first", sql: include_str!("../migrations/0001_first.sql") },
    Migration { version: 2, name: "ended_sessions", sql: include_str!("../migrations/0002_ended_sessions.sql") },
];

impl App {
    /// Opens the database in `data`, with the seal key at `seal_key` (made if absent).
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(
        data: &Path,
        seal_key: &Path,
        config: Config,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Arc<Self>, StartError> {
        std::fs::create_dir_all(data).map_err(|e| StartError::Folder(data.to_owned(), e))?;
        let courier = config.courier.strip_prefix("unix:").ok_or(StartError::Courier)?;
        let mailer = Mailer::Courier(Courier::new(courier));
        let seal =
            read_or_make_seal_key(seal_key, &entropy).map_err(|e| StartError::SealKey(seal_key.to_owned(), e))?;
        let database = |e| StartError::Database(data.to_owned(), e);
        let db = Db::open(&Location::Sqlite(data.join("coaching.db")), 2).await.map_err(database)?;
        db.migrate(MIGRATIONS, clock.now()).await.map_err(database)?;
        let keys = keyring(&db, &seal, &clock, &entropy).await.map_err(database)?;
        let keys = keys.map_err(|e| StartError::SealKey(seal_key.to_owned(), e))?;
        let provider = Provider::new(&config.issuer)?;
        let issuer = polder_verify::Provider::with_clock(&config.issuer, clock.clone())?;
        let guard = Guard::of(issuer.clone(), &api::audience(&config.base_url));
        let cookies = Policy::for_issuer(&config.base_url);
        Ok(Arc::new(Self { config, clock, entropy, db, keys, provider, issuer, guard, mailer, cookies }))
    }

    /// Every route, within the layer that names requests, checks hosts and secures answers.
    pub fn service(self: &Arc<Self>) -> Stacked<Router> {
        let hsts = if self.cookies.secure { Hsts::HostOnly } else { Hsts::Off };
        let stack = Stack::new(&self.entropy).hosts(Hosts::of_url(&self.config.base_url)).hsts(hsts);
        stack.layer(crate::router::router(self.clone()))
    }

    /// Removes ended sessions every hour, until the task is dropped.
    pub async fn sweep(self: Arc<Self>) {
        loop {
            let now = self.clock.now();
            let swept = self.db.write(move |tx| Box::pin(async move { store::sessions::sweep(tx, now).await })).await;
            if let Err(error) = swept {
                tracing::warn!(%error, "ended sessions could not be removed");
            }
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    }

    pub(crate) fn application(&self, side: Side) -> &Application {
        match side {
            Side::Coach => &self.config.coach,
            Side::Portal => &self.config.portal,
        }
    }

    pub(crate) fn callback(&self, side: Side) -> String {
        format!("{}/{side}/callback", self.config.base_url)
    }
}

async fn keyring(
    db: &Db,
    seal: &SealKey,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Result<Keyring, String>, polder_db::Error> {
    let mut rows = store::data_keys::all(&mut db.read().await?).await?;
    if rows.is_empty() {
        let (fresh, now) = (Keyring::generate(seal, entropy), clock.now());
        rows = db
            .write(move |tx| {
                Box::pin(async move {
                    for key in &fresh {
                        store::data_keys::add(tx, key, now).await?;
                    }
                    store::data_keys::all(tx).await
                })
            })
            .await?;
    }
    Ok(Keyring::open(seal, &rows, entropy.clone()).map_err(|e| e.to_string()))
}

fn read_or_make_seal_key(path: &Path, entropy: &Entropy) -> Result<SealKey, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => SealKey::parse(Secret::new(text).expose().trim()).map_err(|e| e.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = SealKey::generate(entropy);
            write_key(path, &key).map_err(|e| e.to_string())?;
            Ok(key)
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Written whole or not at all: a half-written key would make the database unreadable.
fn write_key(path: &Path, key: &SealKey) -> std::io::Result<()> {
    use std::io::Write;
    let draft = path.with_extension("draft");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(key.to_text().expose().as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    std::fs::File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
}
