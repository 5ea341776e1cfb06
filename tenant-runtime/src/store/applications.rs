//! Applications and their secrets: `application`, `application_secret`.

use std::collections::HashMap;

use polder_crypto::{Algorithm, ForeignKeys};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_protocol::protected_resource::userinfo_address;
use polder_protocol::{AuthMethod, Client, GrantType, Insists, Profile, RedirectUri};
use polder_tenant_api::{ApplicationId, ApplicationSecretId, Preferences};

use crate::model::Application;
use crate::model::application::{DEFAULT_ACCESS_TOKEN_ALG, SecretHash, usual_id_token_alg};
use crate::oidc::subject;
use crate::store::apis::{self, StoredApi};

/// How the table calls an application that belongs to somebody else.
const THIRD: &str = "third";

/// Every application with its secrets that were not revoked. `issuer` is the audience of access
/// tokens where an application names none.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn all(tx: &mut Tx, issuer: &str) -> Result<Vec<Application>, Error> {
    let mut secrets = secrets(tx).await?;
    let apis = apis::all(tx).await?;
    let sql = "SELECT id, name, rules, type, token_endpoint_auth_method, key_method, jwks, redirect_uris, \
               post_logout_redirect_uris, grant_types, party, access, preferences, created_at, updated_at, \
               disabled_at, registered_with FROM application \
               ORDER BY created_at, id";
    let mut applications = tx.all(sql, &args![], application).await?;
    for application in &mut applications {
        application.secrets = secrets.remove(&application.id).unwrap_or_default();
        if application.client.audience.is_empty() {
            issuer.clone_into(&mut application.client.audience);
        }
        application.client.resources = resources(application, issuer, &apis);
    }
    Ok(applications)
}

/// What an application may ask tokens for: userinfo where it signs people in, and the APIs it was given.
pub fn resources(application: &Application, issuer: &str, apis: &[StoredApi]) -> Vec<String> {
    let signs_in = application.client.grant_types.contains(&GrantType::AuthorizationCode);
    let given = apis.iter().filter(|api| application.preferences.apis.contains(&api.name));
    signs_in.then(|| userinfo_address(issuer)).into_iter().chain(given.map(|api| api.identifier.clone())).collect()
}

/// One application, as [`all`] gives it.
///
/// # Errors
/// As [`all`].
pub async fn find(tx: &mut Tx, issuer: &str, id: ApplicationId) -> Result<Option<Application>, Error> {
    Ok(all(tx, issuer).await?.into_iter().find(|application| application.id == id))
}

async fn secrets(tx: &mut Tx) -> Result<HashMap<ApplicationId, Vec<SecretHash>>, Error> {
    let sql = "SELECT id, application_id, hash, expires_at FROM application_secret WHERE revoked_at IS NULL \
               ORDER BY created_at DESC, id";
    let rows = tx
        .all(sql, &args![], |row| {
            let hash =
                SecretHash { id: row.id("id")?, hash: row.text("hash")?, expires_at: row.opt_time("expires_at")? };
            Ok((row.id("application_id")?, hash))
        })
        .await?;
    let mut by_application: HashMap<_, Vec<_>> = HashMap::new();
    for (id, hash) in rows {
        by_application.entry(id).or_default().push(hash);
    }
    Ok(by_application)
}

fn application(row: &Row) -> Result<Application, Error> {
    let preferences: Preferences = row.json("preferences")?;
    let id: ApplicationId = row.id("id")?;
    let grant_types = row.json::<Vec<String>>("grant_types")?;
    let client = Client {
        id: id.to_string(),
        kind: row.parse("type")?,
        profile: row.parse("rules")?,
        auth_method: match row.opt_parse("key_method")? {
            Some(method) => method,
            None => row.parse("token_endpoint_auth_method")?,
        },
        redirect_uris: uris(row, "redirect_uris")?,
        post_logout_redirect_uris: uris(row, "post_logout_redirect_uris")?,
        grant_types: grant_types
            .iter()
            .map(|name| name.parse())
            .collect::<Result<_, _>>()
            .map_err(|_| wrong("grant_types"))?,
        scopes: preferences.scopes.iter().map(String::as_str).collect(),
        audience: preferences.audience.clone().unwrap_or_default(),
        resources: Vec::new(),
        insists: Insists {
            pushed_requests: preferences.require_pushed_authorization_requests,
            dpop: preferences.dpop_bound_access_tokens,
        },
    };
    let usual = usual_id_token_alg(client.profile);
    let userinfo_alg = preferences.userinfo_signed_response_alg.as_deref();
    Ok(Application {
        id,
        name: row.text("name")?,
        userinfo_alg: userinfo_alg.map(|name| name.parse().map_err(|_| wrong("preferences"))).transpose()?,
        sector: subject::sector(client.kind, &client.redirect_uris),
        client,
        third_party: row.text("party")? == THIRD,
        access: row.json("access")?,
        id_token_alg: chosen(preferences.id_token_signed_response_alg.as_deref(), usual)?,
        introspection_alg: chosen(preferences.introspection_signed_response_alg.as_deref(), usual)?,
        keys: keys(row)?,
        access_token_alg: chosen(preferences.access_token_signed_response_alg.as_deref(), DEFAULT_ACCESS_TOKEN_ALG)?,
        preferences,
        secrets: Vec::new(),
        registered_with: row.opt_text("registered_with")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        disabled_at: row.opt_time("disabled_at")?,
    })
}

fn uris(row: &Row, column: &str) -> Result<Vec<RedirectUri>, Error> {
    Ok(row.json::<Vec<String>>(column)?.iter().map(|uri| RedirectUri::from_stored(uri)).collect())
}

fn keys(row: &Row) -> Result<Option<ForeignKeys>, Error> {
    let Some(json) = row.opt_text("jwks")? else { return Ok(None) };
    let jwks = serde_json::from_str(&json).map_err(|_| wrong("jwks"))?;
    ForeignKeys::parse(&jwks).map(Some).map_err(|_| wrong("jwks"))
}

/// What the older column holds for who proves itself with a key: a secret that was never made.
const fn older(method: AuthMethod) -> AuthMethod {
    if matches!(method, AuthMethod::PrivateKeyJwt) { AuthMethod::ClientSecretBasic } else { method }
}

fn key_method(method: AuthMethod) -> Option<&'static str> {
    matches!(method, AuthMethod::PrivateKeyJwt).then_some(method.as_str())
}

fn jwks(application: &Application) -> Result<Option<String>, Error> {
    application.keys.as_ref().map(|keys| json(keys.as_json())).transpose()
}

fn grant_types(client: &Client) -> Vec<&'static str> {
    client.grant_types.iter().map(|grant| grant.as_str()).collect()
}

fn chosen(name: Option<&str>, default: Algorithm) -> Result<Algorithm, Error> {
    name.map_or(Ok(default), |name| name.parse().map_err(|_| wrong("preferences")))
}

fn wrong(column: &str) -> Error {
    Error::Column { column: column.to_owned(), problem: "holds a name that cannot be" }
}

/// Stores a new application.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, application: &Application) -> Result<(), Error> {
    let sql = "INSERT INTO application (id, name, profile, type, token_endpoint_auth_method, redirect_uris, \
               post_logout_redirect_uris, grant_types, access, preferences, created_at, updated_at, disabled_at, party, \
               rules, key_method, jwks, registered_with) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    let Application { client, .. } = application;
    let args = args![
        application.id,
        application.name.as_str(),
        Profile::Default.as_str(),
        client.kind.as_str(),
        older(client.auth_method).as_str(),
        json(&client.redirect_uris)?,
        json(&client.post_logout_redirect_uris)?,
        json(&grant_types(client))?,
        json(&application.access)?,
        json(&application.preferences)?,
        application.created_at,
        application.updated_at,
        application.disabled_at,
        if application.third_party { THIRD } else { "first" },
        client.profile.as_str(),
        key_method(client.auth_method),
        jwks(application)?,
        application.registered_with.as_deref()
    ];
    tx.execute(sql, &args).await?;
    tell_at(tx, application).await
}

/// Notes where an application hears of ended sessions, where a statement finds it.
async fn tell_at(tx: &mut Tx, application: &Application) -> Result<(), Error> {
    let sql = "UPDATE application SET backchannel_logout_uri = $2 WHERE id = $1";
    tx.execute(sql, &args![application.id, application.preferences.backchannel_logout_uri.as_deref()]).await?;
    Ok(())
}

/// Stores what may change of an application. True if it was there.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, application: &Application) -> Result<bool, Error> {
    let sql = "UPDATE application SET name = $2, redirect_uris = $3, post_logout_redirect_uris = $4, access = $5, \
               preferences = $6, updated_at = $7, disabled_at = $8, rules = $9, token_endpoint_auth_method = $10, \
               key_method = $11, jwks = $12, grant_types = $13 WHERE id = $1";
    let args = args![
        application.id,
        application.name.as_str(),
        json(&application.client.redirect_uris)?,
        json(&application.client.post_logout_redirect_uris)?,
        json(&application.access)?,
        json(&application.preferences)?,
        application.updated_at,
        application.disabled_at,
        application.client.profile.as_str(),
        older(application.client.auth_method).as_str(),
        key_method(application.client.auth_method),
        jwks(application)?,
        json(&grant_types(&application.client))?
    ];
    let there = tx.execute(sql, &args).await? == 1;
    tell_at(tx, application).await?;
    Ok(there)
}

/// Removes an application with its secrets, codes and grants. True if it was there.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, id: ApplicationId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM application WHERE id = $1", &args![id]).await? == 1)
}

/// Adds a secret by its keyed hash; those before it work until `previous_until` (B18).
///
/// # Errors
/// When the database fails.
pub async fn add_secret(
    tx: &mut Tx,
    id: ApplicationId,
    secret: &NewSecret,
    previous_until: Timestamp,
) -> Result<(), Error> {
    let shorten = "UPDATE application_secret SET expires_at = $2 \
                   WHERE application_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)";
    tx.execute(shorten, &args![id, previous_until]).await?;
    let sql = "INSERT INTO application_secret (id, application_id, hash, created_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, &args![secret.id, id, secret.hash.as_str(), secret.created_at]).await?;
    Ok(())
}

/// A secret to store.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// Names it.
    pub id: ApplicationSecretId,
    /// `Keyring::index("client-secret", …)` of it.
    pub hash: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Other(error.to_string()))
}
