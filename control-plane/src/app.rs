//! The running control plane as one value, and the one function that puts it together.

use std::io;
use std::sync::Arc;

use polder_audit::{AuditTail, CheckpointKey};
use polder_crypto::{Keyring, SealError, SealKey};
use polder_db::{Db, Error, Location};
use polder_kernel::{Clock, Entropy};
use polder_service::Shutdown;
use polder_service::request::RequestIds;
use tokio::sync::Notify;

use crate::courier::{Carrier, Courier};
use crate::custody::Rotations;
use crate::driver::docker::DockerDriver;
use crate::driver::{Driver, DriverError, ProcessDriver, Supervisor, process, users};
use crate::egress::{self, Egress};
use crate::gateway::{Routes, Waker};
use crate::isolation::Told;
use crate::layout::Layout;
use crate::mailbox::Mailbox;
use crate::places;
use crate::postgres::Postgres;
use crate::provision::Provision;
use crate::provision::certificate::CertificateKey;
use crate::retention::AUDIT_GUARD;
use crate::secrets::{Name, Secrets};
use crate::settings::{Databases, Isolation, ProcessUsers, Settings};
use crate::store::{self, data_keys, organisation_events, settings};
use crate::tenant_client::Links;
use crate::usage::Counters;

/// Connections for reading the control plane's database.
const READERS: usize = 4;

/// Everything a request or a job may need. One per process; handlers hold it as `Arc<App>`.
pub struct App {
    /// What this start was asked to be.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// The control plane's database.
    pub db: Db,
    /// Seals columns and makes keyed hashes.
    pub keyring: Keyring,
    /// Keys as files.
    pub secrets: Secrets,
    /// Names requests that the gateway passes on.
    pub request_ids: RequestIds,
    /// The child processes.
    pub supervisor: Arc<Supervisor>,
    /// Runs the tenants.
    pub driver: Driver,
    /// Tenants' databases, where they are on a PostgreSQL server.
    pub postgres: Option<Postgres>,
    /// Which tenants answer at which host.
    pub routes: Routes,
    /// Who waits for which sleeping tenant.
    pub waker: Waker,
    /// What was logged of tenants' walls.
    pub told: Told,
    /// The ways to tenants' admin sockets.
    pub links: Links,
    /// Takes tenants' mail.
    pub courier: Courier,
    /// Lets tenants reach hosts outside.
    pub egress: Egress,
    /// Keeps tenants' mail.
    pub mailbox: Arc<Mailbox>,
    /// Rung when a mail of the console's own is to be sent.
    pub mail_bell: Notify,
    /// What is counted of tenants.
    pub usage: Counters,
    /// Whose seal key is being rotated.
    pub rotations: Rotations,
    /// Who is being provisioned, and the news of it.
    pub provision: Provision,
    /// Signs checkpoints of the audit log.
    pub checkpoint_key: CheckpointKey,
    /// Signs certificates of destruction.
    pub certificate_key: CertificateKey,
    /// When to stop.
    pub shutdown: Shutdown,
}

/// Why the control plane cannot start, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error("{1} ({0}); restore it from a backup, or choose another folder with --data")]
    Database(String, #[source] Error),
    /// Another control plane works on it.
    #[error("another polder works on the database {0}: stop it first, or name another with --control-database")]
    Served(String),
    /// It belongs to another data folder.
    #[error("the control plane's database belongs to another data folder; name the one that belongs to this folder")]
    Foreign,
    /// Its audit log cannot be used.
    #[error("{0}: its audit log cannot be read: {1}")]
    Audit(String, #[source] polder_audit::Error),
    /// The seal key does not open it.
    #[error("{0}: {1}; restore the key that belongs to this data folder")]
    Seal(String, #[source] SealError),
    /// The seal key is gone.
    #[error("{0} is missing, and without it the control plane's database cannot be read; restore it")]
    SealMissing(String),
    /// The driver cannot be used.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// A file cannot be used.
    #[error("{0}: {1}")]
    Files(String, #[source] io::Error),
}

impl App {
    /// Puts everything together. Folders are there; nothing runs yet.
    ///
    /// # Errors
    /// [`StartError`], when what is in the data folder cannot be used.
    pub async fn open(
        settings: Settings,
        (clock, entropy): (Clock, Entropy),
        shutdown: Shutdown,
    ) -> Result<Arc<Self>, StartError> {
        let layout = settings.layout.clone();
        let location = settings.control();
        let file = match &location {
            Location::Sqlite(path) => path.display().to_string(),
            Location::Postgres(_) => location.to_string(),
        };
        let database = |error| StartError::Database(file.clone(), error);
        let files = |path: std::path::PathBuf| move |error| StartError::Files(path.display().to_string(), error);

        let secrets = Secrets::open(layout.secrets()).map_err(files(layout.secrets()))?;
        places::put(&layout, settings.places.as_deref()).map_err(|(path, error)| files(path)(error))?;
        let mailbox = Arc::new(Mailbox::open(layout.mailbox(), clock.clone()).map_err(files(layout.mailbox()))?);
        let carrier = match &settings.relay {
            Some(relay) => Carrier::Relay(relay.clone()),
            None => Carrier::Mailbox(Arc::clone(&mailbox)),
        };
        let db = Db::open_alone(&location, READERS).await.map_err(|error| match error {
            Error::Busy => StartError::Served(file.clone()),
            error => database(error),
        })?;
        db.migrate(store::MIGRATIONS, clock.now()).await.map_err(database)?;
        db.guard_audit(AUDIT_GUARD).await.map_err(database)?;
        if !db.close_to_others().await.map_err(database)? {
            tracing::warn!("every role of the PostgreSQL server may connect to the control plane's database: {CLOSE}");
        }
        if matches!(location, Location::Postgres(_)) {
            belongs(&db, &layout, (&clock, &entropy)).await?;
        }
        let keyring = open_keyring(&db, &secrets, (&clock, &entropy), &file).await?;
        let audit = |error| StartError::Audit(file.clone(), error);
        db.set_tail(
            AuditTail::open_indexed(&db, &keyring, clock.clone(), Some(organisation_events::INDEX))
                .await
                .map_err(audit)?,
        );
        let checkpoint_key = CheckpointKey::open(&db, &keyring, &entropy, &clock).await.map_err(audit)?;
        let certificate_key = CertificateKey::open(&db, &keyring, &entropy, &clock).await.map_err(database)?;
        db.write(|tx| Box::pin(async move { store::tenants::complete_skeletons(tx).await })).await.map_err(database)?;
        let patience = settings.patience;
        let supervisor = Arc::new(Supervisor::new(layout.children(), patience.stop, patience.retry));
        let driver = match &settings.isolation {
            Isolation::Process(users) => {
                let users = match users {
                    ProcessUsers::OneEach => {
                        process::users(&layout.users(), &entropy).map_err(files(layout.users()))?
                    }
                    ProcessUsers::Ours => None,
                };
                Driver::Process(ProcessDriver::new(Arc::clone(&supervisor), settings.programs.tenant.clone(), users))
            }
            Isolation::Docker(docker) => {
                let patience = (patience.stop, patience.retry);
                Driver::Docker(DockerDriver::open(docker, &layout.docker(), &entropy, patience).await?)
            }
        };
        let postgres = match &settings.databases {
            Databases::Sqlite => None,
            Databases::Postgres(server) => {
                let program = settings.programs.tenant.clone();
                let installation =
                    users::installation(layout.root(), &entropy).map_err(files(layout.root().to_owned()))?;
                Some(Postgres::new(server.clone(), secrets.clone(), entropy.clone(), program, installation))
            }
        };
        Ok(Arc::new(Self {
            request_ids: RequestIds::new(&entropy),
            supervisor,
            driver,
            postgres,
            routes: Routes::default(),
            waker: Waker::new(&clock),
            told: Told::default(),
            links: Links::default(),
            courier: Courier::new(carrier, clock.clone(), db.clone()),
            // This version starts as `polder dev` alone.
            egress: Egress::new(polder_outbound::resolve::Names::System, egress::Limits::default(), true),
            mailbox,
            mail_bell: Notify::new(),
            usage: Counters::default(),
            rotations: Rotations::default(),
            provision: Provision::default(),
            settings,
            clock,
            entropy,
            db,
            keyring,
            secrets,
            checkpoint_key,
            certificate_key,
            shutdown,
        }))
    }
}

/// What the owner of the database can do about it.
const CLOSE: &str = "let its owner run REVOKE ALL ON DATABASE … FROM PUBLIC";

/// A database on a server could be another folder's: its tenants' keys and folders would not be here.
async fn belongs(db: &Db, layout: &Layout, (clock, entropy): (&Clock, &Entropy)) -> Result<(), StartError> {
    let root = layout.root().display().to_string();
    let ours = users::installation(layout.root(), entropy).map_err(|error| StartError::Files(root.clone(), error))?;
    let (now, ours_too) = (clock.now(), ours.clone());
    let stored = db.write(move |tx| {
        Box::pin(async move {
            if let Some(stored) = settings::get(tx, settings::INSTALLATION).await? {
                return Ok(stored);
            }
            settings::set(tx, settings::INSTALLATION, &ours_too, now).await?;
            Ok::<_, Error>(ours_too)
        })
    });
    let stored = stored.await.map_err(|error| StartError::Database(root, error))?;
    if stored == ours { Ok(()) } else { Err(StartError::Foreign) }
}

/// The control plane's own keyring: seal key from its file, data keys from the database; both are
/// made at the first start, the file first.
async fn open_keyring(
    db: &Db,
    secrets: &Secrets,
    (clock, entropy): (&Clock, &Entropy),
    file: &str,
) -> Result<Keyring, StartError> {
    let database = |error| StartError::Database(file.to_owned(), error);
    let path = secrets.path(&Name::ControlSeal).display().to_string();
    let files = |error| StartError::Files(path.clone(), error);
    let sealed = |error| StartError::Seal(path.clone(), error);

    let mut rows = data_keys::list(&mut db.read().await.map_err(database)?).await.map_err(database)?;
    if !secrets.has(&Name::ControlSeal) {
        if !rows.is_empty() {
            return Err(StartError::SealMissing(path.clone()));
        }
        secrets.keep(&Name::ControlSeal, &SealKey::generate(entropy).to_text()).map_err(files)?;
    }
    let text = secrets.read(&Name::ControlSeal).map_err(files)?;
    let text = text.ok_or_else(|| StartError::SealMissing(path.clone()))?;
    let seal = SealKey::parse(text.expose().trim()).map_err(sealed)?;
    if rows.is_empty() {
        rows = Keyring::generate(&seal, entropy);
        let (new, now) = (rows.clone(), clock.now());
        db.write(move |tx| Box::pin(async move { data_keys::insert(tx, &new, now).await })).await.map_err(database)?;
    }
    Keyring::open(&seal, &rows, entropy.clone()).map_err(sealed)
}
