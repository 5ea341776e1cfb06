//! Fields as claims: what the scope grants, and nothing that a person did not agree to.

use polder_db::Tx;
use polder_protocol::Scope;
use polder_tenant_api::UserId;
use serde_json::{Map, Value};

use super::{Field, value};
use crate::App;
use crate::error::Internal;
use crate::model::Application;
use crate::store::{consents, profile};

/// Where claims stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In userinfo.
    Userinfo,
    /// In an ID token.
    IdToken,
}

/// The claims about a person that this scope grants to this application, and those that were asked for by name.
/// Values that their field would not take any more are left out.
///
/// # Errors
/// When the database fails or a value does not open.
pub async fn about(
    app: &App,
    application: &Application,
    user: UserId,
    (scope, place, asked): (&Scope, Place, &[String]),
) -> Result<Map<String, Value>, Internal> {
    let fields = app.fields.current();
    // Of the scope that a claim is in now: it may have been moved to one that is not this application's.
    let is_asked = |field: &Field| {
        let claim = field.definition.claim.as_ref();
        claim.is_some_and(|claim| asked.contains(&claim.name) && application.client.may_ask(&claim.scope))
    };
    let mut shown: Vec<&Field> = fields.iter().filter(|field| shows(field, scope, place) || is_asked(field)).collect();
    if shown.is_empty() {
        return Ok(Map::new());
    }
    let mut tx = app.db.read().await?;
    if application.third_party {
        // A later yes to something else is none to this.
        let given = consents::holding(&mut tx, user, application.id).await?;
        let agreed = |field: &Field| {
            let claim = field.definition.claim.as_ref();
            given.as_ref().zip(claim).is_some_and(|(consent, claim)| {
                consent.given_at >= field.claim_since && consent.scope.contains(&claim.scope)
            })
        };
        shown.retain(|field| agreed(field));
    }
    let values = profile::values(&mut tx, &app.keyring, user).await?;
    let claim = |field: &&Field| {
        let claim = field.definition.claim.as_ref()?;
        let value = value::check(&field.definition, values.get(&field.name)?).ok()?;
        Some((claim.name.clone(), value))
    };
    Ok(shown.iter().filter_map(claim).collect())
}

/// Whether somebody who agreed to this scope agreed before a field came under it: they did not agree to that.
///
/// # Errors
/// When the database fails.
pub async fn outgrew_consent(
    app: &App,
    tx: &mut Tx,
    application: &Application,
    user: UserId,
    scope: &Scope,
) -> Result<bool, Internal> {
    let fields = app.fields.current();
    let since = fields.iter().filter(|f| shows(f, scope, Place::Userinfo)).map(|field| field.claim_since).max();
    let Some(since) = since.filter(|_| application.third_party) else { return Ok(false) };
    let given = consents::holding(tx, user, application.id).await?;
    Ok(given.is_some_and(|consent| consent.given_at < since))
}

/// The scope that shows a claim of this name.
pub fn scope_of(app: &App, name: &str) -> Option<String> {
    let fields = app.fields.current();
    let mut claims = fields.iter().filter_map(|field| field.definition.claim.as_ref());
    claims.find(|claim| claim.name == name).map(|claim| claim.scope.clone())
}

/// Whether an application that is granted this scope sees the field there.
pub fn shows(field: &Field, scope: &Scope, place: Place) -> bool {
    let claim = field.definition.claim.as_ref();
    claim.is_some_and(|claim| scope.contains(&claim.scope) && (place == Place::Userinfo || claim.id_token))
}
