//! Keys of the public API.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{
    ApiKey, ApiKeyForm, ApiKeyPage, ApiKeys, EXPIRIES, FieldProblem, Problem, Shell, Sorting,
};
use polder_kernel::Timestamp;
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::AtId;
use super::{Console, Fault, SignedIn, show};
use crate::model::{ApiKeyId, ApiKeyKind, Area, KeyAccess, Networks, Scopes};
use crate::organisation::Refusal;
use crate::organisation::keys::{self, Changes, Maker, Wish};
use crate::store::api_keys::{KeyOrder, Listed, Rights};

/// How many keys are shown at a time.
const PAGE: u32 = 100;
/// The life that the form proposes, in days.
const PROPOSED: &str = "90";
/// Stands for the end that a key has already.
const KEEP: &str = "keep";

/// What the pages may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
}

/// What a form holds.
struct Held {
    name: String,
    areas: Vec<(&'static str, &'static str)>,
    expiry: String,
    addresses: String,
}

/// What a form brought and what came of it.
struct Outcome<'a> {
    place: (KeyOrder, Option<ApiKeyId>),
    created: Option<&'a str>,
    held: Held,
    problems: &'a [FieldProblem<'a>],
}

/// `GET /api-keys`.
pub async fn list(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let shell = member.shell_saying(asked.notice.as_deref());
    let order = KeyOrder::named(asked.sort.as_deref().unwrap_or_default());
    let seen = asked.cursor.as_deref().map(|cursor| cursor.parse().map_err(|_| Fault::BadRequest("no cursor")));
    let outcome = Outcome { place: (order, seen.transpose()?), created: None, held: Held::proposed(), problems: &[] };
    page(&console, &member, shell, &outcome).await
}

/// `POST /api-keys`: answers with the key, this once.
pub async fn create(State(console): State<Arc<Console>>, member: SignedIn, fields: Fields) -> Result<Response, Fault> {
    let app = &console.app;
    let problems = match wish(&fields, None, app.clock.now()) {
        Ok(wish) => match keys::create(app, &member.by(), wish).await {
            Ok((_, key)) => {
                let shell = Shell { language_path: None, ..member.shell() };
                let created = Some(key.expose().as_str());
                let outcome = Outcome { place: Default::default(), created, held: Held::proposed(), problems: &[] };
                return page(&console, &member, shell, &outcome).await;
            }
            Err(refusal) => problems(refusal)?,
        },
        Err(problems) => problems,
    };
    let outcome = Outcome { place: Default::default(), created: None, held: Held::of(&fields), problems: &problems };
    let page = page(&console, &member, member.shell(), &outcome).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `GET /api-keys/{id}`.
pub async fn one(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<ApiKeyKind>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let key = keys::show(&console.app, member.session.organisation_id, id).await?;
    let shell = member.shell_saying(asked.notice.as_deref());
    single(&console, (&member, shell), &key, (Held::now(&key), &[])).await
}

/// `POST /api-keys/{id}`.
pub async fn change(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<ApiKeyKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let app = &console.app;
    let key = keys::show(app, member.session.organisation_id, id).await?;
    let problems = match wish(&fields, Some(&key), app.clock.now()) {
        Ok(wish) => match keys::change(app, &member.by(), id, changes(&fields, wish)).await {
            Ok(_) => return Ok(Redirect::to(&format!("/api-keys/{id}?notice=key-changed")).into_response()),
            Err(refusal) => problems(refusal)?,
        },
        Err(problems) => problems,
    };
    let page = single(&console, (&member, member.shell()), &key, (Held::of(&fields), &problems)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `POST /api-keys/{id}/revoke`.
pub async fn revoke(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<ApiKeyKind>,
) -> Result<Response, Fault> {
    keys::revoke(&console.app, &member.by(), id).await?;
    Ok(Redirect::to("/api-keys?notice=key-revoked").into_response())
}

/// What a form wishes for, or what is wrong with it.
fn wish(fields: &Fields, key: Option<&Listed>, now: Timestamp) -> Result<Wish, Vec<FieldProblem<'static>>> {
    let lines = fields.lines("addresses");
    let addresses = Networks::parse(lines.iter().map(String::as_str))
        .map_err(|_| vec![FieldProblem { field: "addresses", problem: Problem::Networks }])?;
    let expires_at = match (fields.get("expiry"), key) {
        (KEEP, Some(key)) => key.rights.expires_at,
        (days, _) => {
            let days = if EXPIRIES.contains(&days) { days } else { PROPOSED };
            keys::after(now, days.parse().unwrap_or(keys::USUAL_DAYS))
        }
    };
    let scopes = chosen(fields);
    Ok(Wish { name: fields.get("name").to_owned(), rights: Rights { scopes, addresses, expires_at } })
}

/// What a form changes: all that it holds, but not an end that it keeps.
fn changes(fields: &Fields, wish: Wish) -> Changes {
    let Wish { name, rights: Rights { scopes, addresses, expires_at } } = wish;
    let expires_at = (fields.get("expiry") != KEEP).then_some(expires_at);
    Changes { name: Some(name), scopes: Some(scopes), addresses: Some(addresses), expires_at }
}

fn chosen(fields: &Fields) -> Scopes {
    Area::ALL.into_iter().fold(Scopes::default(), |scopes, area| {
        let access = fields.get(&format!("scope-{}", area.as_str())).parse::<KeyAccess>();
        scopes.with(area, access.ok())
    })
}

fn problems(refusal: Refusal) -> Result<Vec<FieldProblem<'static>>, Fault> {
    match refusal {
        Refusal::Name(_) => Ok(vec![FieldProblem { field: "name", problem: Problem::Invalid }]),
        Refusal::Rights(_) => Ok(vec![FieldProblem { field: "scopes", problem: Problem::Nothing }]),
        Refusal::TooManyKeys => Ok(vec![FieldProblem { field: "name", problem: Problem::KeysFull }]),
        refusal => Err(refusal.into()),
    }
}

fn areas(scopes: Scopes) -> Vec<(&'static str, &'static str)> {
    let word = |area| scopes.in_area(area).map_or("none", KeyAccess::as_str);
    Area::ALL.into_iter().map(|area| (area.as_str(), word(area))).collect()
}

impl Held {
    /// What a new key usually is: it reads tenants, and nothing else.
    fn proposed() -> Self {
        let scopes = Scopes::default().with(Area::Tenants, Some(KeyAccess::Read));
        Self { name: String::new(), areas: areas(scopes), expiry: PROPOSED.to_owned(), addresses: String::new() }
    }

    fn now(key: &Listed) -> Self {
        let addresses = key.rights.addresses.as_ref().map(Networks::words).unwrap_or_default();
        Self {
            name: key.name.clone(),
            areas: areas(key.rights.scopes),
            expiry: KEEP.to_owned(),
            addresses: addresses.join("\n"),
        }
    }

    fn of(fields: &Fields) -> Self {
        Self {
            name: fields.get("name").to_owned(),
            areas: areas(chosen(fields)),
            expiry: fields.get("expiry").to_owned(),
            addresses: fields.get("addresses").to_owned(),
        }
    }

    fn form(&self) -> ApiKeyForm<'_> {
        ApiKeyForm { name: &self.name, areas: &self.areas, expiry: &self.expiry, addresses: &self.addresses }
    }
}

/// A key's ids, moments, scopes and networks as text.
struct Texts {
    id: String,
    scopes: Vec<String>,
    addresses: Vec<String>,
    created_at: String,
    last_used_at: Option<String>,
    expires_at: Option<String>,
    revoked_at: Option<String>,
}

impl Texts {
    fn of(key: &Listed) -> Self {
        Self {
            id: key.id.to_string(),
            scopes: key.rights.scopes.words(),
            addresses: key.rights.addresses.as_ref().map(Networks::words).unwrap_or_default(),
            created_at: key.created_at.rfc3339(),
            last_used_at: key.last_used_at.map(Timestamp::rfc3339),
            expires_at: key.rights.expires_at.map(Timestamp::rfc3339),
            revoked_at: key.revoked_at.map(Timestamp::rfc3339),
        }
    }

    fn shown<'a>(&'a self, key: &'a Listed, now: Timestamp) -> ApiKey<'a> {
        ApiKey {
            id: &self.id,
            name: &key.name,
            scopes: &self.scopes,
            all: key.rights.scopes == Scopes::all(KeyAccess::Write),
            addresses: &self.addresses,
            created_at: &self.created_at,
            last_used_at: self.last_used_at.as_deref(),
            expires_at: self.expires_at.as_deref(),
            expired: key.rights.expires_at.is_some_and(|at| at <= now),
            revoked_at: self.revoked_at.as_deref(),
        }
    }
}

async fn page(
    console: &Arc<Console>,
    member: &SignedIn,
    shell: Shell<'_>,
    outcome: &Outcome<'_>,
) -> Result<Response, Fault> {
    let app = &console.app;
    let (found, more) = keys::page(app, member.session.organisation_id, outcome.place, PAGE).await?;
    let texts: Vec<Texts> = found.iter().map(Texts::of).collect();
    let now = app.clock.now();
    let keys: Vec<ApiKey<'_>> = found.iter().zip(&texts).map(|(key, texts)| texts.shown(key, now)).collect();
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let page = ApiKeys {
        shell,
        sorting: &Sorting { path: "/api-keys".to_owned(), query: String::new(), by: outcome.place.0.as_str() },
        keys: &keys,
        next: next.as_deref(),
        api: &app.settings.api(),
        created: outcome.created,
        form: outcome.held.form(),
        problems: outcome.problems,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

async fn single(
    console: &Console,
    (member, shell): (&SignedIn, Shell<'_>),
    key: &Listed,
    (held, problems): (Held, &[FieldProblem<'_>]),
) -> Result<Response, Fault> {
    let texts = Texts::of(key);
    let shown = texts.shown(key, console.app.clock.now());
    let maker = match keys::maker(&console.app, member.session.organisation_id, key).await? {
        Maker::Member(id, name) => Some((format!("/members/{id}"), name)),
        Maker::Key(id, name) => Some((format!("/api-keys/{id}"), name)),
        Maker::Other => None,
    };
    let made_by = maker.as_ref().map(|(path, name)| (path.as_str(), name.as_str()));
    let page = ApiKeyPage { shell, key: shown, made_by, form: held.form(), problems };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
