//! One person: what a tenant knows of them, and what an administrator can do.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::try_join;
use http::StatusCode;
use polder_hosted_pages::console::{FieldProblem, Person, PersonUndo, UserErase};
use polder_kernel::Locale;
use polder_tenant_api::{ByCreation, SessionKind, User, UserChanges, UserId, UserKind};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::{AtId, InTenant};
use super::person_form::{self, PersonForm};
use super::problems::Problems;
use super::tenants::head;
use super::undo::Change;
use super::{Console, Fault, SignedIn, show, undo};
use crate::administer::audit_events::Which;
use crate::administer::{
    On, Part, Refused, audit_events, connections, messages, passkeys, person, profile_fields, sessions, users,
};

/// How many sessions of one person are shown.
const SESSIONS: u32 = 100;
/// How many messages to them.
const MESSAGES: u32 = 5;
/// How many events.
const EVENTS: u32 = 20;

/// Which part of the page, and what just happened.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
    events: Option<String>,
    had_roles: Option<String>,
}

/// `GET /tenants/{slug}/users/{id}`.
pub async fn one(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<UserKind>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let user = users::show(&on, id).await?;
    page(&console, &member, &on, (&user, None, &[]), &asked).await
}

/// `POST /tenants/{slug}/users/{id}`: corrects the profile.
pub async fn change(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<UserKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let user = users::show(&on, id).await?;
    let own = profile_fields::list(&on).await?.items;
    let changes = person_form::changes(&user, &own, &fields);
    let had = changes.roles.as_ref().is_some_and(|roles| user.roles.iter().any(|role| !roles.contains(role)));
    match users::change(&on, id, &changes).await {
        Ok(now) if had => {
            let change = Change { before: user.roles, after: now.roles };
            let offer = undo::keep((&member, &on), &roles_of(id), change).unwrap_or_default();
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("notice", "saved")
                .append_pair("had_roles", &offer)
                .finish();
            Ok(Redirect::to(&format!("/tenants/{}/users/{id}?{query}", on.tenant.slug)).into_response())
        }
        Ok(_) => Ok(to_person(&on, id, "saved")),
        Err(refused) => {
            let form = PersonForm::typed(&fields, &own, member.visit.locale);
            let problems = Problems::of(refused, &person_form::FIELDS)?;
            let shown = problems.shown();
            let page = page(&console, &member, &on, (&user, Some(form), &shown), &Asked::default()).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
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

/// `POST /tenants/{slug}/users/{id}/roles`: gives roles back that were taken away.
pub async fn set_roles(
    InTenant { on, .. }: InTenant,
    AtId(id): AtId<UserKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let changes = UserChanges { roles: Some(fields.words("roles")), ..UserChanges::default() };
    users::change(&on, id, &changes).await?;
    Ok(to_person(&on, id, "saved"))
}

/// `POST /tenants/{slug}/users/{id}/invite`.
pub async fn invite(InTenant { on, .. }: InTenant, AtId(id): AtId<UserKind>) -> Result<Response, Fault> {
    match person::invite(&on, id).await {
        Ok(()) => Ok(to_person(&on, id, "invitation-sent")),
        // Of somebody who was stopped meanwhile the page says so.
        Err(Refused::Said(StatusCode::CONFLICT, why)) if is_stopped(&why) => nothing(&on, id).await,
        Err(Refused::Said(StatusCode::CONFLICT, _)) => Ok(to_person(&on, id, "invited-just-now")),
        Err(refused) => Err(refused.into()),
    }
}

/// `POST /tenants/{slug}/users/{id}/reset-factors`.
pub async fn reset_factors(InTenant { on, .. }: InTenant, AtId(id): AtId<UserKind>) -> Result<Response, Fault> {
    users::reset_factors(&on, id).await?;
    Ok(to_person(&on, id, "factors-reset"))
}

/// `POST /tenants/{slug}/users/{id}/authenticator-app/remove`.
pub async fn remove_app(InTenant { on, .. }: InTenant, AtId(id): AtId<UserKind>) -> Result<Response, Fault> {
    person::remove_app(&on, id).await?;
    Ok(to_person(&on, id, "app-removed"))
}

/// `POST /tenants/{slug}/users/{id}/passkeys/remove`: `passkey` says which.
pub async fn remove_passkey(
    InTenant { on, .. }: InTenant,
    AtId(id): AtId<UserKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let Ok(passkey) = fields.get("passkey").parse() else { return nothing(&on, id).await };
    passkeys::remove(&on, id, passkey).await?;
    Ok(to_person(&on, id, "passkey-removed"))
}

/// `POST /tenants/{slug}/users/{id}/sessions/end`: all of them.
pub async fn end_sessions(InTenant { on, .. }: InTenant, AtId(id): AtId<UserKind>) -> Result<Response, Fault> {
    sessions::end_all(&on, id).await?;
    Ok(to_person(&on, id, "sessions-ended"))
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

/// `POST /tenants/{slug}/users/{id}/applications/withdraw`: `application` says which.
pub async fn withdraw(
    InTenant { on, .. }: InTenant,
    AtId(id): AtId<UserKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let Ok(application) = fields.get("application").parse() else { return nothing(&on, id).await };
    person::withdraw(&on, id, application).await?;
    Ok(to_person(&on, id, "access-withdrawn"))
}

/// `POST /tenants/{slug}/users/{id}/accounts/disconnect`: `account` says which.
pub async fn disconnect(
    InTenant { on, .. }: InTenant,
    AtId(id): AtId<UserKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let Ok(account) = fields.get("account").parse() else { return nothing(&on, id).await };
    connections::disconnect(&on, id, account).await?;
    Ok(to_person(&on, id, "account-disconnected"))
}

/// `POST /tenants/{slug}/users/{id}/data`: what is kept about them, as a file.
pub async fn data(InTenant { on, .. }: InTenant, AtId(id): AtId<UserKind>) -> Result<Response, Fault> {
    Ok(person::data(&on, id).await?)
}

/// `GET /tenants/{slug}/users/{id}/erase`.
pub async fn ask_to_erase(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<UserKind>,
) -> Result<Response, Fault> {
    let user = users::show(&on, id).await?;
    let page = UserErase { shell: member.shell(), tenant: head(&on.tenant), user: &user };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `POST /tenants/{slug}/users/{id}/erase`.
pub async fn erase(InTenant { on, .. }: InTenant, AtId(id): AtId<UserKind>) -> Result<Response, Fault> {
    users::erase(&on, id).await?;
    Ok(Redirect::to(&format!("/tenants/{}/users?notice=user-erased", on.tenant.slug)).into_response())
}

/// To their page.
pub fn to_person(on: &On, id: UserId, notice: &str) -> Response {
    Redirect::to(&format!("/tenants/{}/users/{id}?notice={notice}", on.tenant.slug)).into_response()
}

/// Nothing was named: back to their page, where there is one.
async fn nothing(on: &On, id: UserId) -> Result<Response, Fault> {
    users::show(on, id).await?;
    Ok(Redirect::to(&format!("/tenants/{}/users/{id}", on.tenant.slug)).into_response())
}

/// Whose roles an offer is about.
fn roles_of(user: UserId) -> String {
    format!("roles:{user}")
}

/// The roles of before, unless they were changed once more since.
fn taken_away(change: Change<Vec<String>>, user: &User) -> Option<Vec<String>> {
    (change.after == user.roles).then_some(change.before)
}

fn is_stopped(problem: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(problem).is_ok_and(|problem| problem["code"] == "user_disabled")
}

async fn set_disabled(on: &On, id: UserId, disabled: bool) -> Result<User, Fault> {
    let changes = UserChanges { disabled: Some(disabled), ..UserChanges::default() };
    Ok(users::change(on, id, &changes).await?)
}

async fn page(
    console: &Arc<Console>,
    member: &SignedIn,
    on: &On,
    (user, form, problems): (&User, Option<PersonForm>, &[FieldProblem<'_>]),
    asked: &Asked,
) -> Result<Response, Fault> {
    let id = user.id.to_string();
    let part = |limit, cursor: Option<&String>| Part { cursor: cursor.cloned(), limit: Some(limit) };
    let (few, some, last) = (part(SESSIONS, None), part(MESSAGES, None), part(EVENTS, asked.events.as_ref()));
    let about = Which { user_id: Some(id.clone()), ..Which::default() };
    // Side by side: each is a call of its own to the tenant.
    let (own, factors, keys, open, let_in, accounts, sent, events) = try_join!(
        profile_fields::list(on),
        person::factors(on, user.id),
        passkeys::list(on, user.id),
        sessions::list(on, Some(&id), &few),
        person::applications(on, user.id),
        connections::of_user(on, user.id),
        messages::list(on, (Some(&id), None, ByCreation::Newest), &some),
        audit_events::list(on, &about, &last),
    )?;
    let form = form.unwrap_or_else(|| PersonForm::of(user, &own.items, member.visit.locale));
    let locales: Vec<(&str, &str, bool)> =
        Locale::ALL.iter().map(|one| (one.tag(), one.own_name(), form.locale == one.tag())).collect();
    let had = asked.had_roles.as_deref().and_then(|sealed| undo::kept((member, on), &roles_of(user.id), sealed));
    let had = had.and_then(|change| taken_away(change, user)).map(|roles| roles.join(" "));
    let undo = match (asked.notice.as_deref(), had.as_deref()) {
        (Some("user-disabled"), _) if user.disabled => Some(PersonUndo::Disabled),
        (Some("saved"), Some(roles)) => Some(PersonUndo::Roles(roles)),
        _ => None,
    };
    let page = Person {
        shell: member.shell_saying(asked.notice.as_deref()),
        tenant: head(&on.tenant),
        user,
        undo,
        form: (&form.email, &form.name, &form.roles),
        locales: &locales,
        fields: &form.fields,
        problems,
        factors: &factors,
        passkeys: &keys.items,
        sessions: &open.items,
        applications: &let_in.items,
        accounts: &accounts.items,
        messages: &sent.items,
        events: &events.items,
        next: events.next.as_deref(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
