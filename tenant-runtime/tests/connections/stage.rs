//! A tenant with a connection to the provider, and a browser that goes there and back.

use std::sync::Arc;

use polder_crypto::TotpSecret;
use polder_tenant_api::UserId;
use polder_tenant_api::connections::{ConnectionConfiguration, NewConnection, Provider};
use polder_tenant_runtime::admin::connecting;
use polder_tenant_runtime::model::Connection;
use polder_tenant_runtime::{jobs, store};
use serde_json::{Value, json};
use url::Url;

use crate::connections::upstream::{CLIENT_ID, CLIENT_SECRET, Signer, Upstream};
use crate::support::client::web;
use crate::support::{Answer, Browser, Client, World};

/// A tenant, an application, a provider and a connection to it.
pub struct Stage {
    pub world: World,
    pub client: Client,
    pub upstream: Upstream,
    pub connection: Connection,
}

/// A sign-in that was handed to the provider.
#[derive(Clone, Debug)]
pub struct Begun {
    pub url: Url,
    pub state: String,
    pub nonce: String,
    /// The page of the flow.
    pub flow: String,
}

impl Stage {
    pub async fn set(world: World) -> Self {
        Self::set_as(world, |_| {}).await
    }

    /// With a changed connection.
    pub async fn set_as(world: World, change: impl FnOnce(&mut ConnectionConfiguration)) -> Self {
        let upstream = Upstream::start(1).await;
        let client = world.application(web()).await;
        let connection = openid(&world, &upstream, change).await;
        Self { world, client, upstream, connection }
    }

    /// Asks for a code and follows the button of the connection.
    pub async fn begin(&self, browser: &Browser) -> Begun {
        self.begin_at(browser, &self.connection, &[]).await
    }

    pub async fn begin_at(&self, browser: &Browser, connection: &Connection, changes: &[(&str, &str)]) -> Begun {
        let flow = browser.get(&self.world, &self.client.authorize(changes)).await;
        let flow = flow.header("location").unwrap().to_owned();
        let page = browser.get(&self.world, &flow).await;
        assert_eq!(page.status, 200, "{}", page.text());
        self.go_on(browser, connection, flow).await
    }

    /// Follows the button of a connection on the page of a flow.
    pub async fn go_on(&self, browser: &Browser, connection: &Connection, flow: String) -> Begun {
        let handle = flow.split_once('=').unwrap().1.to_owned();
        let answer = browser.get(&self.world, &format!("/signin/with/{}?flow={handle}", connection.id)).await;
        let url = answer.location();
        let parameter = |name: &str| {
            let found = url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
            found.unwrap_or_default()
        };
        let (state, nonce, challenge) = (parameter("state"), parameter("nonce"), parameter("code_challenge"));
        assert_eq!(parameter("code_challenge_method"), "S256");
        assert_eq!(parameter("redirect_uri"), connection.redirect_uri("http://practice.localhost:8600"));
        self.upstream.set(|mood| mood.challenge = challenge);
        Begun { url, state, nonce, flow }
    }

    /// Has the provider vouch for this subject, with changes to the claims; null takes one away.
    pub fn vouch(&self, begun: &Begun, subject: &str, changes: &Value) {
        let now = self.world.clock.now().seconds();
        let mut claims = json!({
            "iss": self.upstream.issuer, "aud": CLIENT_ID, "sub": subject, "nonce": begun.nonce, "iat": now,
            "exp": now + 300, "email": format!("{subject}@upstream.example"), "email_verified": true, "name": "Ann Smit",
        });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        self.upstream.set(|mood| mood.claims = claims);
    }

    /// Where the provider's answer goes.
    pub fn callback(&self, begun: &Begun) -> String {
        self.callback_of(&self.connection, &[("code", "c-1"), ("state", &begun.state), ("iss", &self.upstream.issuer)])
    }

    pub fn callback_of(&self, connection: &Connection, parameters: &[(&str, &str)]) -> String {
        format!("{}?{}", connection.callback_path(), serde_urlencoded::to_string(parameters).unwrap())
    }

    /// A whole sign-in with this subject: what the callback answers.
    pub async fn sign_in(&self, browser: &Browser, subject: &str) -> Answer {
        let begun = self.begin(browser).await;
        self.vouch(&begun, subject, &json!({}));
        browser.get(&self.world, &self.callback(&begun)).await
    }

    /// Connects an account to a person, by the way they would: provider, code, "connect".
    pub async fn connect(&self, email: &str, subject: &str) {
        let browser = self.world.browser();
        let flow = self.sign_in(&browser, subject).await.header("location").unwrap().to_owned();
        self.prove(&browser, &flow, email).await;
        let page = browser.get(&self.world, &flow).await;
        let answer = submit(&self.world, &browser, &page, "connect-form", &[]).await;
        assert!(answer.location().as_str().starts_with("https://app.example/cb?"), "{}", answer.text());
    }

    /// Proves an address on the pages of a flow.
    pub async fn prove(&self, browser: &Browser, flow: &str, email: &str) -> Answer {
        let page = browser.get(&self.world, flow).await;
        // Nobody types as fast as a program does.
        self.world.pass(3);
        submit(&self.world, browser, &page, "email-form", &[("email", email)]).await;
        let code = self.code_for(email).await.expect("a code was mailed");
        let page = browser.get(&self.world, flow).await;
        submit(&self.world, browser, &page, "code-form", &[("code", &code)]).await
    }

    /// The code in the newest mail to an address.
    pub async fn code_for(&self, email: &str) -> Option<String> {
        jobs::outbox::round(&self.world.app).await.unwrap();
        let mails = self.world.app.mailer.captured();
        let mail = mails.iter().rev().find(|mail| mail.to.as_str() == email && mail.text.contains("code"))?;
        let mut words = mail.text.split(|c: char| !c.is_ascii_digit());
        words.find(|word| word.len() == 8).map(str::to_owned)
    }

    /// Gives a person an authenticator app that has shown no code yet.
    pub async fn authenticator_app(&self, user: UserId) -> TotpSecret {
        let app = Arc::clone(&self.world.app);
        let secret = TotpSecret::generate(&app.entropy);
        let kept = secret.clone();
        let work = self.world.app.db.write(move |tx| {
            Box::pin(async move {
                let now = app.clock.now();
                let before = TotpSecret::step_at(now) - 1;
                store::totp_factors::put(tx, &app.keyring, user, &kept, (before, now)).await
            })
        });
        work.await.unwrap();
        secret
    }

    /// The code an authenticator app shows now.
    pub fn app_code(&self, secret: &TotpSecret) -> String {
        secret.code(TotpSecret::step_at(self.world.clock.now())).expose().clone()
    }

    /// How many are signed in.
    pub async fn sessions(&self) -> i64 {
        self.world.rows("SELECT COUNT(*) AS n FROM session").await
    }

    /// Nobody was signed in, and no person was made or connected.
    #[track_caller]
    pub fn nobody(&self, answer: &Answer, browser: &Browser) {
        assert!(answer.headers.get("location").is_none() || !answer.location().as_str().contains("code="), "a code");
        assert_eq!(browser.cookie("session"), None, "{}", answer.text());
    }

    pub async fn people(&self) -> i64 {
        self.world.rows("SELECT COUNT(*) AS n FROM user_account").await
    }

    pub async fn connected(&self) -> i64 {
        self.world.rows("SELECT COUNT(*) AS n FROM connected_account").await
    }
}

/// A connection to an OpenID Provider.
pub async fn openid(
    world: &World,
    upstream: &Upstream,
    change: impl FnOnce(&mut ConnectionConfiguration),
) -> Connection {
    let mut configuration =
        ConnectionConfiguration { issuer: Some(upstream.issuer.clone()), ..ConnectionConfiguration::default() };
    change(&mut configuration);
    add(world, Provider::Oidc, configuration).await
}

/// Makes a connection, as the admin API does.
pub async fn add(world: &World, provider: Provider, configuration: ConnectionConfiguration) -> Connection {
    let new = NewConnection {
        provider,
        name: Some("Upstream".to_owned()),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(CLIENT_SECRET.to_owned().into()),
        configuration,
    };
    let connection = connecting::accept(&world.app, new).expect("a connection that may be made");
    let (app, stored) = (Arc::clone(&world.app), connection.clone());
    let work = world.app.db.write(move |tx| {
        Box::pin(async move { store::connections::add(tx, &app.keyring, &stored, Some(CLIENT_SECRET), 32).await })
    });
    assert!(work.await.unwrap());
    world.app.connections.refresh(&world.app.db).await.unwrap();
    connection
}

/// Sends a form of a page as it stands there, with further fields.
pub async fn submit(world: &World, browser: &Browser, page: &Answer, id: &str, fields: &[(&str, &str)]) -> Answer {
    let (action, hidden) = form(page, id).unwrap_or_else(|| panic!("no {id} in {}", page.text()));
    let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend(fields);
    browser.post(world, &action, &all).await
}

/// Where a form goes, and its hidden fields.
pub fn form(page: &Answer, id: &str) -> Option<(String, Vec<(String, String)>)> {
    let document = scraper::Html::parse_document(&page.text());
    let form = document.select(&scraper::Selector::parse(&format!("form#{id}")).unwrap()).next()?;
    let hidden = scraper::Selector::parse("input[type=hidden]").unwrap();
    let attribute = |input: scraper::ElementRef<'_>, name: &str| input.attr(name).unwrap_or_default().to_owned();
    let fields = form.select(&hidden).map(|input| (attribute(input, "name"), attribute(input, "value"))).collect();
    Some((form.attr("action").unwrap().to_owned(), fields))
}

/// Signs with something else.
pub fn signed_by(stage: &Stage, signer: Signer) {
    stage.upstream.set(|mood| mood.signer = signer);
}
