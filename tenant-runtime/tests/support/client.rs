//! An application, as its developer would write it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, header};
use polder_crypto::ForeignKeys;
use polder_kernel::encoding::base64url;
use polder_protocol::registration::{self, Wish};
use polder_protocol::{ApplicationType, AuthMethod, Insists, Profile};
use polder_tenant_api::{Access, ApplicationId, ApplicationSecretId, Preferences};
use polder_tenant_runtime::error::Internal;
use polder_tenant_runtime::model::Application;
use polder_tenant_runtime::store;
use polder_tenant_runtime::store::applications::NewSecret;

use super::signer::ASSERTION_TYPE;
use super::{Answer, Signer, World};

pub const REDIRECT: &str = "https://app.example/cb";
pub const AFTERWARDS: &str = "https://app.example/bye";
/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// How an application proves itself: headers and fields.
pub type Credentials = (Vec<(HeaderName, String)>, Vec<(&'static str, String)>);

/// A registered application.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub secret: Option<String>,
    pub method: AuthMethod,
    pub redirect_uri: String,
    pub signer: Option<Signer>,
}

/// What a test may choose about its application.
#[derive(Clone)]
pub struct Choice {
    pub wish: Wish,
    pub secret: String,
    pub id_token_alg: Option<&'static str>,
    pub access: Access,
    pub backchannel_logout_uri: Option<String>,
    pub signer: Option<Signer>,
    /// What else it chose.
    pub preferences: Preferences,
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
        profile: Profile::Default,
        has_keys: false,
    };
    Choice {
        wish,
        secret: "a-secret-of-the-web-application".into(),
        id_token_alg: Some("ES256"),
        access: Access::Everyone,
        backchannel_logout_uri: None,
        signer: None,
        preferences: Preferences::default(),
    }
}

/// As `choice`, with this key registered, which it proves itself with.
pub fn with_key(mut choice: Choice, signer: &Signer) -> Choice {
    choice.wish.auth_method = Some(AuthMethod::PrivateKeyJwt);
    with_registered(choice, signer)
}

/// As `choice`, with this key registered for what it signs.
pub fn with_registered(mut choice: Choice, signer: &Signer) -> Choice {
    choice.wish.has_keys = true;
    choice.signer = Some(signer.clone());
    choice
}

/// A web application held to FAPI 2.0.
pub fn fapi2(signer: &Signer) -> Choice {
    let mut choice = with_key(web(), signer);
    choice.wish.profile = Profile::Fapi2;
    choice.id_token_alg = None;
    choice
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
            ..choice.preferences
        };
        let client = polder_protocol::Client {
            id: id.to_string(),
            kind: choice.wish.kind,
            profile: choice.wish.profile,
            auth_method: accepted.auth_method,
            redirect_uris: accepted.redirect_uris,
            post_logout_redirect_uris: accepted.post_logout_redirect_uris,
            grant_types: accepted.grant_types,
            scopes: accepted.scopes,
            audience: String::new(),
            resources: Vec::new(),
            insists: Insists {
                pushed_requests: preferences.require_pushed_authorization_requests,
                dpop: preferences.dpop_bound_access_tokens,
            },
        };
        let public = !client.auth_method.has_secret();
        let now = self.clock.now();
        let keys = choice.signer.as_ref().map(|signer| ForeignKeys::parse(&signer.jwks()).unwrap());
        let application = Application::new(id, "Coach".into(), client, choice.access, preferences, now);
        let application = Application { keys, ..application };
        let secret = NewSecret {
            id: ApplicationSecretId::from_bytes(*id.as_bytes()),
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
            signer: choice.signer,
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
    pub fn credentials(&self, world: &World) -> Credentials {
        let secret = self.secret.clone().unwrap_or_default();
        match self.method {
            AuthMethod::ClientSecretBasic => (vec![(header::AUTHORIZATION, basic(&self.id, &secret))], vec![]),
            AuthMethod::ClientSecretPost => (vec![], vec![("client_id", self.id.clone()), ("client_secret", secret)]),
            AuthMethod::PrivateKeyJwt => {
                let assertion = self.signer.as_ref().unwrap().assertion(world, &self.id, &serde_json::json!({}));
                (vec![], vec![("client_assertion_type", ASSERTION_TYPE.to_owned()), ("client_assertion", assertion)])
            }
            AuthMethod::None => (vec![], vec![("client_id", self.id.clone())]),
        }
    }

    /// Posts a form as this application.
    pub async fn post(&self, world: &World, target: &str, form: &[(&str, &str)]) -> Answer {
        self.post_with(world, target, &[], form).await
    }

    /// As [`post`](Self::post), with further headers.
    pub async fn post_with(
        &self,
        world: &World,
        target: &str,
        more: &[(HeaderName, &str)],
        form: &[(&str, &str)],
    ) -> Answer {
        let (headers, fields) = self.credentials(world);
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.as_str()));
        let headers: Vec<_> = headers.chain(more.iter().cloned()).collect();
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

    /// Pushes an authorization request, with a proof where one is given.
    pub async fn push(&self, world: &World, changes: &[(&str, &str)], proof: Option<&str>) -> Answer {
        let address = self.authorize(changes);
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(address.strip_prefix("/authorize?").unwrap()).unwrap();
        // Its credentials say who it is.
        let pairs = pairs.iter().filter(|(name, _)| name != "client_id");
        let pairs: Vec<_> = pairs.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let headers: Vec<_> = proof.map(|proof| (HeaderName::from_static("dpop"), proof)).into_iter().collect();
        self.post_with(world, "/par", &headers, &pairs).await
    }

    /// The address that opens a pushed request.
    pub fn opens(&self, request_uri: &str) -> String {
        let pairs = [("client_id", self.id.as_str()), ("request_uri", request_uri)];
        format!("/authorize?{}", serde_urlencoded::to_string(pairs).unwrap())
    }

    /// Redeems a code with a proof.
    pub async fn redeem_with(&self, world: &World, code: &str, proof: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        self.post_with(world, "/token", &[(HeaderName::from_static("dpop"), proof)], &form).await
    }

    /// Uses a refresh token with a proof.
    pub async fn refresh_with(&self, world: &World, token: &str, proof: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post_with(world, "/token", &[(HeaderName::from_static("dpop"), proof)], &form).await
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
