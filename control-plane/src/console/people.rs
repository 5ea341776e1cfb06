//! A tenant's people and their sessions.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{FieldProblem, Problem, Sessions, Users};
use polder_kernel::Email;
use polder_tenant_api::{FieldValues, NewUser, SessionKind, User, UserChanges, UserId, UserKind};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::{AtId, InTenant};
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, show};
use crate::administer::{On, Part, sessions, users};

/// The fields of the form.
const FIELDS: [&str; 3] = ["email", "name", "roles"];
/// How many sessions of one person are shown.
const SESSIONS: u32 = 100;

/// What the list may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    email: Option<String>,
    cursor: Option<String>,
    notice: Option<String>,
}

/// `GET /tenants/{slug}/users`.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let search = asked.email.as_deref().unwrap_or_default().trim();
    let part = Part { cursor: asked.cursor.clone(), limit: None };
    let found = users::list(&on, Some(search).filter(|search| !search.is_empty()), &part).await?;
    let page = Users {
        shell: member.shell_saying(asked.notice.as_deref()),
        tenant: head(&on.tenant),
        users: &found.items,
        next: found.next.as_deref(),
        search,
        form: ("", "", ""),
        invite: true,
        problems: &[],
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `POST /tenants/{slug}/users`.
pub async fn create(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let found = users::list(&on, None, &Part::default()).await?;
    let invite = !fields.get("invite").is_empty();
    let refuse = |problems: &[FieldProblem<'_>]| {
        let page = Users {
            shell: member.shell(),
            tenant: head(&on.tenant),
            users: &found.items,
            next: found.next.as_deref(),
            search: "",
            form: (fields.get("email"), fields.get("name"), fields.get("roles")),
            invite,
            problems,
        };
        let page = show::page(&member.visit, &page, &[console.provider.issuer()]);
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let email = fields.get("email");
    if email.is_empty() {
        return refuse(&[FieldProblem { field: "email", problem: Problem::Required }]);
    }
    if email.parse::<Email>().is_err() {
        return refuse(&[FieldProblem { field: "email", problem: Problem::Invalid }]);
    }
    let name = Some(fields.get("name")).filter(|name| !name.is_empty());
    let new = NewUser {
        email: email.to_owned(),
        name: name.map(str::to_owned),
        locale: None,
        roles: fields.words("roles"),
        fields: FieldValues::new(),
        invite,
    };
    match users::create(&on, &new).await {
        Ok(made) => Ok(to_person(&on, made.id, if new.invite { "user-invited" } else { "user-added" })),
        Err(refused) => refuse(&Problems::of(refused, &FIELDS)?.shown()),
    }
}

/// `GET /tenants/{slug}/users/{id}`: a person and the register of their sessions.
pub async fn one(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<UserKind>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let user = users::show(&on, id).await?;
    let part = Part { cursor: None, limit: Some(SESSIONS) };
    let found = sessions::list(&on, Some(&id.to_string()), &part).await?;
    let page = Sessions {
        shell: member.shell_saying(asked.notice.as_deref()),
        tenant: head(&on.tenant),
        user: &user,
        sessions: &found.items,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `POST /tenants/{slug}/users/{id}/disable`.
pub async fn disable(InTenant { on, .. }: InTenant, AtId(id): AtId<UserKind>) -> Result<Response, Fault> {
    set_disabled(&on, id, true).await?;
    Ok(to_person(&on, id, "user-disabled"))
}

/// `POST /tenants/{slug}/users/{id}/enable`.
pub async fn enable(InTenant { on, .. }: InTenant, AtId(id): AtId<UserKind>) -> Result<Response, Fault> {
    set_disabled(&on, id, false).await?;
    Ok(to_person(&on, id, "user-enabled"))
}

/// `POST /tenants/{slug}/users/{id}/reset-factors`.
pub async fn reset_factors(InTenant { on, .. }: InTenant, AtId(id): AtId<UserKind>) -> Result<Response, Fault> {
    users::reset_factors(&on, id).await?;
    Ok(to_person(&on, id, "factors-reset"))
}

/// `POST /tenants/{slug}/sessions/{id}/end`: `user_id` says whose page to go back to.
pub async fn end_session(
    InTenant { on, .. }: InTenant,
    AtId(id): AtId<SessionKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    sessions::end(&on, id).await?;
    match fields.get("user_id").parse::<UserId>() {
        Ok(user) => Ok(to_person(&on, user, "session-ended")),
        Err(_) => Ok(Redirect::to(&format!("/tenants/{}/users", on.tenant.slug)).into_response()),
    }
}

async fn set_disabled(on: &On, id: UserId, disabled: bool) -> Result<User, Fault> {
    let changes = UserChanges { disabled: Some(disabled), ..UserChanges::default() };
    Ok(users::change(on, id, &changes).await?)
}

fn to_person(on: &On, id: UserId, notice: &str) -> Response {
    Redirect::to(&format!("/tenants/{}/users/{id}?notice={notice}", on.tenant.slug)).into_response()
}
