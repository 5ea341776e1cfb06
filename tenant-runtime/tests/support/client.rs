//! An application, as its developer would write it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, header};
use polder_kernel::encoding::base64url;
use polder_protocol::registration::{self, Wish};
use polder_protocol::{ApplicationType, AuthMethod, Profile};
use polder_tenant_api::{Access, ApplicationId, Preferences};
use polder_tenant_runtime::error::Internal;
use polder_tenant_runtime::model::Application;
use polder_tenant_runtime::store;
use polder_tenant_runtime::store::applications::NewSecret;

use super::{Answer, World};

pub const REDIRECT: &str = "https://app.example/cb";
pub const AFTERWARDS: &str = "https://app.example/bye";
/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// How an application proves itself: headers and fields.
pub type Credentials = (Vec<(HeaderName, String)>, Vec<(&'static str, String)>);

/// A registered application.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: String,
    pub secret: Option<String>,
    pub method: AuthMethod,
    pub redirect_uri: String,
}

/// What a test may choose about its application.
#[derive(Clone, Debug)]
pub struct Choice {
    pub wish: Wish,
    pub secret: String,
    pub id_token_alg: Option<&'static str>,
    pub access: Access,
    pub backchannel_logout_uri: Option<String>,
}

/// A web application with a secret.
pub fn web() -> Choice {
    let wish = Wish {
        kind: ApplicationType::Web,
        redirect_uris: vec![REDIRECT.to_owned()],
        post_logout_redirect_uris: vec![AFTERWARDS.to_owned()],
        grant_types: None,
        auth_method: None,
        scopes: Vec::new(),
        audience: None,
    };
    Choice {
        wish,
        secret: "a-secret-of-the-web-application".into(),
        id_token_alg: Some("ES256"),
        access: Access::Everyone,
        backchannel_logout_uri: None,
    }
}

/// A single-page application.
pub fn spa() -> Choice {
    let mut choice = web();
    choice.wish.kind = ApplicationType::Spa;
    choice
}

/// A native application with a loopback redirect.
pub fn native() -> Choice {
    let mut choice = web();
    choice.wish.kind = ApplicationType::Native;
    choice.wish.redirect_uris = vec!["http://127.0.0.1/cb".to_owned()];
    choice
}

/// A service.
pub fn machine() -> Choice {
    let mut choice = web();
    choice.wish.kind = ApplicationType::Machine;
    choice.wish.redirect_uris = Vec::new();
    choice.wish.post_logout_redirect_uris = Vec::new();
    choice.wish.scopes = vec!["read".to_owned(), "write".to_owned()];
    choice
}

impl World {
    /// Registers an application.
    pub async fn application(&self, choice: Choice) -> Client {
        let accepted = registration::check(&choice.wish, true).unwrap();
        let id = ApplicationId::new(&self.app.clock, &self.app.entropy);
        let preferences = Preferences {
            id_token_signed_response_alg: choice.id_token_alg.map(str::to_owned),
            scopes: choice.wish.scopes.clone(),
            audience: choice.wish.audience.clone(),
            backchannel_logout_uri: choice.backchannel_logout_uri.clone(),
            ..Preferences::default()
        };
        let client = polder_protocol::Client {
            id: id.to_string(),
            kind: choice.wish.kind,
            profile: Profile::Default,
            auth_method: accepted.auth_method,
            redirect_uris: accepted.redirect_uris,
            post_logout_redirect_uris: accepted.post_logout_redirect_uris,
            grant_types: accepted.grant_types,
            scopes: accepted.scopes,
            audience: String::new(),
        };
        let public = client.is_public();
        let now = self.clock.now();
        let application = Application::new(id, "Coach".into(), client, choice.access, preferences, now);
        let secret = NewSecret {
            id: id.to_string(),
            hash: self.app.keyring.index("client-secret", choice.secret.as_bytes()),
            created_at: now,
        };
        let work = self.app.db.write(move |tx| {
            Box::pin(async move {
                store::applications::add(tx, &application).await?;
                if !public {
                    store::applications::add_secret(tx, application.id, &secret, now).await?;
                }
                Ok::<_, Internal>(())
            })
        });
        work.await.unwrap();
        self.app.refresh_applications().await.unwrap();
        Client {
            id: id.to_string(),
            secret: (!public).then_some(choice.secret),
            method: accepted.auth_method,
            redirect_uri: choice.wish.redirect_uris.first().cloned().unwrap_or_default(),
        }
    }

    /// Changes where an application hears of ended sessions, whatever may be registered.
    pub async fn tell_at(&self, client: &Client, uri: Option<&str>) {
        let mut application = Application::clone(&self.app.applications.find(&client.id).unwrap());
        application.preferences.backchannel_logout_uri = uri.map(str::to_owned);
        let work =
            self.app.db.write(move |tx| Box::pin(async move { store::applications::update(tx, &application).await }));
        assert!(work.await.unwrap());
        self.app.refresh_applications().await.unwrap();
    }

    /// Switches an application off.
    pub async fn switch_off(&self, client: &Client) {
        let mut application = Application::clone(&self.app.applications.find(&client.id).unwrap());
        application.disabled_at = Some(self.clock.now());
        let work =
            self.app.db.write(move |tx| Box::pin(async move { store::applications::update(tx, &application).await }));
        assert!(work.await.unwrap());
        self.app.refresh_applications().await.unwrap();
    }
}

impl Client {
    /// How it proves itself: a header, or fields.
    pub fn credentials(&self) -> Credentials {
        let secret = self.secret.clone().unwrap_or_default();
        match self.method {
            AuthMethod::ClientSecretBasic => (vec![(header::AUTHORIZATION, basic(&self.id, &secret))], vec![]),
            AuthMethod::ClientSecretPost => (vec![], vec![("client_id", self.id.clone()), ("client_secret", secret)]),
            AuthMethod::None => (vec![], vec![("client_id", self.id.clone())]),
        }
    }

    /// Posts a form as this application.
    pub async fn post(&self, world: &World, target: &str, form: &[(&str, &str)]) -> Answer {
        let (headers, fields) = self.credentials();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
        let form: Vec<(&str, &str)> =
            form.iter().copied().chain(fields.iter().map(|(name, value)| (*name, value.as_str()))).collect();
        world.post(target, &headers, &form).await
    }

    /// The address of an authorization request; `changes` replace parameters, an empty value removes one.
    pub fn authorize(&self, changes: &[(&str, &str)]) -> String {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("scope", "openid profile email offline_access"),
            ("state", "st-1"),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for change in changes {
            parameters.retain(|(name, _)| *name != change.0);
            if !change.1.is_empty() {
                parameters.push(*change);
            }
        }
        format!("/authorize?{}", serde_urlencoded::to_string(parameters).unwrap())
    }

    /// Redeems a code.
    pub async fn redeem(&self, world: &World, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        self.post(world, "/token", &form).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, world: &World, token: &str) -> Answer {
        self.post(world, "/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Asks about a token.
    pub async fn introspect(&self, world: &World, token: &str) -> Answer {
        self.post(world, "/introspect", &[("token", token)]).await
    }

    /// Gives a token back.
    pub async fn revoke(&self, world: &World, token: &str) -> Answer {
        self.post(world, "/revoke", &[("token", token)]).await
    }
}

/// RFC 6749, 2.3.1: form-encoded before the base64.
pub fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

/// A code no one has issued.
pub fn no_such_code() -> String {
    base64url(&[7; 32])
}
