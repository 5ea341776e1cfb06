//! `GET /users`: the people of the tenant, all or those who are looked for.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use http::StatusCode;
use polder_db::Tx;
use polder_kernel::{Email, Timestamp};
use polder_service::json::Json;
use polder_tenant_api::{ByCreation, FieldType, Page, User, UserId, UserKind, UserOrder, UsersExport};
use serde::Deserialize;
use serde_json::json;

use super::users::is_role;
use super::{Caller, input, to_the_end, views};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::fields::{Field, value};
use crate::model;
use crate::people::index::{Place, Wanted};
use crate::people::{Finder, fold};
use crate::store::{everybody, profile, users};

/// The longest search, in characters.
const LONGEST: usize = 200;
/// The largest page, in bytes: the control plane reads 4 MiB.
const LARGEST: i64 = 3 * 1024 * 1024;
/// The most that a person takes on it without the tenant's own fields, in bytes.
const PERSON: i64 = 4 * 1024;
/// How often a page is filled up where people on it changed just now.
const ROUNDS: usize = 3;

/// What a list of people may be asked for.
#[derive(Debug, Deserialize)]
pub struct Asked {
    email: Option<String>,
    q: Option<String>,
    role: Option<String>,
    disabled: Option<bool>,
    unverified: Option<bool>,
    sort: Option<UserOrder>,
    cursor: Option<String>,
    limit: Option<i64>,
}

impl Asked {
    /// What the index is asked; `None` for everybody.
    fn wanted(&self) -> Result<Option<Wanted>, ProblemError> {
        let q = self.q.as_deref().unwrap_or_default();
        if q.chars().count() > LONGEST {
            return Err(input::invalid("q is longer than 200 characters"));
        }
        let wanted = Wanted {
            words: fold::words(q),
            role: self.role.clone().filter(|role| !role.is_empty()),
            disabled: self.disabled,
            unverified: self.unverified,
        };
        let nothing = wanted.words.is_empty()
            && wanted.role.is_none()
            && wanted.disabled.is_none()
            && wanted.unverified.is_none();
        Ok((!nothing).then_some(wanted))
    }
}

/// `GET /users`: by creation or by their last sign-in; the one with `email`; or those who are looked for.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(asked): input::Query<Asked>,
) -> Result<Json<Page<User>>, ProblemError> {
    if let Some(email) = &asked.email {
        let mut tx = app.db.read().await?;
        let found = match email.parse::<Email>() {
            Ok(email) => users::by_email(&mut tx, &app.keyring, &email).await?,
            Err(_) => None,
        };
        let items = views_of(&app, &mut tx, found.into_iter().collect()).await?;
        return Ok(Json(Page { items, next: None }));
    }
    let most = most_at_once(&app.fields.current());
    let (order, limit) = (asked.sort.unwrap_or_default(), input::limit(asked.limit).min(most));
    let cursor = input::cursor::<UserKind>(asked.cursor.as_deref())?;
    let Some(wanted) = asked.wanted()? else {
        Finder::warm(&app);
        return Ok(Json(in_order(&app, order, cursor, limit).await?));
    };
    let Some(order) = order.by_creation() else {
        return Err(input::invalid("those who are looked for are sorted by created_at alone"));
    };
    Ok(Json(to_the_end(async move { search(&app, (&wanted, order), cursor, limit).await }).await?))
}

/// How many people a page holds at most, so that it is an answer that is read whatever they filled in.
fn most_at_once(fields: &[Field]) -> i64 {
    let longest = |field: &Field| match field.definition.kind {
        FieldType::Text => value::longest(&field.definition),
        FieldType::Number | FieldType::Boolean | FieldType::Date | FieldType::Choice => 100,
    };
    // A character takes four bytes at most.
    let own: i64 = fields.iter().map(|field| 64 + 4 * i64::from(longest(field))).sum();
    (LARGEST / (PERSON + own)).max(1)
}

async fn in_order(app: &App, order: UserOrder, cursor: Option<Place>, limit: i64) -> Result<Page<User>, ProblemError> {
    let mut tx = app.db.read().await?;
    let rows = everybody::in_order(&mut tx, &app.keyring, order, cursor, limit + 1).await?;
    let at = |user: &model::User| match order {
        UserOrder::Newest | UserOrder::Oldest => user.created_at,
        UserOrder::LastSignIn | UserOrder::LongestAway => user.last_sign_in_at.unwrap_or(Timestamp::from_millis(0)),
    };
    let (found, next) = input::cut(rows, limit, |user| (at(user), user.id));
    Ok(Page { items: views_of(app, &mut tx, found).await?, next })
}

/// Asks the index who it may be, and the database who it is: somebody who was erased a moment ago never shows.
async fn search(
    app: &App,
    (wanted, order): (&Wanted, ByCreation),
    cursor: Option<Place>,
    limit: i64,
) -> Result<Page<User>, ProblemError> {
    let most = usize::try_from(limit).unwrap_or(1);
    let (mut items, mut seen, mut more) = (Vec::new(), cursor, true);
    for _ in 0..ROUNDS {
        let room = most - items.len();
        let mut places = app.people.find(app, (wanted, order), seen, room + 1).await?;
        more = places.len() > room;
        places.truncate(room);
        let Some(last) = places.last() else { break };
        seen = Some(*last);
        let ids: Vec<UserId> = places.iter().map(|(_, id)| *id).collect();
        let mut tx = app.db.read().await?;
        let mut found = everybody::by_ids(&mut tx, &app.keyring, &ids).await?;
        found.sort_by_key(|user| (user.created_at, user.id));
        if order == ByCreation::Newest {
            found.reverse();
        }
        let found = views_of(app, &mut tx, found).await?;
        items.extend(found.into_iter().filter(|user| still(wanted, user)));
        if !more || items.len() == most {
            break;
        }
    }
    let next = seen.filter(|_| more).map(|(at, id)| input::cursor_after(at, id));
    Ok(Page { items, next })
}

/// Whether the filters hold for somebody as they are now.
fn still(wanted: &Wanted, user: &User) -> bool {
    wanted.disabled.is_none_or(|disabled| disabled == user.disabled)
        && wanted.unverified.is_none_or(|unverified| unverified != user.email_verified)
        && wanted.role.as_ref().is_none_or(|role| user.roles.contains(role))
}

/// People with their roles and fields, in as many statements however many they are, but for lists' groups.
///
/// # Errors
/// When the database fails or a value does not open.
pub async fn views_of(app: &App, tx: &mut Tx, people: Vec<model::User>) -> Result<Vec<User>, Internal> {
    let ids: Vec<UserId> = people.iter().map(|user| user.id).collect();
    let mut roles: HashMap<UserId, Vec<String>> = everybody::roles_of(tx, &ids).await?;
    let mut fields = match app.fields.current().is_empty() {
        true => HashMap::new(),
        false => profile::values_of(tx, &app.keyring, &ids).await?,
    };
    let mut items = Vec::with_capacity(people.len());
    for user in people {
        let fields = fields.remove(&user.id).unwrap_or_default();
        let held = roles.remove(&user.id).unwrap_or_default();
        items.push(views::user(user, held, fields));
    }
    Ok(items)
}

/// `POST /users/exports`: notes that somebody takes the list, or which part of it; they read it part by part as any
/// other.
pub async fn exported(State(app): State<Arc<App>>, caller: Caller, body: Bytes) -> Result<StatusCode, ProblemError> {
    // A control plane of before there were words about it sends none.
    let UsersExport { searched, role, disabled, unverified } = match body.is_empty() {
        true => UsersExport::default(),
        false => serde_json::from_slice(&body).map_err(|_| input::invalid("this is no export of people"))?,
    };
    let role = role.filter(|role| is_role(role));
    let details = json!({ "searched": searched, "role": role, "disabled": disabled, "unverified": unverified });
    app.db
        .write(move |tx| {
            Box::pin(async move {
                polder_audit::record(tx, caller.event("users.exported").details(details));
                Ok::<_, Internal>(())
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
