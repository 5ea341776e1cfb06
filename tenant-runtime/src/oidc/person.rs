//! A person as claims know them.

use polder_protocol::Scope;
use polder_protocol::claims::{AskedClaims, Person, userinfo};
use polder_tenant_api::UserId;
use serde_json::{Map, Value};

use super::subject;
use crate::App;
use crate::error::Internal;
use crate::fields::{self, claims::Place};
use crate::model::{Application, User};
use crate::store::users;

/// The person as this application may know them. Roles are looked up only where they are shown.
///
/// # Errors
/// When the database fails.
pub async fn of(app: &App, application: &Application, user: User, with_roles: bool) -> Result<Person, Internal> {
    let roles = if with_roles { users::roles(&mut app.db.read().await?, user.id).await? } else { Vec::new() };
    Ok(Person {
        id: subject::of(app, application, user.id),
        name: user.name,
        email: Some(user.email),
        email_verified: user.email_verified_at.is_some(),
        locale: user.locale,
        updated_at: Some(user.updated_at),
        roles,
    })
}

/// What is said about a person for claims that were asked for by name, those of the tenant's own among them:
/// only what is known.
///
/// # Errors
/// When the database fails.
pub async fn asked_for(
    app: &App,
    application: &Application,
    user: UserId,
    asked: &[String],
) -> Result<Map<String, Value>, Internal> {
    let standard = |name: &String| userinfo::scope_of(name).is_some();
    let mut said = Map::new();
    if asked.iter().any(standard) {
        let found = users::by_id(&mut app.db.read().await?, &app.keyring, user).await?;
        if let Some(user) = found {
            let with_roles = asked.iter().any(|name| name == "roles");
            said = userinfo::asked_for(asked, &of(app, application, user, with_roles).await?);
        }
    }
    if !asked.iter().all(standard) {
        said.extend(fields::claims::about(app, application, user, (&Scope::default(), Place::Userinfo, asked)).await?);
    }
    Ok(said)
}

/// The scopes that would show these claims, each of which the application may ask for; the claims that none
/// shows are left out.
pub fn scopes_behind(app: &App, application: &Application, asked: &AskedClaims) -> Scope {
    let behind = asked.userinfo.iter().chain(&asked.id_token).filter_map(|name| scope_behind(app, application, name));
    behind.collect::<Vec<_>>().iter().map(String::as_str).collect()
}

/// The scope that would show this claim, if this application may ask for it.
pub fn scope_behind(app: &App, application: &Application, name: &str) -> Option<String> {
    let scope = userinfo::scope_of(name).map(str::to_owned).or_else(|| fields::claims::scope_of(app, name))?;
    let wanted: Scope = [scope.as_str()].into_iter().collect();
    application.client.grant_scope(&wanted).is_ok().then_some(scope)
}
