//! A connection: an outside identity provider that people may sign in with.

use polder_kernel::Timestamp;
use polder_tenant_api::connections::{
    ClaimNames, ConnectionConfiguration, ConnectionId, Endpoints, Provider, ResponseMode,
};

/// A connection. Its secret stays in the database, sealed, until it is used.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Names it.
    pub id: ConnectionId,
    /// Who the provider is.
    pub provider: Provider,
    /// The name on its button.
    pub name: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Whether there is a secret.
    pub has_secret: bool,
    /// Further choices.
    pub configuration: ConnectionConfiguration,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was switched off.
    pub disabled_at: Option<Timestamp>,
}

/// What a provider speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Language {
    /// OpenID Connect: the issuer says everything else.
    OpenId {
        /// The issuer, as it names itself.
        issuer: String,
    },
    /// OAuth 2 and an address that says who signed in.
    OAuth {
        /// Where it answers.
        endpoints: Endpoints,
        /// What it calls the facts.
        claims: ClaimNames,
    },
}

impl Connection {
    /// Where the provider answers to. One of its own, so that an answer meant for one connection is never
    /// taken for another's (B36, B49).
    pub fn redirect_uri(&self, issuer: &str) -> String {
        format!("{}{}", issuer.trim_end_matches('/'), self.callback_path())
    }

    /// Whether the provider has people prove themselves once more when it is asked to (`prompt=login`).
    /// Google and Apple do not know the wish, and OAuth 2 has no words for it.
    pub const fn asks_again(&self) -> bool {
        matches!(self.provider, Provider::Microsoft | Provider::Oidc)
    }

    /// The path of the redirect URI.
    pub fn callback_path(&self) -> String {
        format!("/signin/callback/{}", self.id)
    }

    /// What it speaks; `None` where the configuration does not say, which no stored one does.
    pub fn language(&self) -> Option<Language> {
        language(self.provider, &self.configuration)
    }

    /// What is asked for.
    pub fn scopes(&self) -> Vec<String> {
        if !self.configuration.scopes.is_empty() {
            return self.configuration.scopes.clone();
        }
        let usual: &[&str] = match self.provider {
            Provider::Google | Provider::Microsoft | Provider::Oidc => &["openid", "email", "profile"],
            Provider::Apple => &["openid", "email", "name"],
            Provider::Github => &["read:user", "user:email"],
            Provider::Oauth2 => &[],
        };
        usual.iter().map(|scope| (*scope).to_owned()).collect()
    }

    /// How the answer comes back. Apple posts a form whenever it is asked for anything (its rule).
    pub fn response_mode(&self) -> ResponseMode {
        match self.provider {
            Provider::Apple => ResponseMode::FormPost,
            _ => self.configuration.response_mode.unwrap_or(ResponseMode::Query),
        }
    }
}

/// What a provider with this configuration speaks.
pub fn language(provider: Provider, configuration: &ConnectionConfiguration) -> Option<Language> {
    let openid = |issuer: String| Some(Language::OpenId { issuer });
    match provider {
        Provider::Google => openid("https://accounts.google.com".to_owned()),
        // Never `common`: there each directory is an issuer of its own, and anybody can make one.
        Provider::Microsoft => {
            openid(format!("https://login.microsoftonline.com/{}/v2.0", configuration.directory.as_ref()?))
        }
        Provider::Apple => openid("https://appleid.apple.com".to_owned()),
        Provider::Oidc => openid(configuration.issuer.clone()?),
        Provider::Github => Some(Language::OAuth { endpoints: github(), claims: github_claims() }),
        Provider::Oauth2 => {
            let claims = configuration.claims.clone().unwrap_or_default();
            Some(Language::OAuth { endpoints: configuration.endpoints.clone()?, claims })
        }
    }
}

fn github() -> Endpoints {
    Endpoints {
        authorization: "https://github.com/login/oauth/authorize".to_owned(),
        token: "https://github.com/login/oauth/access_token".to_owned(),
        userinfo: "https://api.github.com/user".to_owned(),
        revocation: None,
    }
}

/// The `email` of a profile is whatever its owner shows; the proved ones are asked for elsewhere.
fn github_claims() -> ClaimNames {
    ClaimNames {
        subject: "id".to_owned(),
        email: String::new(),
        email_verified: String::new(),
        ..ClaimNames::default()
    }
}
