//! `/users`: the people of the tenant.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_kernel::Email;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{NewUser, Page, User, UserChanges, UserId, UserKind};
use serde::Deserialize;

use super::{Caller, input, views};
use crate::App;
use crate::account::erase;
use crate::account::name::{self as names, NameProblem};
use crate::connections::revoke;
use crate::error::{Internal, ProblemError};
use crate::model;
use crate::store::{sessions, users};

/// The most roles a person may hold.
const MOST_ROLES: usize = 32;

/// What a list of people may be asked for.
#[derive(Debug, Deserialize)]
pub struct Filter {
    email: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /users`: newest first, or the one with `email`.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(filter): input::Query<Filter>,
) -> Result<Json<Page<User>>, ProblemError> {
    let mut tx = app.db.read().await?;
    let (found, next) = match &filter.email {
        Some(email) => {
            let found = match email.parse::<Email>() {
                Ok(email) => users::by_email(&mut tx, &app.keyring, &email).await?,
                Err(_) => None,
            };
            (found.into_iter().collect(), None)
        }
        None => {
            let limit = input::limit(filter.limit);
            let cursor = input::cursor::<UserKind>(filter.cursor.as_deref())?;
            let rows = users::page(&mut tx, &app.keyring, cursor, limit + 1).await?;
            input::cut(rows, limit, |user| (user.created_at, user.id))
        }
    };
    let mut items: Vec<User> = Vec::with_capacity(found.len());
    for user in found {
        let roles = users::roles(&mut tx, user.id).await?;
        items.push(views::user(user, roles));
    }
    Ok(Json(Page { items, next }))
}

/// `POST /users`.
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<User>), ProblemError> {
    let email: Email = new.email.parse().map_err(|_| input::invalid("email is not an e-mail address"))?;
    let name = new.name.as_deref().map(name).transpose()?;
    let roles = checked_roles(new.roles)?;
    let id = UserId::new(&app.clock, &app.entropy);
    let unit = Arc::clone(&app);
    let created = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let now = unit.clock.now();
                let user = users::NewUser {
                    id,
                    email: &email,
                    email_verified_at: None,
                    name: name.as_deref(),
                    locale: new.locale,
                };
                if !users::create(tx, &unit.keyring, &user, now).await? {
                    return Ok(None);
                }
                users::set_roles(tx, id, &roles).await?;
                polder_audit::record(tx, caller.event("user.created").user(id.to_string()));
                Ok::<_, Internal>(users::by_id(tx, &unit.keyring, id).await?.map(|user| views::user(user, roles)))
            })
        })
        .await?;
    let user = created.ok_or_else(|| Problem::conflict("email_taken", "there is a person with this e-mail address"))?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// `GET /users/{id}`.
pub async fn show(State(app): State<Arc<App>>, _: Caller, Path(id): Path<String>) -> Result<Json<User>, ProblemError> {
    let mut tx = app.db.read().await?;
    let user = users::by_id(&mut tx, &app.keyring, input::id(&id)?).await?.ok_or_else(input::not_found)?;
    let roles = users::roles(&mut tx, user.id).await?;
    Ok(Json(views::user(user, roles)))
}

/// `PATCH /users/{id}`. Stopping a person ends their sessions and grants in the same unit (E11).
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(changes): Json<UserChanges>,
) -> Result<Json<User>, ProblemError> {
    let id: UserId = input::id(&id)?;
    let name = changes.name.as_deref().map(name).transpose()?;
    let roles = changes.roles.map(checked_roles).transpose()?;
    let unit = Arc::clone(&app);
    let changed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let now = unit.clock.now();
                let Some(user) = users::by_id(tx, &unit.keyring, id).await? else { return Ok(None) };
                let mut fields = Vec::new();
                if let Some(name) = &name {
                    users::set_name(tx, &unit.keyring, id, name, now).await?;
                    fields.push("name");
                }
                if let Some(locale) = changes.locale {
                    users::set_locale(tx, id, locale, now).await?;
                    fields.push("locale");
                }
                if let Some(roles) = &roles {
                    users::set_roles(tx, id, roles).await?;
                    fields.push("roles");
                }
                if let Some(disabled) = changes.disabled {
                    stop_or_allow(tx, &caller, &user, disabled, now).await?;
                    fields.push("disabled");
                }
                if !fields.is_empty() {
                    let details = serde_json::json!({ "fields": fields, "roles": roles, "disabled": changes.disabled });
                    let event = caller.event("user.changed").user(id.to_string()).details(details);
                    polder_audit::record(tx, event);
                }
                let roles = users::roles(tx, id).await?;
                let user = users::by_id(tx, &unit.keyring, id).await?;
                Ok::<_, Internal>(user.map(|user| views::user(user, roles)))
            })
        })
        .await?;
    Ok(Json(changed.ok_or_else(input::not_found)?))
}

/// `DELETE /users/{id}`: erases the person; the subject identifier is never given again.
pub async fn erase(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: UserId = input::id(&id)?;
    let unit = Arc::clone(&app);
    let erased = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some(user) = users::by_id(tx, &unit.keyring, id).await? else { return Ok(None) };
                let erased = erase::erase(&unit, tx, &user).await?;
                if erased.is_some() {
                    polder_audit::record(tx, caller.event("user.erased").user(id.to_string()));
                }
                Ok::<_, Internal>(erased)
            })
        })
        .await?;
    revoke::behind(&app, erased.ok_or_else(input::not_found)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn stop_or_allow(
    tx: &mut polder_db::Tx,
    caller: &Caller,
    user: &model::User,
    disabled: bool,
    now: polder_kernel::Timestamp,
) -> Result<(), Internal> {
    users::set_disabled(tx, user.id, disabled.then_some(now), now).await?;
    if !disabled {
        return Ok(());
    }
    for session in sessions::end_all_of(tx, user.id, "user_disabled", now).await? {
        let event = caller.event("session.ended").user(user.id.to_string()).session(session.to_string());
        polder_audit::record(tx, event);
    }
    Ok(())
}

fn name(text: &str) -> Result<String, ProblemError> {
    names::checked(text).map_err(|problem| match problem {
        NameProblem::Empty => input::invalid("name is empty"),
        NameProblem::TooLong => input::invalid("name is longer than 100 characters"),
        NameProblem::Invalid => input::invalid("name has characters that are no part of a name"),
    })
}

/// Roles are short words, so that they can stand in claims and policies.
fn checked_roles(mut roles: Vec<String>) -> Result<Vec<String>, ProblemError> {
    let is_word = |role: &String| {
        (1..=64).contains(&role.len()) && role.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    };
    if roles.len() > MOST_ROLES || !roles.iter().all(is_word) {
        return Err(input::invalid("roles are up to 32 words of letters, digits, '-', '_', '.' and ':'"));
    }
    roles.sort();
    roles.dedup();
    Ok(roles)
}
