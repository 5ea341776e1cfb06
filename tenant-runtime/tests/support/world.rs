//! A tenant, started on a fresh database.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderName, Method, Request, header};
use http_body_util::BodyExt;
use polder_crypto::{Algorithm, SealKey, SigningKey};
use polder_db::Db;
use polder_db::testing::{TestDatabase, databases};
use polder_kernel::{Clock, Email, Entropy, Secret, Timestamp};
use polder_outbound::{Egress, Mailer};
use polder_service::TrustedProxy;
use polder_service::stack::Stacked;
use polder_tenant_api::UserId;
use polder_tenant_runtime::app::{App, Parts};
use polder_tenant_runtime::error::Internal;
use polder_tenant_runtime::keys::{SealKeys, signing};
use polder_tenant_runtime::places::Places;
use polder_tenant_runtime::store::users::{self, NewUser};
use polder_tenant_runtime::{router, startup};
use tower::ServiceExt;

use super::{Answer, Browser};

/// The issuer of every tenant in these tests: development, so cookies have plain names.
pub const ISSUER: &str = "http://practice.localhost:8600";

/// A running tenant.
pub struct World {
    pub app: Arc<App>,
    pub clock: Clock,
    pub service: Stacked<Router>,
    pub database: TestDatabase,
    /// What the next start opens the data keys with.
    pub seal: SealKeys,
    starts: u64,
}

/// Runs a test on every kind of database there is.
pub async fn on_each<F, R>(test: F)
where
    F: Fn(World) -> R,
    R: Future<Output = ()>,
{
    for database in databases().await {
        test(World::start(database).await).await;
    }
}

/// Making a 3072-bit key takes longer than most tests: one serves them all.
pub fn rsa() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(Algorithm::Rs256, &Entropy::System).unwrap().1.expose().clone())
}

impl World {
    /// A tenant on this database, always with the same chance.
    pub async fn start(database: TestDatabase) -> Self {
        let clock = Clock::manual(Timestamp::from_seconds(1_795_248_000));
        let seal = SealKeys::from(SealKey::generate(&Entropy::System));
        let keyring = startup::open_database(&database.db, &seal, &clock, &Entropy::System).await.unwrap();
        let key = SigningKey::from_pkcs8(Algorithm::Rs256, rsa()).unwrap();
        let stored = signing::sealed(&key, &Secret::new(rsa().to_vec()), &keyring, clock.now());
        signing::add(&database.db, stored).await.unwrap();
        let app = start(&database.db, &seal, &clock, 0).await;
        Self { service: router::public(&app, TrustedProxy::Gateway), app, clock, database, seal, starts: 0 }
    }

    /// The same tenant after its process ended and another was started on its data.
    pub async fn restart(&mut self) {
        self.app.db.close().await;
        self.database.db = Db::open(&self.database.location, 4).await.unwrap();
        self.starts += 1;
        self.app = start(&self.database.db, &self.seal, &self.clock, self.starts).await;
        self.service = router::public(&self.app, TrustedProxy::Gateway);
    }

    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A person with a proved address and a name.
    pub async fn user(&self, email: &str) -> UserId {
        let id = UserId::new(&self.app.clock, &self.app.entropy);
        let (email, app): (Email, _) = (email.parse().unwrap(), Arc::clone(&self.app));
        let work = self.app.db.write(move |tx| {
            Box::pin(async move {
                let now = app.clock.now();
                let user =
                    NewUser { id, email: &email, email_verified_at: Some(now), name: Some("Ann Smit"), locale: None };
                Ok::<_, Internal>(users::create(tx, &app.keyring, &user, now).await?)
            })
        });
        assert!(work.await.unwrap(), "the address is free");
        id
    }

    /// Stops or starts a person.
    pub async fn set_disabled(&self, user: UserId, disabled: bool) {
        let now = self.clock.now();
        let work = self.app.db.write(move |tx| {
            Box::pin(async move {
                users::set_disabled(tx, user, disabled.then_some(now), now).await?;
                Ok::<_, Internal>(())
            })
        });
        work.await.unwrap();
    }

    /// Gives a person these roles and no others.
    pub async fn set_roles(&self, user: UserId, roles: &[&str]) {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        let work = self.app.db.write(move |tx| {
            Box::pin(async move {
                users::set_roles(tx, user, &roles).await?;
                Ok::<_, Internal>(())
            })
        });
        work.await.unwrap();
    }

    /// The number `n` that a query gives.
    pub async fn rows(&self, sql: &'static str) -> i64 {
        let mut tx = self.app.db.read().await.unwrap();
        tx.optional(sql, &[], |row| row.int("n")).await.unwrap().unwrap()
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self)
    }

    /// Sends a request as it is, with the right host unless it names one.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        if !request.headers().contains_key(header::HOST) {
            let host = http::HeaderValue::from_static("practice.localhost:8600");
            request.headers_mut().insert(header::HOST, host);
        }
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub async fn get(&self, target: &str, headers: &[(HeaderName, &str)]) -> Answer {
        self.send(request(Method::GET, target, headers, String::new())).await
    }

    /// Posts a form.
    pub async fn post(&self, target: &str, headers: &[(HeaderName, &str)], form: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).unwrap();
        let mut request = request(Method::POST, target, headers, body);
        let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(header::CONTENT_TYPE, form);
        self.send(request).await
    }
}

pub fn request(method: Method, target: &str, headers: &[(HeaderName, &str)], body: String) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    request.body(Body::from(body)).unwrap()
}

async fn start(db: &Db, seal: &SealKeys, clock: &Clock, starts: u64) -> Arc<App> {
    App::start(Parts {
        issuer: ISSUER.parse().unwrap(),
        name: "Practice".to_owned(),
        clock: clock.clone(),
        entropy: Entropy::seeded(7 + starts),
        db: db.clone(),
        seal_key: seal.clone(),
        mailer: Mailer::capturing(),
        outbound: Egress::direct(true).unwrap(),
        admin: None,
        places: Places::default(),
        isolation: Vec::new(),
    })
    .await
    .unwrap_or_else(|refused| panic!("{refused}"))
}
