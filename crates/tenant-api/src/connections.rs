//! Connections: outside identity providers that people may sign in with.
//!
//! Secrets go one way: they are taken, and never shown again.

use std::collections::BTreeSet;
use std::fmt;

use polder_kernel::id_kind;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

id_kind!(
    /// Names a connection; it stands in its redirect URI.
    ConnectionId,
    ConnectionKind
);
id_kind!(
    /// Names the tie between a person and their account at an outside provider.
    ConnectedAccountId,
    ConnectedAccountKind
);

/// Who the outside provider is, which decides how it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Google.
    Google,
    /// One directory of Microsoft Entra ID; `configuration.directory` says which.
    Microsoft,
    /// Apple. The secret is the private key of `configuration.key_id`, as PEM.
    Apple,
    /// GitHub.
    Github,
    /// Any OpenID Provider, by `configuration.issuer`.
    Oidc,
    /// Any OAuth 2 server with a place to ask who signed in, by `configuration.endpoints`.
    Oauth2,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 6] = [Self::Google, Self::Microsoft, Self::Apple, Self::Github, Self::Oidc, Self::Oauth2];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
            Self::Apple => "apple",
            Self::Github => "github",
            Self::Oidc => "oidc",
            Self::Oauth2 => "oauth2",
        }
    }

    /// The name people know it by; none for those that could be anybody.
    pub const fn known_as(self) -> Option<&'static str> {
        match self {
            Self::Google => Some("Google"),
            Self::Microsoft => Some("Microsoft"),
            Self::Apple => Some("Apple"),
            Self::Github => Some("GitHub"),
            Self::Oidc | Self::Oauth2 => None,
        }
    }

    /// The hosts that a tenant has to reach for it.
    const fn hosts(self) -> &'static [&'static str] {
        match self {
            Self::Google => {
                &["accounts.google.com", "oauth2.googleapis.com", "openidconnect.googleapis.com", "www.googleapis.com"]
            }
            Self::Microsoft => &["graph.microsoft.com", "login.microsoftonline.com"],
            Self::Apple => &["appleid.apple.com"],
            Self::Github => &["api.github.com", "github.com"],
            Self::Oidc | Self::Oauth2 => &[],
        }
    }
}

/// A secret on its way in. It is never part of an answer and does not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct WriteOnly(String);

impl WriteOnly {
    /// The secret.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for WriteOnly {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for WriteOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteOnly(…)")
    }
}

/// Where an OAuth 2 server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// Where people are sent.
    pub authorization: String,
    /// Where a code becomes tokens.
    pub token: String,
    /// Where it says who signed in, as a JSON object.
    pub userinfo: String,
    /// Where tokens are revoked (RFC 7009).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<String>,
}

/// What an OAuth 2 server calls the facts about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimNames {
    /// Names the person for ever, and nobody else.
    pub subject: String,
    /// The address.
    pub email: String,
    /// Whether the address was proved: `true`.
    pub email_verified: String,
    /// The name.
    pub name: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            subject: "sub".to_owned(),
            email: "email".to_owned(),
            email_verified: "email_verified".to_owned(),
            name: "name".to_owned(),
        }
    }
}

/// How the answer comes back through the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the address.
    Query,
    /// As a form.
    FormPost,
}

/// How we prove ourselves at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// HTTP Basic.
    ClientSecretBasic,
    /// Secret in the form body.
    ClientSecretPost,
    /// A public client, held to PKCE alone.
    None,
}

/// The choices of a connection; what is absent follows the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionConfiguration {
    /// The issuer of an OpenID Provider, for `oidc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The directory (tenant) id at Microsoft: only its people can sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// The team id at Apple.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// The id of the private key at Apple.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The endpoints of an OAuth 2 server, for `oauth2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,
    /// What an OAuth 2 server calls the facts about a person, for `oauth2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimNames>,
    /// What is asked for, in place of what is usual.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// How the answer comes back: `query` unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<ResponseMode>,
    /// How we prove ourselves: as the provider says it can, unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_authentication: Option<ClientAuthentication>,
    /// Domains whose addresses this provider gives out itself. Only for these is its word about an
    /// address enough to make a new account; nothing it says opens an account that is there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub email_domains: Vec<String>,
    /// Whether its tokens are kept, sealed.
    #[serde(skip_serializing_if = "is_false")]
    pub keep_tokens: bool,
    /// Whether its word that a second factor was used (`amr` holds `mfa`) counts here.
    #[serde(skip_serializing_if = "is_false")]
    pub trust_second_factor: bool,
    /// Further hosts that have to be reached, such as that of the token endpoint of an OpenID Provider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The hosts that a tenant has to reach for a connection, in order: `host`, or `host:port` where a
/// port is named. What an OpenID Provider's own metadata adds is not known here.
pub fn hosts(provider: Provider, configuration: &ConnectionConfiguration) -> Vec<String> {
    let mut hosts: BTreeSet<String> = provider.hosts().iter().map(|host| (*host).to_owned()).collect();
    let endpoints = configuration.endpoints.iter().flat_map(|endpoints| {
        [
            Some(&endpoints.authorization),
            Some(&endpoints.token),
            Some(&endpoints.userinfo),
            endpoints.revocation.as_ref(),
        ]
    });
    // People are sent to the authorization endpoint; the tenant itself never goes there, but its host is
    // almost always that of the others.
    hosts.extend(endpoints.flatten().chain(&configuration.issuer).filter_map(|url| host(url)));
    hosts.extend(configuration.hosts.iter().map(|host| host.to_ascii_lowercase()));
    hosts.into_iter().collect()
}

/// The host of an address, with its port where one is named.
pub fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// A connection to make.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConnection {
    /// Who the provider is.
    pub provider: Provider,
    /// The name on its button; needed where the provider could be anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the provider calls us.
    pub client_id: String,
    /// What we prove ourselves with; for Apple the private key, as PEM. Never shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, write_only)]
    pub client_secret: Option<WriteOnly>,
    /// Further choices.
    #[serde(default)]
    pub configuration: ConnectionConfiguration,
}

/// Changes to a connection: what is absent stays. Who the provider is cannot change, and neither can
/// its issuer: people are known by both.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionChanges {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new client id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// A new secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, write_only)]
    pub client_secret: Option<WriteOnly>,
    /// New choices, replacing all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConnectionConfiguration>,
    /// Whether it is switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// A connection.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Connection {
    /// Names it.
    #[schema(value_type = String)]
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
    /// To be registered at the provider, exactly like this. Every connection has one of its own.
    pub redirect_uri: String,
    /// The hosts that the tenant has to reach for it.
    pub hosts: Vec<String>,
    /// Whether it is switched off.
    pub disabled: bool,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// Whether a provider can be reached and speaks as it should, tried just now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionCheck {
    /// Whether people can be sent there.
    pub works: bool,
    /// What is wrong, in a sentence.
    pub problem: Option<String>,
    /// Hosts that the provider names and that were not among the connection's. To reach them, somebody
    /// has to add them to `configuration.hosts`.
    pub further_hosts: Vec<String>,
}

/// A person's account at an outside provider.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectedAccount {
    /// Names it.
    #[schema(value_type = String)]
    pub id: ConnectedAccountId,
    /// The connection it is at.
    #[schema(value_type = String)]
    pub connection_id: ConnectionId,
    /// What the person is called there: an address, or a name.
    pub account: Option<String>,
    /// Whether tokens are kept.
    pub tokens_kept: bool,
    /// When it was connected.
    pub connected_at: String,
    /// When it was last used to sign in.
    pub last_used_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p18_the_hosts_of_a_connection_are_told_from_what_somebody_asked_for() {
        let none = ConnectionConfiguration::default();
        assert_eq!(hosts(Provider::Github, &none), ["api.github.com", "github.com"]);
        let issuer = ConnectionConfiguration {
            issuer: Some("https://id.example.org/realm".into()),
            hosts: vec!["Keys.example.org".into()],
            ..none
        };
        assert_eq!(hosts(Provider::Oidc, &issuer), ["id.example.org", "keys.example.org"]);
        assert_eq!(host("http://localhost:9000/x").as_deref(), Some("localhost:9000"));
        assert_eq!(host("not an address"), None);
    }

    #[test]
    fn k5_a_secret_on_its_way_in_does_not_print() {
        let new: NewConnection =
            serde_json::from_str(r#"{"provider":"google","client_id":"a","client_secret":"hush-hush"}"#).unwrap();
        assert!(!format!("{new:?}").contains("hush"));
    }
}
