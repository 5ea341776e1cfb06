//! `/device`: a person lets in a program on another device, by the code it shows (RFC 8628, 3.3).
//!
//! Nothing is decided by opening an address, however complete (B83): who is signed in types or checks the code, sees
//! which application it is and what it asks for, and says so by a form that only our page for this session can send.
//! The page says that the code must come from a device of one's own: nobody can make sure of that but the person.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use polder_audit::{Actor, Event};
use polder_hosted_pages::tenant::{CONSENT_TEXT, DeviceConfirm, DeviceDone, DeviceEnter, DeviceError};
use polder_protocol::Params;
use polder_protocol::authorize::Request;
use polder_protocol::claims::AskedClaims;
use polder_protocol::device;
use polder_protocol::metadata::path;

use crate::App;
use crate::account::door::{AccountForm, Away, Here};
use crate::error::Internal;
use crate::limits;
use crate::model::code::Bound;
use crate::model::{Application, Approved, Consent, ConsentId, GrantId};
use crate::oidc::authorize;
use crate::oidc::device_authorization::user_code_hash;
use crate::signin::page::Paper;
use crate::signin::session::{self, Signed};
use crate::signin::visit::Visit;
use crate::signin::{self, consent, demand, own_page};
use crate::store::device_authorizations::{self, Waiting};
use crate::store::{consents, users};

/// Asks for the code, once the person is signed in; with the one of the address filled in.
pub async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery, visit: Visit) -> Result<Response, Away> {
    let given = Params::read(query.unwrap_or_default().as_bytes());
    let code = given.get("user_code").and_then(device::typed);
    let path = code.as_deref().map_or_else(|| path::DEVICE.to_owned(), at);
    let here = Here::find(&app, visit, &path).await?;
    let code = code.as_deref().map(device::shown).unwrap_or_default();
    Ok(enter(&app, &here, &code, None))
}

/// Looks the code up and shows who asks; or, where the form says so, decides.
pub async fn submit(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    // Before it is looked up: past the limit a right guess is worth as little as a wrong one.
    if let Err(wait) = app.limits.check(limits::USER_CODE, here.visit.context.client_ip) {
        let (paper, error) = (paper(&app, here), Some(DeviceError::TooOften));
        let page = DeviceEnter { frame: paper.frame(), code: &cut(form.field("user_code")), error };
        return Ok(paper.print_too_many(wait.seconds(), &page));
    }
    let code = device::typed(form.field("user_code"));
    let Some((code, waiting, application)) = find(&app, code).await? else {
        return Ok(enter(&app, here, form.field("user_code"), Some(DeviceError::Unknown)));
    };
    let Signed { session, user } = &here.signed;
    if form.field("decision") == "refuse" {
        refuse(&app, here, &code, &application).await?;
        return Ok(done(&app, here, &application, false));
    }
    let mut tx = app.db.read().await?;
    let admitted = users::is_admitted(&mut tx, &application.access, application.id, user.id).await?;
    drop(tx);
    if !admitted {
        return Ok(enter(&app, here, "", Some(DeviceError::NotAllowed)));
    }
    let least = demand::least(&app.tenant.current(), &application);
    if session.assurance() < least {
        let mut request = Request::for_own_page(own_page::CLIENT_ID, at(&code), app.clock.now());
        request.subject = Some(user.id.to_string());
        request.login_hint = Some(user.email.as_str().to_owned());
        request.essential_acr = Some(vec![least.acr().to_owned()]);
        return Ok(signin::begin(&app, &here.visit, request).await?);
    }
    if form.field("decision") != "allow" {
        return Ok(confirm(&app, here, &code, (&waiting, &application)));
    }
    if !allow(&app, here, &code, (waiting, &application)).await? {
        return Ok(enter(&app, here, "", Some(DeviceError::Unknown)));
    }
    Ok(done(&app, here, &application, true))
}

type Found = (String, Waiting, Arc<Application>);

async fn find(app: &App, code: Option<String>) -> Result<Option<Found>, Internal> {
    let Some(code) = code else { return Ok(None) };
    let mut tx = app.db.read().await?;
    let hash = user_code_hash(app, &code);
    let Some(waiting) = device_authorizations::waiting(&mut tx, &hash, app.clock.now()).await? else { return Ok(None) };
    let application = app.applications.enabled(&waiting.application_id.to_string());
    Ok(application.map(|application| (code, waiting, application)))
}

/// The address with this code in it.
fn at(code: &str) -> String {
    format!("{}?user_code={}", path::DEVICE, device::shown(code))
}

fn enter(app: &App, here: &Here, code: &str, error: Option<DeviceError>) -> Response {
    let paper = paper(app, here);
    let status = match error {
        None => StatusCode::OK,
        Some(DeviceError::Unknown) => StatusCode::UNPROCESSABLE_ENTITY,
        Some(DeviceError::TooOften) => StatusCode::TOO_MANY_REQUESTS,
        Some(DeviceError::NotAllowed) => StatusCode::FORBIDDEN,
    };
    paper.print(status, &DeviceEnter { frame: paper.frame(), code: &cut(code), error })
}

/// What was typed comes back as it was, cut to what a code can be.
fn cut(code: &str) -> String {
    code.chars().take(20).collect()
}

fn confirm(app: &App, here: &Here, code: &str, (waiting, application): (&Waiting, &Application)) -> Response {
    let (paper, user) = (paper(app, here), &here.signed.user);
    let details = consent::details(app, &waiting.scope, paper.locale);
    let page = DeviceConfirm {
        frame: paper.frame(),
        application: &application.name,
        code: &device::shown(code),
        name: user.name.as_deref().unwrap_or_default(),
        masked_address: &user.email.masked(),
        asked: &consent::lines(&waiting.scope, &details),
    };
    paper.print(StatusCode::OK, &page)
}

fn done(app: &App, here: &Here, application: &Application, allowed: bool) -> Response {
    let paper = paper(app, here);
    paper.print(StatusCode::OK, &DeviceDone { frame: paper.frame(), application: &application.name, allowed })
}

fn paper(app: &App, here: &Here) -> Paper {
    Paper::new(app, &here.visit, path::DEVICE, &here.csrf(app).to_text())
}

/// The person's yes, with the consent it is where the application is somebody else's.
async fn allow(
    app: &Arc<App>,
    here: &Here,
    code: &str,
    (waiting, application): (Waiting, &Application),
) -> Result<bool, Internal> {
    let (Signed { session, user }, now) = (&here.signed, app.clock.now());
    let approved = Approved {
        grant_id: GrantId::new(&app.clock, &app.entropy),
        user_id: user.id,
        session_id: session.id,
        scope: waiting.scope.clone(),
        bound: Bound {
            try_out: false,
            dpop_jkt: None,
            sid: authorize::sid(app, session.id, application.id),
            acr: session.acr.clone(),
            amr: session.amr.clone(),
            authenticated_at: session.authenticated_at,
            session_expires_at: session.expires_at,
            claims: AskedClaims::default(),
            resources: Vec::new(),
        },
    };
    let consent = application.third_party.then(|| Consent {
        id: ConsentId::new(&app.clock, &app.entropy),
        user_id: user.id,
        application_id: application.id,
        scope: waiting.scope,
        text_version: format!("{CONSENT_TEXT}/{}", here.visit.locale(app, &[]).tag()),
        given_at: now,
        ended_at: None,
    });
    let (unit, hash, metadata) = (Arc::clone(app), user_code_hash(app, code), session::metadata(app, &here.visit));
    let event = event("device.allowed", here, application);
    let bound = serde_json::to_string(&approved.bound)?;
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if !device_authorizations::approve(tx, &hash, &approved, &bound, now).await? {
                    return Ok(false);
                }
                if let Some(given) = &consent {
                    consents::give(tx, &unit.keyring, given, &metadata).await?;
                }
                polder_audit::record(tx, event);
                Ok(true)
            })
        })
        .await
}

async fn refuse(app: &App, here: &Here, code: &str, application: &Application) -> Result<(), Internal> {
    let (hash, user, now) = (user_code_hash(app, code), here.signed.user.id, app.clock.now());
    let event = event("device.refused", here, application);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if device_authorizations::deny(tx, &hash, user, now).await? {
                    polder_audit::record(tx, event);
                }
                Ok(())
            })
        })
        .await
}

fn event(action: &'static str, here: &Here, application: &Application) -> Event {
    let Signed { session, user } = &here.signed;
    let event = Event::new(action, Actor::user(user.id)).user(user.id).session(session.id);
    event.application(application.id).request(here.visit.context.request_id)
}
