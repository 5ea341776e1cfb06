//! The running program as one value, and the one function that puts it together.

use std::sync::{Arc, RwLock};

use polder_audit::CheckpointKey;
use polder_crypto::{Keyring, Verifier};
use polder_db::Db;
use polder_kernel::{Clock, Entropy};
use polder_outbound::{Egress, Mailer};
use polder_service::cookies::Policy;
use polder_service::limit::Limits;
use polder_tenant_api as api;
use tokio::sync::{Mutex, Notify};

use crate::back_channel::Bell;
use crate::branding::Branding;
use crate::connections::Connections;
use crate::error::Internal;
use crate::factors::slow::Slow;
use crate::fields::Fields;
use crate::guard::blocklist::Blocklists;
use crate::keys::{self, Schedule, Seal, SealKeys};
use crate::limits;
use crate::oidc::applications::Applications;
use crate::oidc::client_keys::PublishedKeys;
use crate::oidc::documents::Documents;
use crate::oidc::keys::Keys;
use crate::oidc::token_cache::TokenCache;
use crate::passkeys::RelyingParty;
use crate::people::Finder;
use crate::places::Places;
use crate::refusals::Refusals;
use crate::secret_uses::SecretUses;
use crate::settings::{Issuer, Lifetimes};
use crate::startup;
use crate::store;
use crate::usage::Counted;
use crate::verification::Verification;

/// Everything a request may need. One per process; handlers hold it as `Arc<App>`.
pub struct App {
    /// Who we are to the world.
    pub issuer: Issuer,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// The tenant's database.
    pub db: Db,
    /// Seals columns and makes keyed hashes.
    pub keyring: Keyring,
    /// The seal key, which wraps the keyring's.
    pub seal: Seal,
    /// Signing keys and the JWKS.
    pub keys: Keys,
    /// When keys are rotated.
    pub rotation: Schedule,
    /// Held by whoever changes keys: one at a time.
    pub custody: Mutex<()>,
    /// Rung when data keys were rotated, so that resealing begins at once.
    pub reseal: Notify,
    /// The applications, in memory; refreshed after each administrative write.
    pub applications: Applications,
    /// Keys that applications publish, as they were read.
    pub published_keys: PublishedKeys,
    /// Outside identity providers, in memory; refreshed after each administrative write.
    pub connections: Connections,
    /// Tokens of our own whose signature was checked before.
    pub tokens: TokenCache,
    /// Discovery documents, serialised once.
    pub documents: Documents,
    /// The tenant's settings, in memory; refreshed after each administrative write.
    pub tenant: TenantSettings,
    /// How pages and mails look, in memory; refreshed after each administrative write.
    pub branding: Branding,
    /// Fields that the tenant adds to profiles, in memory; refreshed after each administrative write.
    pub fields: Fields,
    /// The way out for mail.
    pub mailer: Mailer,
    /// The way out to hosts outside, such as identity providers. There is no other: see [`Egress`] for its use.
    pub outbound: Egress,
    /// Rung when an outbox row was committed, so that the mail leaves at once.
    pub outbox_filled: Notify,
    /// Rings when an application is to be told that a session ended.
    pub logouts: Bell,
    /// Finds people by part of a name or address, in memory alone.
    pub people: Finder,
    /// Rung when an import of people was put into the queue.
    pub imports: Notify,
    /// Burst limits by network.
    pub limits: Limits,
    /// Networks that abuse comes from, in memory; refreshed after each administrative write.
    pub blocklists: Blocklists,
    /// Checks the control plane's assertions; `None` without an admin socket.
    pub admin: Option<Verifier>,
    /// Who we are to authenticators.
    pub passkeys: RelyingParty,
    /// Which country an address is in, where a local file says so.
    pub places: Places,
    /// Who was counted today.
    pub counted: Arc<Counted>,
    /// What applications were refused since it was last written down.
    pub refusals: Refusals,
    /// Which secrets of applications were used since it was last written down.
    pub secret_uses: SecretUses,
    /// The walk along the audit log that is under way, and what the last one found.
    pub verification: Verification,
    /// Makes slow hashes, few at a time.
    pub slow: Slow,
    /// Signs checkpoints of the audit log; not a key that applications see.
    pub checkpoints: CheckpointKey,
    /// What the process took from itself before it served.
    pub isolation: Vec<api::Measure>,
}

/// What [`App::start`] is made of: the parts that differ between production and tests.
pub struct Parts {
    /// Who we are to the world.
    pub issuer: Issuer,
    /// The tenant's name, used at the first start only.
    pub name: String,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// The opened database.
    pub db: Db,
    /// The tenant's seal key, and the next one while it is being rotated.
    pub seal_key: SealKeys,
    /// The way out for mail.
    pub mailer: Mailer,
    /// The way out to hosts outside.
    pub outbound: Egress,
    /// Checks the control plane's assertions.
    pub admin: Option<Verifier>,
    /// Which country an address is in.
    pub places: Places,
    /// What the process took from itself before it served.
    pub isolation: Vec<api::Measure>,
}

/// The tenant's settings in memory.
pub struct TenantSettings {
    current: RwLock<Arc<api::Settings>>,
    /// One reads at a time, so that what was read first is never put in last.
    reading: Mutex<()>,
}

impl TenantSettings {
    /// Holds `settings`.
    pub fn new(settings: api::Settings) -> Self {
        Self { current: RwLock::new(Arc::new(settings)), reading: Mutex::default() }
    }

    /// The settings as they are now.
    pub fn current(&self) -> Arc<api::Settings> {
        self.current.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Reads them again, after one was changed, and gives them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self, db: &Db) -> Result<Arc<api::Settings>, Internal> {
        let _turn = self.reading.lock().await;
        let stored = store::settings::all(&mut db.read().await?).await?;
        self.replace(store::settings::choices(&stored));
        Ok(self.current())
    }

    /// Replaces them.
    pub fn replace(&self, settings: api::Settings) {
        *self.current.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(settings);
    }
}

impl App {
    /// Puts the program together: migrates, opens or makes the data keys, loads or makes the signing
    /// keys, reads applications and settings. RSA follows in the background.
    ///
    /// # Errors
    /// In one line what is wrong with the database, the seal key or the issuer.
    pub async fn start(parts: Parts) -> Result<Arc<Self>, startup::Refused> {
        let Parts { issuer, name, clock, entropy, db, seal_key, mailer, outbound, admin, places, isolation } = parts;
        let lifetimes = Lifetimes::default();
        let (keyring, seal, logouts, changed) = startup::open_and_rewrap(&db, &seal_key, &clock, &entropy).await?;
        let tenant = startup::settings(&db, &issuer, &name, &clock).await?;
        let passkeys = startup::relying_party(&db, &issuer, &clock).await?;
        let keys = keys::signing::load(&db, &keyring, (&clock, &entropy)).await?;
        let checkpoints = CheckpointKey::open(&db, &keyring, &entropy, &clock).await?;
        let connections = Connections::load(&db).await?;
        let applications = Applications::load(&db, issuer.as_str()).await?;
        let blocklists = Blocklists::load(&db, &keyring).await?;
        let branding = Branding::load(&db).await?;
        let fields = Fields::load(&db).await?;
        let app = Arc::new(Self {
            branding,
            fields,
            documents: Documents::new(&issuer)?,
            issuer,
            rotation: keys::signing::usual(&lifetimes),
            lifetimes,
            seal,
            custody: Mutex::new(()),
            reseal: Notify::new(),
            limits: Limits::new(&clock, limits::RULES),
            tenant: TenantSettings::new(tenant),
            tokens: TokenCache::default(),
            outbox_filled: Notify::new(),
            logouts,
            people: Finder::new(changed),
            imports: Notify::new(),
            clock,
            entropy,
            db,
            keyring,
            keys,
            applications,
            published_keys: PublishedKeys::default(),
            connections,
            blocklists,
            mailer,
            outbound,
            admin,
            places,
            passkeys,
            checkpoints,
            isolation,
            slow: Slow::default(),
            counted: Arc::default(),
            verification: Verification::default(),
            refusals: Refusals::default(),
            secret_uses: SecretUses::default(),
        });
        startup::complete_keys(&app);
        Ok(app)
    }

    /// How cookies are named and marked: `__Host-` and Secure for https issuers.
    pub fn cookies(&self) -> Policy {
        Policy::for_issuer(self.issuer.as_str())
    }

    /// Reads the applications again, after one was changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh_applications(&self) -> Result<(), Internal> {
        self.applications.refresh(&self.db).await?;
        self.published_keys.keep_only(|id| self.applications.find(&id.to_string()).is_some());
        Ok(())
    }
}
