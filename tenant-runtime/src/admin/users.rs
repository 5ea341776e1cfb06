//! `/users`: the people of the tenant.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_db::Tx;
use polder_kernel::Email;
use polder_service::Problem;
use polder_service::json::Json;
use polder_service::problem::FieldError;
use polder_tenant_api::{FieldValues, NewUser, Page, User, UserChanges, UserId, UserKind};
use serde::Deserialize;
use serde_json::Value;

use super::{Caller, input, invitation, views};
use crate::App;
use crate::account::erase;
use crate::account::name::{self as names, NameProblem};
use crate::connections::revoke;
use crate::error::{Internal, ProblemError};
use crate::fields::{form, value};
use crate::model;
use crate::store::{profile, sessions, users};

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
        items.push(view(&app, &mut tx, user).await?);
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
    let fields = checked_fields(&app, &new.fields)?;
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
                form::store(&unit, tx, id, &fields).await?;
                polder_audit::record(tx, caller.event("user.created").user(id.to_string()));
                if new.invite
                    && let Some(user) = users::by_id(tx, &unit.keyring, id).await?
                {
                    invitation::put(&unit, tx, &user).await?;
                    polder_audit::record(tx, caller.event("user.invited").user(id.to_string()));
                }
                shown(&unit, tx, id).await
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    let user = created.ok_or_else(|| Problem::conflict("email_taken", "there is a person with this e-mail address"))?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// `GET /users/{id}`.
pub async fn show(State(app): State<Arc<App>>, _: Caller, Path(id): Path<String>) -> Result<Json<User>, ProblemError> {
    let mut tx = app.db.read().await?;
    Ok(Json(shown(&app, &mut tx, input::id(&id)?).await?.ok_or_else(input::not_found)?))
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
    let values = checked_fields(&app, &changes.fields)?;
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
                form::store(&unit, tx, id, &values).await?;
                let fields: Vec<_> = fields.into_iter().map(str::to_owned).chain(form::names(&values)).collect();
                if !fields.is_empty() {
                    let details = serde_json::json!({ "fields": fields, "roles": roles, "disabled": changes.disabled });
                    let event = caller.event("user.changed").user(id.to_string()).details(details);
                    polder_audit::record(tx, event);
                }
                shown(&unit, tx, id).await
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
    tx: &mut Tx,
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

/// A person as the wire shows them; `None` where there is none.
async fn shown(app: &App, tx: &mut Tx, id: UserId) -> Result<Option<User>, Internal> {
    match users::by_id(tx, &app.keyring, id).await? {
        Some(user) => Ok(Some(view(app, tx, user).await?)),
        None => Ok(None),
    }
}

async fn view(app: &App, tx: &mut Tx, user: model::User) -> Result<User, Internal> {
    let roles = users::roles(tx, user.id).await?;
    let fields = profile::values(tx, &app.keyring, user.id).await?;
    Ok(views::user(user, roles, fields))
}

/// Values of the tenant's fields, each of its field's type; null removes one.
fn checked_fields(app: &App, values: &FieldValues) -> Result<Vec<(String, Option<Value>)>, ProblemError> {
    let fields = app.fields.current();
    let (mut checked, mut wrong) = (Vec::with_capacity(values.len()), Vec::new());
    for (name, value) in values {
        let Some(field) = fields.iter().find(|field| field.name == *name) else {
            wrong.push(FieldError {
                pointer: format!("/fields/{}", pointed(name)),
                detail: "is not a field".to_owned(),
            });
            continue;
        };
        match value {
            Value::Null => checked.push((name.clone(), None)),
            value => match value::check(&field.definition, value) {
                Ok(value) => checked.push((name.clone(), Some(value))),
                Err(why) => wrong.push(FieldError { pointer: format!("/fields/{name}"), detail: why.to_string() }),
            },
        }
    }
    if wrong.is_empty() { Ok(checked) } else { Err(Problem::invalid(wrong).into()) }
}

/// A caller's own word in a JSON pointer (RFC 6901, 3), cut to a length that answers can have.
fn pointed(name: &str) -> String {
    name.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
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
