//! `/users`: the people of the tenant.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_db::Tx;
use polder_kernel::Email;
use polder_service::Problem;
use polder_service::json::Json;
use polder_service::problem::FieldError;
use polder_tenant_api::{FieldValues, NewUser, User, UserChanges, UserId};
use serde_json::Value;

use super::{Caller, input, invitation, views};
use crate::account::name::{self as names, NameProblem};
use crate::account::{address_change, erase};
use crate::connections::revoke;
use crate::error::{Internal, ProblemError};
use crate::fields::{form, value};
use crate::model;
use crate::store::{address_changes, profile, sessions, users};
use crate::{App, audit};

/// The most roles a person may hold.
pub const MOST_ROLES: usize = 32;

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
                // Whoever had the address lately can take it back.
                let kept = address_changes::is_kept(tx, &unit.keyring, &email, now).await?;
                if kept || !users::create(tx, &unit.keyring, &user, now).await? {
                    return Ok(None);
                }
                users::set_roles(tx, id, &roles).await?;
                form::store(&unit, tx, id, &fields).await?;
                let details = serde_json::json!({ "roles": roles });
                polder_audit::record(tx, caller.event("user.created").user(id.to_string()).details(details));
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
    Ok((StatusCode::CREATED, Json(created.ok_or(Halt::Taken)?)))
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
    let email = changes.email.as_deref().map(str::parse::<Email>).transpose();
    let email = email.map_err(|_| input::invalid("email is not an e-mail address"))?;
    let name = changes.name.as_deref().map(name).transpose()?;
    let roles = changes.roles.map(checked_roles).transpose()?;
    let values = checked_fields(&app, &changes.fields)?;
    let unit = Arc::clone(&app);
    let changed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let now = unit.clock.now();
                let Some(user) = users::by_id(tx, &unit.keyring, id).await? else { return Err(Halt::NotFound) };
                let mut fields = Vec::new();
                if let Some(email) = email.filter(|email| *email != user.email) {
                    if !address_change::correct(&unit, tx, &user, &email).await? {
                        return Err(Halt::Taken);
                    }
                    polder_audit::record(tx, audit::about(&unit, caller.event("email.changed"), &user)?);
                    fields.push("email");
                }
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
                shown(&unit, tx, id).await?.ok_or(Halt::NotFound)
            })
        })
        .await;
    app.outbox_filled.notify_one();
    Ok(Json(changed?))
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

/// Why a change is rolled back.
enum Halt {
    NotFound,
    Taken,
    Failed(Internal),
}

impl<E: Into<Internal>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Halt> for ProblemError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::NotFound => input::not_found(),
            Halt::Taken => Problem::conflict("email_taken", "there is a person with this e-mail address").into(),
            Halt::Failed(error) => error.into(),
        }
    }
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

/// Whether a text is a role.
pub fn is_role(role: &str) -> bool {
    (1..=64).contains(&role.len()) && role.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

/// Roles are short words, so that they can stand in claims and policies.
fn checked_roles(mut roles: Vec<String>) -> Result<Vec<String>, ProblemError> {
    if roles.len() > MOST_ROLES || !roles.iter().all(|role| is_role(role)) {
        return Err(input::invalid("roles are up to 32 words of letters, digits, '-', '_', '.' and ':'"));
    }
    roles.sort();
    roles.dedup();
    Ok(roles)
}
