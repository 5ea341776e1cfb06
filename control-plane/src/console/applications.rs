//! A tenant's applications.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{
    Application as ApplicationPage, ApplicationCreated, ApplicationForm, ApplicationNew, Applications, FieldProblem,
    Problem, TokenForm,
};
use polder_tenant_api::{
    Access, AccessTokenFormat, ApplicationChanges, ApplicationKind, ApplicationType, NewApplication, Preferences,
    Profile,
};
use serde::Deserialize;
use serde_json::Value;

use super::fields::Fields;
use super::in_tenant::{AtId, InTenant};
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, Part, applications};

/// The fields of the form, the first being where everything else is said.
const FIELDS: [&str; 6] = ["name", "type", "redirect_uris", "post_logout_redirect_uris", "jwks", "role"];

/// What a page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    cursor: Option<String>,
    notice: Option<String>,
}

/// `GET /tenants/{slug}/applications`.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let found = applications::list(&on, &Part { cursor: asked.cursor, limit: None }).await?;
    let page = Applications {
        shell: member.shell_saying(asked.notice.as_deref()),
        tenant: head(&on.tenant),
        applications: &found.items,
        next: found.next.as_deref(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/applications/new`.
pub async fn new(State(console): State<Arc<Console>>, InTenant { member, on }: InTenant) -> Response {
    new_form(&console, &member, &on, (&Fields::default(), &[]))
}

/// `POST /tenants/{slug}/applications`: answers with the secret, this once.
pub async fn create(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let refuse = |problems: &[FieldProblem<'_>]| {
        let page = new_form(&console, &member, &on, (&fields, problems));
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    if fields.get("name").is_empty() {
        return refuse(&[FieldProblem { field: "name", problem: Problem::Required }]);
    }
    let Some(access) = access(&fields) else {
        return refuse(&[FieldProblem { field: "role", problem: Problem::Required }]);
    };
    let new = NewApplication {
        name: fields.get("name").to_owned(),
        profile: profile(&fields),
        kind: kind(&fields),
        redirect_uris: fields.lines("redirect_uris"),
        post_logout_redirect_uris: fields.lines("post_logout_redirect_uris"),
        grant_types: None,
        token_endpoint_auth_method: None,
        jwks: jwks(&fields),
        third_party: false,
        access,
        preferences: Preferences::default(),
    };
    let made = match applications::create(&on, &new).await {
        Ok(made) => made,
        Err(refused) => return refuse(&Problems::of(refused, &FIELDS)?.shown()),
    };
    let page = ApplicationCreated {
        shell: polder_hosted_pages::console::Shell { language_path: None, ..member.shell() },
        tenant: head(&on.tenant),
        application: &made.application,
        client_secret: made.client_secret.as_deref(),
        previous_expire_at: None,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/applications/{id}`.
pub async fn one(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let application = applications::show(&on, id).await?;
    let page = ApplicationPage {
        shell: member.shell_saying(asked.notice.as_deref()),
        tenant: head(&on.tenant),
        application: &application,
        form: None,
        problems: &[],
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `POST /tenants/{slug}/applications/{id}`.
pub async fn change(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let application = applications::show(&on, id).await?;
    let refuse = |problems: &[FieldProblem<'_>]| {
        let page = ApplicationPage {
            shell: member.shell(),
            tenant: head(&on.tenant),
            application: &application,
            form: Some(form(&fields)),
            problems,
        };
        let page = show::page(&member.visit, &page, &[console.provider.issuer()]);
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    if fields.get("name").is_empty() {
        return refuse(&[FieldProblem { field: "name", problem: Problem::Required }]);
    }
    let Some(access) = access(&fields) else {
        return refuse(&[FieldProblem { field: "role", problem: Problem::Required }]);
    };
    let changes = ApplicationChanges {
        name: Some(fields.get("name").to_owned()),
        redirect_uris: Some(fields.lines("redirect_uris")),
        post_logout_redirect_uris: Some(fields.lines("post_logout_redirect_uris")),
        access: Some(access),
        preferences: Some(Preferences {
            passkeys: fields.get("passkeys").parse().ok(),
            second_factor: fields.get("second_factor").parse().ok(),
            ..tokens(&fields, &application.preferences)
        }),
        ..ApplicationChanges::default()
    };
    match applications::change(&on, id, &changes).await {
        Ok(_) => {
            let to = format!("/tenants/{}/applications/{id}?notice=saved", on.tenant.slug);
            Ok(Redirect::to(&to).into_response())
        }
        Err(refused) => refuse(&Problems::of(refused, &FIELDS)?.shown()),
    }
}

/// `POST /tenants/{slug}/applications/{id}/secrets`: answers with the secret, this once.
pub async fn add_secret(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
) -> Result<Response, Fault> {
    let application = applications::show(&on, id).await?;
    let made = applications::add_secret(&on, id).await?;
    let page = ApplicationCreated {
        shell: polder_hosted_pages::console::Shell { language_path: None, ..member.shell() },
        tenant: head(&on.tenant),
        application: &application,
        client_secret: Some(&made.client_secret),
        previous_expire_at: made.previous_expire_at.as_deref(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `POST /tenants/{slug}/applications/{id}/delete`.
pub async fn remove(InTenant { on, .. }: InTenant, AtId(id): AtId<ApplicationKind>) -> Result<Response, Fault> {
    applications::remove(&on, id).await?;
    let to = format!("/tenants/{}/applications?notice=application-deleted", on.tenant.slug);
    Ok(Redirect::to(&to).into_response())
}

fn new_form(
    console: &Console,
    member: &SignedIn,
    on: &On,
    (fields, problems): (&Fields, &[FieldProblem<'_>]),
) -> Response {
    let page = ApplicationNew {
        shell: member.shell(),
        tenant: head(&on.tenant),
        kind: kind(fields),
        form: form(fields),
        problems,
    };
    show::page(&member.visit, &page, &[console.provider.issuer()])
}

fn form(fields: &Fields) -> ApplicationForm<'_> {
    ApplicationForm {
        name: fields.get("name"),
        redirect_uris: fields.get("redirect_uris"),
        post_logout_redirect_uris: fields.get("post_logout_redirect_uris"),
        access: fields.get("access"),
        role: fields.get("role"),
        passkeys: fields.get("passkeys"),
        second_factor: fields.get("second_factor"),
        profile: fields.get("profile"),
        jwks: fields.get("jwks"),
        tokens: TokenForm {
            id_token_alg: fields.get("id_token_signed_response_alg"),
            access_token_format: fields.get("access_token_format"),
            access_token_seconds: fields.get("access_token_seconds"),
            refresh_idle_seconds: fields.get("refresh_idle_seconds"),
            refresh_absolute_seconds: fields.get("refresh_absolute_seconds"),
            userinfo_alg: fields.get("userinfo_signed_response_alg"),
        },
    }
}

/// The choices about tokens; a field that is not in the form stays as it was.
fn tokens(fields: &Fields, before: &Preferences) -> Preferences {
    let sent = |name: &str| fields.has(name).then(|| Some(fields.get(name)).filter(|value| !value.is_empty()));
    let text = |name, before: &Option<String>| sent(name).map_or(before.clone(), |value| value.map(str::to_owned));
    let seconds = |name, before| sent(name).map_or(before, |value| value.and_then(|value| value.parse().ok()));
    let opaque = |value: Option<&str>| (value == Some("opaque")).then_some(AccessTokenFormat::Opaque);
    Preferences {
        id_token_signed_response_alg: text("id_token_signed_response_alg", &before.id_token_signed_response_alg),
        userinfo_signed_response_alg: text("userinfo_signed_response_alg", &before.userinfo_signed_response_alg),
        access_token_format: sent("access_token_format").map_or(before.access_token_format, opaque),
        access_token_seconds: seconds("access_token_seconds", before.access_token_seconds),
        refresh_idle_seconds: seconds("refresh_idle_seconds", before.refresh_idle_seconds),
        refresh_absolute_seconds: seconds("refresh_absolute_seconds", before.refresh_absolute_seconds),
        ..before.clone()
    }
}

fn kind(fields: &Fields) -> ApplicationType {
    match fields.get("type") {
        "spa" => ApplicationType::Spa,
        "native" => ApplicationType::Native,
        "machine" => ApplicationType::Machine,
        _ => ApplicationType::Web,
    }
}

fn profile(fields: &Fields) -> Profile {
    match fields.get("profile") {
        "compat" => Profile::Compat,
        "fapi2" => Profile::Fapi2,
        _ => Profile::Default,
    }
}

/// What is no JSON goes to the tenant as a text: it says what keys look like.
fn jwks(fields: &Fields) -> Option<Value> {
    let text = fields.get("jwks");
    (!text.is_empty()).then(|| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())))
}

/// `None` when a role is chosen and not named.
fn access(fields: &Fields) -> Option<Access> {
    match (fields.get("access"), fields.get("role")) {
        ("role", "") => None,
        ("role", role) => Some(Access::Role { role: role.to_owned() }),
        ("invited", _) => Some(Access::Invited),
        _ => Some(Access::Everyone),
    }
}
