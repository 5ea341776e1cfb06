//! A whole tenant as production has it, with a clock that tests move and a mailbox they read.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http_body_util::BodyExt;
use polder_crypto::{Algorithm, Jwk, Jwks, SealKey, SigningKey, Verifier};
use polder_db::Db;
use polder_db::testing::{TestDatabase, postgres, sqlite};
use polder_kernel::{Clock, Email, Entropy, Timestamp};
use polder_outbound::{Egress, Mail, Mailer};
use polder_service::TrustedProxy;
use polder_tenant_api::{Access, Application, ApplicationType, NewApplication, NewUser, ProofOfWork, SignUp, UserId};
use polder_tenant_runtime::app::{App, Parts};
use polder_tenant_runtime::keys::SealKeys;
use polder_tenant_runtime::places::Places;
use polder_tenant_runtime::{admin, jobs, router, store};
use tower::ServiceExt;

/// The issuer of most tests: https, as in production.
pub const ISSUER: &str = "https://login.example.test";
/// Where the test application lives.
pub const CALLBACK: &str = "https://app.example.test/callback";

/// A running tenant.
pub struct Tenant {
    /// The program.
    pub app: Arc<App>,
    /// The hand of its clock.
    pub clock: Clock,
    /// The control plane's key.
    pub admin_key: SigningKey,
    /// An application that everyone may use.
    pub client_id: String,
    /// What opens its data keys.
    pub seal: SealKeys,
    /// Kept until the test is over.
    pub database: TestDatabase,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: String,
}

impl Tenant {
    /// A tenant on a fresh database.
    pub async fn start() -> Self {
        Self::start_as(ISSUER).await
    }

    /// A tenant with another issuer.
    pub async fn start_as(issuer: &str) -> Self {
        Self::start_at(issuer, Places::default()).await
    }

    /// A tenant that knows where addresses are.
    pub async fn start_with(places: Places) -> Self {
        Self::start_at(ISSUER, places).await
    }

    async fn start_at(issuer: &str, places: Places) -> Self {
        let database = database().await;
        let clock = Clock::manual(Timestamp::from_seconds(1_795_248_000));
        let entropy = Entropy::System;
        let (admin_key, _) = SigningKey::generate(Algorithm::EdDsa, &entropy).unwrap();
        let seal = SealKeys::from(SealKey::generate(&entropy));
        let app = begin(issuer, &clock, (&database.db, &seal), (&admin_key, places)).await;
        let mut tenant = Self { app, clock, admin_key, client_id: String::new(), seal, database };
        tenant.client_id = tenant.application(web("Coach", Access::Everyone)).await.client_id.to_string();
        tenant
    }

    /// The same tenant after its process ended and another was started on its data.
    pub async fn restart(&mut self) {
        let issuer = self.app.issuer.as_str().to_owned();
        self.app.db.close().await;
        self.database.db = Db::open(&self.database.location, 4).await.unwrap();
        self.app =
            begin(&issuer, &self.clock, (&self.database.db, &self.seal), (&self.admin_key, Places::default())).await;
    }

    /// Registers an application, as the admin API does.
    pub async fn application(&self, new: NewApplication) -> Application {
        let application = admin::registration::accept(&self.app, new).ok().unwrap();
        let stored = application.clone();
        let added = self.app.db.write(move |tx| {
            Box::pin(async move {
                store::applications::add(tx, &stored).await?;
                Ok::<_, polder_db::Error>(())
            })
        });
        added.await.unwrap();
        self.app.refresh_applications().await.unwrap();
        admin::views::application(&application)
    }

    /// Adds a person.
    pub async fn person(&self, new: NewUser) -> UserId {
        let id = UserId::new(&self.clock, &Entropy::System);
        let (app, email): (_, Email) = (Arc::clone(&self.app), new.email.parse().unwrap());
        let added = self.app.db.write(move |tx| {
            Box::pin(async move {
                let now = app.clock.now();
                let user = store::users::NewUser {
                    id,
                    email: &email,
                    email_verified_at: None,
                    name: new.name.as_deref(),
                    locale: new.locale,
                };
                assert!(store::users::create(tx, &app.keyring, &user, now).await?);
                store::users::set_roles(tx, id, &new.roles).await
            })
        });
        added.await.unwrap();
        id
    }

    /// Stops a person.
    pub async fn disable(&self, id: UserId) {
        let now = self.clock.now();
        let work = self.app.db.write(move |tx| {
            Box::pin(async move {
                store::users::set_disabled(tx, id, Some(now), now).await?;
                store::sessions::end_all_of(tx, id, "test", now).await.map(|_| ())
            })
        });
        work.await.unwrap();
    }

    /// Closes sign-up.
    pub fn close_sign_up(&self) {
        let mut settings = (*self.app.tenant.current()).clone();
        settings.sign_up = SignUp::Closed;
        self.app.tenant.replace(settings);
    }

    /// Has work asked for by risk, always or never.
    pub fn asks_for_work(&self, when: ProofOfWork) {
        let mut settings = (*self.app.tenant.current()).clone();
        settings.proof_of_work = when;
        self.app.tenant.replace(settings);
    }

    /// Sends a request through the public router, as the gateway would.
    pub async fn public(&self, request: Request) -> Answer {
        read(router::public(&self.app, TrustedProxy::Gateway).oneshot(request).await.unwrap()).await
    }

    /// Sends a request to the admin socket.
    pub async fn admin(&self, request: Request) -> Answer {
        read(router::admin(&self.app).oneshot(request).await.unwrap()).await
    }

    /// Sends what is due and gives every mail so far, oldest first.
    pub async fn mails(&self) -> Vec<Mail> {
        jobs::outbox::round(&self.app).await.unwrap();
        self.app.mailer.captured()
    }

    /// The newest code mailed to `address`.
    pub async fn code_for(&self, address: &str) -> Option<String> {
        let mails = self.mails().await;
        mails.iter().rev().filter(|mail| mail.to.as_str() == address).find_map(|mail| code_in(&mail.text))
    }

    /// Rows of a table.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.app.db.read().await.unwrap();
        tx.optional(sql, &[], |row| row.int("n")).await.unwrap().unwrap()
    }

    /// How often an action is in the audit log.
    pub async fn audited(&self, action: &str) -> usize {
        let filter = polder_audit::Filter { action: Some(action.to_owned()), ..Default::default() };
        let mut tx = self.app.db.read().await.unwrap();
        polder_audit::list(&mut tx, &filter, None, 10_000).await.unwrap().len()
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

async fn begin(
    issuer: &str,
    clock: &Clock,
    (db, seal): (&Db, &SealKeys),
    (admin_key, places): (&SigningKey, Places),
) -> Arc<App> {
    let parts = Parts {
        issuer: issuer.parse().unwrap(),
        name: "Practice".to_owned(),
        clock: clock.clone(),
        entropy: Entropy::System,
        db: db.clone(),
        seal_key: seal.clone(),
        mailer: Mailer::capturing(),
        outbound: Egress::direct(true).unwrap(),
        admin: Some(verifier(admin_key.public_jwk())),
        places,
        isolation: Vec::new(),
    };
    App::start(parts).await.unwrap()
}

/// SQLite, and PostgreSQL where this suite is built a second time for it and there is a server.
async fn database() -> TestDatabase {
    if env!("CARGO_CRATE_NAME") == "signin_postgres"
        && let Some(database) = postgres().await
    {
        return database;
    }
    sqlite().await
}

/// A web application with a secret.
pub fn web(name: &str, access: Access) -> NewApplication {
    NewApplication {
        jwks: None,
        name: name.to_owned(),
        profile: Default::default(),
        kind: ApplicationType::Web,
        redirect_uris: vec![CALLBACK.to_owned()],
        post_logout_redirect_uris: Vec::new(),
        grant_types: None,
        token_endpoint_auth_method: None,
        third_party: false,
        access,
        preferences: Default::default(),
    }
}

/// A person to add.
pub fn person(email: &str, name: Option<&str>, roles: &[&str]) -> NewUser {
    NewUser {
        email: email.to_owned(),
        name: name.map(str::to_owned),
        locale: None,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        fields: Default::default(),
        invite: false,
    }
}

/// The eight digits that stand by themselves.
pub fn code_in(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| !c.is_ascii_digit());
    words.find(|word| word.len() == 8).map(str::to_owned)
}

fn verifier(jwk: &Jwk) -> Verifier {
    Verifier::new(&Jwks { keys: vec![jwk.clone()] })
}

async fn read(response: Response) -> Answer {
    let (parts, body): (_, Body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// Every `Set-Cookie`.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect()
    }
}
