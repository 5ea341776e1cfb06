//! From what was asked for to a connection that may be made.

use polder_outbound::localhost;
use polder_tenant_api::connections::{
    ConnectionChanges, ConnectionConfiguration, ConnectionId, NewConnection, Provider, WriteOnly,
};
use url::Url;

use super::connections::wrong;
use crate::App;
use crate::account::name;
use crate::connections::apple;
use crate::connections::discovery::is_endpoint;
use crate::error::ProblemError;
use crate::model::Connection;
use crate::model::connection::{Language, language};

/// The longest secret, in bytes: a private key as PEM fits.
const LONGEST_SECRET: usize = 8 * 1024;
/// The most texts of a list.
const MOST: usize = 32;

/// Checks everything that is asked for.
pub fn accept(app: &App, new: NewConnection) -> Result<Connection, ProblemError> {
    let now = app.clock.now();
    let given = new.name.as_deref().or(new.provider.known_as());
    let connection = Connection {
        id: ConnectionId::new(&app.clock, &app.entropy),
        provider: new.provider,
        name: plain_name(given.ok_or_else(|| wrong("/name", "the name on its button is needed"))?)?,
        client_id: client_id(&new.client_id)?,
        has_secret: new.client_secret.is_some(),
        configuration: new.configuration,
        created_at: now,
        updated_at: now,
        disabled_at: None,
    };
    check(app, &connection, new.client_secret.as_ref())?;
    Ok(connection)
}

/// Applies changes to a connection, under the same rules.
pub fn accept_changes(app: &App, current: &Connection, changes: ConnectionChanges) -> Result<Connection, ProblemError> {
    // Later than before even within a millisecond: what was learnt of the old one is not the new one's.
    let now = app.clock.now().max(current.updated_at + std::time::Duration::from_millis(1));
    let changed = Connection {
        name: changes.name.as_deref().map_or_else(|| Ok(current.name.clone()), plain_name)?,
        client_id: changes.client_id.as_deref().map_or_else(|| Ok(current.client_id.clone()), client_id)?,
        has_secret: current.has_secret || changes.client_secret.is_some(),
        configuration: changes.configuration.unwrap_or_else(|| current.configuration.clone()),
        updated_at: now,
        disabled_at: match changes.disabled {
            Some(true) => current.disabled_at.or(Some(now)),
            Some(false) => None,
            None => current.disabled_at,
        },
        ..current.clone()
    };
    check(app, &changed, changes.client_secret.as_ref())?;
    // Subjects are an issuer's own: under another, the same text is somebody else.
    let issuer = |connection: &Connection| match connection.language() {
        Some(Language::OpenId { issuer }) => Some(issuer),
        Some(Language::OAuth { endpoints, claims }) => {
            let origin = Url::parse(&endpoints.authorization).ok()?.origin().ascii_serialization();
            Some(format!("{origin} {}", claims.subject))
        }
        None => None,
    };
    if issuer(&changed) != issuer(current) {
        return Err(wrong("/configuration", "the provider behind a connection cannot change: make another connection"));
    }
    Ok(changed)
}

/// What a change names, for the log: the fields, never what is in them.
pub fn fields(changes: &ConnectionChanges) -> Vec<&'static str> {
    let named = [
        (changes.name.is_some(), "name"),
        (changes.client_id.is_some(), "client_id"),
        (changes.client_secret.is_some(), "client_secret"),
        (changes.configuration.is_some(), "configuration"),
        (changes.disabled.is_some(), "disabled"),
    ];
    named.into_iter().filter_map(|(there, name)| there.then_some(name)).collect()
}

fn check(app: &App, connection: &Connection, secret: Option<&WriteOnly>) -> Result<(), ProblemError> {
    let Connection { provider, configuration, .. } = connection;
    only_what_fits(*provider, configuration)?;
    let spoken = language(*provider, configuration).ok_or_else(|| match provider {
        Provider::Microsoft => wrong("/configuration/directory", "the directory (tenant) id is needed"),
        Provider::Oauth2 => wrong("/configuration/endpoints", "the endpoints are needed"),
        _ => wrong("/configuration/issuer", "the issuer is needed"),
    })?;
    let addresses = match &spoken {
        Language::OpenId { issuer } => vec![issuer],
        Language::OAuth { endpoints, .. } => {
            let all = [Some(&endpoints.authorization), Some(&endpoints.token), Some(&endpoints.userinfo)];
            all.into_iter().chain([endpoints.revocation.as_ref()]).flatten().collect()
        }
    };
    if !addresses.iter().all(|address| is_allowed(app, address)) {
        return Err(wrong("/configuration", "issuers and endpoints are https addresses"));
    }
    if let Language::OAuth { claims, .. } = &spoken
        && claims.subject.is_empty()
    {
        return Err(wrong("/configuration/claims/subject", "what names the person is needed"));
    }
    if secret.is_some_and(|secret| secret.expose().is_empty() || secret.expose().len() > LONGEST_SECRET) {
        return Err(wrong("/client_secret", "a secret has 1 to 8192 bytes"));
    }
    if *provider == Provider::Apple {
        let id = |text: &Option<String>| text.as_ref().is_some_and(|id| (1..=64).contains(&id.len()));
        if !id(&configuration.team_id) || !id(&configuration.key_id) {
            return Err(wrong("/configuration", "Apple's team_id and key_id are needed"));
        }
        if secret.is_some_and(|secret| apple::signing_key(secret.expose()).is_none()) {
            return Err(wrong("/client_secret", "for Apple this is the private key, as PEM"));
        }
    }
    if !connection.has_secret
        && configuration.client_authentication != Some(polder_tenant_api::connections::ClientAuthentication::None)
    {
        return Err(wrong("/client_secret", "a secret is needed, unless client_authentication is none"));
    }
    check_lists(configuration)
}

/// A choice that means nothing for the provider was meant for another.
fn only_what_fits(provider: Provider, configuration: &ConnectionConfiguration) -> Result<(), ProblemError> {
    let fits = |there: bool, whose: &[Provider]| !there || whose.contains(&provider);
    let checks = [
        (fits(configuration.issuer.is_some(), &[Provider::Oidc]), "issuer is for oidc"),
        (fits(configuration.directory.is_some(), &[Provider::Microsoft]), "directory is for microsoft"),
        (fits(configuration.team_id.is_some(), &[Provider::Apple]), "team_id is for apple"),
        (fits(configuration.key_id.is_some(), &[Provider::Apple]), "key_id is for apple"),
        (fits(configuration.endpoints.is_some(), &[Provider::Oauth2]), "endpoints are for oauth2"),
        (fits(configuration.claims.is_some(), &[Provider::Oauth2]), "claims are for oauth2"),
    ];
    if let Some((_, detail)) = checks.into_iter().find(|(holds, _)| !holds) {
        return Err(wrong("/configuration", detail));
    }
    let directory = configuration.directory.as_deref();
    // A directory's own id: `common`, `organizations` and names would stand for more than one issuer.
    let is_uuid = |text: &str| {
        text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            })
    };
    if directory.is_some_and(|directory| !is_uuid(directory)) {
        return Err(wrong("/configuration/directory", "a directory (tenant) id is a lower-case UUID"));
    }
    Ok(())
}

fn check_lists(configuration: &ConnectionConfiguration) -> Result<(), ProblemError> {
    let scope = |text: &String| {
        (1..=128).contains(&text.len()) && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    if configuration.scopes.len() > MOST || !configuration.scopes.iter().all(scope) {
        return Err(wrong("/configuration/scopes", "up to 32 scopes, of visible characters"));
    }
    let domain = |text: &String| {
        (3..=253).contains(&text.len())
            && text.contains('.')
            && text.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
    };
    if configuration.email_domains.len() > MOST || !configuration.email_domains.iter().all(domain) {
        return Err(wrong("/configuration/email_domains", "up to 32 domains such as example.com"));
    }
    let host = |text: &String| {
        !text.is_empty()
            && text.len() <= 260
            && Url::parse(&format!("https://{text}/")).is_ok_and(|url| {
                url.path() == "/" && url.username().is_empty() && url.query().is_none() && url.host_str().is_some()
            })
    };
    if configuration.hosts.len() > MOST || !configuration.hosts.iter().all(host) {
        return Err(wrong("/configuration/hosts", "up to 32 host names"));
    }
    Ok(())
}

/// https without anything that misleads; in development, this machine too.
fn is_allowed(app: &App, address: &str) -> bool {
    let local = Url::parse(address).is_ok_and(|url| url.host_str().is_some_and(localhost::is_loopback));
    let home = if local && app.issuer.is_local() { address } else { "https://polder.invalid" };
    let no_query = Url::parse(address).is_ok_and(|url| url.query().is_none());
    (!local || app.issuer.is_local()) && no_query && address.len() <= 512 && is_endpoint(address, home)
}

fn plain_name(text: &str) -> Result<String, ProblemError> {
    name::checked(text).map_err(|_| wrong("/name", "1 to 100 characters of plain text"))
}

fn client_id(text: &str) -> Result<String, ProblemError> {
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err(wrong("/client_id", "1 to 255 visible characters")) }
}
