//! A browser: cookies, and forms as people send them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{HeaderName, header};
use polder_kernel::Timestamp;
use polder_tenant_api::{SessionId, UserId};
use polder_tenant_runtime::App;
use polder_tenant_runtime::error::Internal;
use polder_tenant_runtime::model::Session;
use polder_tenant_runtime::signin::session::Lifetimes;
use polder_tenant_runtime::store::sessions::{self, Metadata};

use super::{Answer, Client, ISSUER, World};

/// A browser with its cookies.
#[derive(Clone)]
pub struct Browser {
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Browser {
    pub fn new(_: &World) -> Self {
        Self { cookies: Arc::default() }
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Follows a link.
    pub async fn get(&self, world: &World, target: &str) -> Answer {
        let cookies = self.header();
        let answer = self.keep(world.get(target, &[(header::COOKIE, &cookies)]).await);
        self.past_the_offer(world, target, answer).await
    }

    /// Sends a form of our own page.
    pub async fn post(&self, world: &World, target: &str, form: &[(&str, &str)]) -> Answer {
        let cookies = self.header();
        let site = HeaderName::from_static("sec-fetch-site");
        let headers = [(header::COOKIE, cookies.as_str()), (header::ORIGIN, ISSUER), (site, "same-origin")];
        let answer = self.keep(world.post(target, &headers, form).await);
        self.past_the_offer(world, target, answer).await
    }

    /// Says "not now" where a passkey is offered after a proof, and goes on.
    async fn past_the_offer(&self, world: &World, from: &str, answer: Answer) -> Answer {
        let flow =
            answer.header("location").filter(|to| from.starts_with("/signin/") && to.starts_with("/signin?flow="));
        let Some(flow) = flow else { return answer };
        let cookies = self.header();
        let page = world.get(flow, &[(header::COOKIE, &cookies)]).await;
        let Some(fields) = later(&page.text()) else { return answer };
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let site = HeaderName::from_static("sec-fetch-site");
        let headers = [(header::COOKIE, cookies.as_str()), (header::ORIGIN, ISSUER), (site, "same-origin")];
        self.keep(world.post("/signin/offer/skip", &headers, &fields).await)
    }

    /// Sends a form of somebody else's page: `SameSite=Lax` cookies stay at home.
    pub async fn post_from_elsewhere(&self, world: &World, target: &str, form: &[(&str, &str)]) -> Answer {
        let site = HeaderName::from_static("sec-fetch-site");
        let headers = [(header::ORIGIN, "https://app.example"), (site, "cross-site")];
        self.keep(world.post(target, &headers, form).await)
    }

    /// Gives this browser a live session of a person, as a sign-in would.
    pub async fn sign_in(&self, world: &World, user: UserId) -> SessionId {
        let app = Arc::clone(&world.app);
        let value = app.entropy.token();
        self.set_cookie("session", value.expose());
        let session = session(&app, user);
        let id = session.id;
        let work = world.app.db.write(move |tx| {
            Box::pin(async move {
                let hash = sessions::cookie_hash(&app.keyring, &value);
                sessions::start(tx, &app.keyring, &session, &hash, &Metadata::default()).await?;
                Ok::<_, Internal>(())
            })
        });
        work.await.unwrap();
        id
    }

    /// A code for this application, without a page.
    pub async fn code(&self, world: &World, client: &Client) -> String {
        self.code_with(world, client, &[]).await
    }

    /// A code for a changed request.
    pub async fn code_with(&self, world: &World, client: &Client, changes: &[(&str, &str)]) -> String {
        let answer = self.get(world, &client.authorize(changes)).await;
        answer.parameter("code").unwrap_or_else(|| panic!("no code: {}", answer.location()))
    }

    /// Tokens for this application.
    pub async fn tokens(&self, world: &World, client: &Client) -> Answer {
        let code = self.code(world, client).await;
        let answer = client.redeem(world, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }

    fn header(&self) -> String {
        let pairs: Vec<_> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep(&self, answer: Answer) -> Answer {
        let mut jar = self.cookies.lock().unwrap();
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        drop(jar);
        answer
    }
}

/// The hidden fields of the form that puts a passkey off.
fn later(page: &str) -> Option<Vec<(String, String)>> {
    let document = scraper::Html::parse_document(page);
    let form = scraper::Selector::parse("form[action=\"/signin/offer/skip\"]").unwrap();
    let form = document.select(&form).next()?;
    let hidden = scraper::Selector::parse("input[type=hidden]").unwrap();
    let attribute = |input: scraper::ElementRef<'_>, name: &str| input.attr(name).unwrap_or_default().to_owned();
    Some(form.select(&hidden).map(|it| (attribute(it, "name"), attribute(it, "value"))).collect())
}

fn session(app: &App, user: UserId) -> Session {
    let (now, lifetimes) = (app.clock.now(), Lifetimes::of(&app.tenant.current()));
    let at = |from: Timestamp, for_: std::time::Duration| from + for_;
    Session {
        id: SessionId::new(&app.clock, &app.entropy),
        user_id: user,
        acr: "urn:polder:acr:email".to_owned(),
        amr: vec!["otp".to_owned()],
        proved_in: None,
        chosen_in: None,
        created_at: now,
        authenticated_at: now,
        last_seen_at: now,
        idle_expires_at: at(now, lifetimes.idle),
        expires_at: at(now, lifetimes.absolute),
        ended_at: None,
    }
}
