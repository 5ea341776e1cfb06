//! An invitation: looking at it changes nothing; naming oneself binds it to that address, where it is not bound to
//! one already; signing in with that address, in this browser and for it, uses it up ([`super::callback`]).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use polder_hosted_pages::console::{FieldProblem, Invitation, Problem};
use polder_kernel::{Email, Slug};
use polder_service::csrf::{self, origin_check};
use polder_service::form::{BodyError, FormBody};
use polder_tenant_api::{NewUser, User};

use super::fields::Fields;
use super::oidc::Claim;
use super::{Console, Fault, Visit, show, signin};
use crate::administer::{On, Refused, users};
use crate::audit::{self, ActingFor};
use crate::credentials::hash_invitation;
use crate::model::{Actor, InvitationId};
use crate::store::invitations::{self, Open};
use crate::store::{members, tenants};

/// The cookie that an anonymous form's token is bound to.
pub(super) const VISITOR: &str = "visitor";

/// The longest name, in characters: what `platform` takes.
const NAME: usize = 100;

/// `GET /invitation`: asks for it.
pub async fn ask(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    form(&console, &visit, ("", &Fields::default()), (None, &[]))
}

/// `GET /invitation/{token}`.
pub async fn show_invitation(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let open = open(&console, &visit, &token).await?;
    let problems = if open.is_some() { &[][..] } else { &[FieldProblem { field: "token", problem: Problem::Invalid }] };
    Ok(form(&console, &visit, (&token, &Fields::default()), (open.as_ref(), problems)))
}

/// `POST /invitation`.
pub async fn accept(
    State(console): State<Arc<Console>>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<FormBody, BodyError>,
) -> Result<Response, Fault> {
    origin_check(&headers, &console.base).map_err(|_| Fault::Forged("it comes from elsewhere"))?;
    let fields = Fields::parse(&body?.0);
    let visitor = visit.jar.get(VISITOR).ok_or(Fault::NoAttempt)?;
    token_of(&console, visitor).verify(Some(fields.get("csrf"))).map_err(|_| Fault::Forged("its token is wrong"))?;
    let token = fields.get("token");
    let mut problems = Vec::new();
    let mut wrong = |field, problem| problems.push(FieldProblem { field, problem });
    let open = open(&console, &visit, token).await?;
    if open.is_none() {
        wrong("token", Problem::Invalid);
    }
    let name = fields.get("name");
    if name.is_empty() {
        wrong("name", Problem::Required);
    } else if name.chars().count() > NAME {
        wrong("name", Problem::TooLong);
    } else if name.contains(char::is_control) {
        wrong("name", Problem::Invalid);
    }
    // One by mail is for its address, whatever the form says.
    let bound = open.as_ref().and_then(|open| open.email.clone());
    let email = bound.map_or_else(|| fields.get("email").parse::<Email>(), Ok);
    if email.is_err() && fields.get("email").is_empty() {
        wrong("email", Problem::Required);
    } else if email.is_err() {
        wrong("email", Problem::Invalid);
    }
    let (Ok(email), true) = (email, problems.is_empty()) else {
        let page = form(&console, &visit, (token, &fields), (open.as_ref(), &problems));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let person = person(&console, &visit, name, &email).await?;
    let Some(id) = bind(&console, &visit, token, (&person, &email)).await? else {
        let problems = [FieldProblem { field: "token", problem: Problem::Invalid }];
        let page = form(&console, &visit, (token, &fields), (None, &problems));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    // Somebody else may be signed in on this computer: the invited person chooses.
    let for_it = ("/".to_owned(), Some(Claim::Invitation(id)));
    signin::go(&console, &visit, for_it, (Some(&email), true)).await
}

/// The person with this address at `platform`, made if they are not there.
pub(super) async fn person(console: &Arc<Console>, visit: &Visit, name: &str, email: &Email) -> Result<User, Fault> {
    let app = Arc::clone(&console.app);
    let platform = tenants::by_slug(&mut app.db.read().await?, &Slug::platform()).await?;
    let tenant = platform.ok_or_else(|| Fault::Unavailable("there is no platform".to_owned()))?;
    let on = On { app, tenant, acting: acting(visit) };
    let new = NewUser {
        email: email.as_str().to_owned(),
        name: Some(name.to_owned()),
        locale: Some(visit.locale),
        roles: Vec::new(),
        fields: polder_tenant_api::FieldValues::new(),
        invite: false,
    };
    match users::create(&on, &new).await {
        Ok(made) => Ok(made),
        Err(Refused::Said(StatusCode::CONFLICT, _)) => {
            let found = users::with_address(&on, email.as_str()).await?;
            found.ok_or_else(|| Fault::Unavailable("the person is gone again".to_owned()))
        }
        Err(refused) => Err(refused.into()),
    }
}

async fn bind(
    console: &Arc<Console>,
    visit: &Visit,
    token: &str,
    (person, email): (&User, &Email),
) -> Result<Option<InvitationId>, Fault> {
    let app = &console.app;
    let (hash, subject, now) = (hash_invitation(&app.keyring, token), person.id.to_string(), app.clock.now());
    let (acting, address) = (acting(visit), members::email_hash(&app.keyring, email));
    let bound = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let found = invitations::bind(tx, &hash, (&subject, &address), now).await?;
                let Some((id, organisation)) = found else { return Ok(None) };
                let (named, acting) = (id.to_string(), ActingFor { organisation_id: Some(organisation), ..acting });
                let event = audit::event("member.invitation_claimed", &acting, None, &[("invitation", &named)]);
                polder_audit::record(tx, event.user(&subject));
                Ok::<_, polder_db::Error>(Some(id))
            })
        })
        .await?;
    Ok(bound)
}

/// The control plane acts: whoever holds a link has proved nothing else yet.
fn acting(visit: &Visit) -> ActingFor {
    ActingFor {
        actor: Actor::System,
        client_ip: visit.context.client_ip,
        request_id: Some(visit.context.request_id.to_string()),
        organisation_id: None,
    }
}

async fn open(console: &Console, visit: &Visit, token: &str) -> Result<Option<Open>, Fault> {
    console.limits.check("invitation", visit.context.client_ip).map_err(Fault::TooMany)?;
    let app = &console.app;
    let hash = hash_invitation(&app.keyring, token);
    Ok(invitations::open(&mut app.db.read().await?, &app.keyring, &hash, app.clock.now()).await?)
}

pub(super) fn token_of(console: &Console, visitor: &str) -> csrf::Token {
    csrf::Token::from_mac(console.app.keyring.mac("visitor-csrf", &[visitor.as_bytes()]))
}

fn form(
    console: &Console,
    visit: &Visit,
    (token, fields): (&str, &Fields),
    (open, problems): (Option<&Open>, &[FieldProblem<'_>]),
) -> Response {
    let known = visit.jar.get(VISITOR).map(str::to_owned);
    let fresh = known.is_none();
    let visitor = known.unwrap_or_else(|| console.app.entropy.token().expose().clone());
    let csrf = token_of(console, &visitor).to_text();
    let page = Invitation {
        frame: visit.frame(&csrf),
        token,
        name: fields.get("name"),
        email: open.and_then(|open| open.email.as_ref()).map_or_else(|| fields.get("email"), Email::as_str),
        into: open.filter(|open| open.email.is_some()).map(|open| open.organisation.as_str()),
        problems,
    };
    let mut response = show::page(visit, &page, &[console.provider.issuer()]);
    if fresh {
        console.cookies.set(VISITOR, &visitor).append_to(response.headers_mut());
    }
    response
}
