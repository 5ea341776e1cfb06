//! `POST /signin/consent`: a person agrees that an application of somebody else learns what it asks for
//! (B97). Saying no is `/signin/cancel`. Remembered until withdrawn, replaced, or asked for anew by
//! `prompt=consent`; it counts for what was on the page and nothing wider.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use polder_audit::{Actor, Event};
use polder_db::{Error, Tx};
use polder_hosted_pages::tenant::{Asked, CONSENT_TEXT};
use polder_kernel::Locale;
use polder_protocol::Scope;
use polder_protocol::authorize::Request;
use polder_protocol::scope;
use polder_tenant_api::UserId;

use super::answer::{self, At};
use super::flow::Step;
use super::form::FlowForm;
use super::session;
use crate::App;
use crate::error::{Internal, PageError};
use crate::fields::claims::{self, Place};
use crate::model::{Application, Consent, ConsentId};
use crate::store::consents;

/// Whether this person agreed to all this request asks for, after it asked where it insists. The
/// tenant's own applications need no agreement.
///
/// # Errors
/// When the database fails.
pub async fn stands(tx: &mut Tx, user: UserId, application: &Application, request: &Request) -> Result<bool, Error> {
    if !application.third_party {
        return Ok(true);
    }
    let holding = consents::holding(tx, user, application.id).await?;
    Ok(holding.is_some_and(|consent| {
        let asked_since = !request.prompt.consent || consent.given_at >= request.received_at;
        asked_since && request.asked_scope().is_subset(&consent.scope)
    }))
}

/// The fields of the profile that come with this scope, as people call them; empty for none.
pub fn details(app: &App, scope: &Scope, locale: Locale) -> String {
    let (fields, last) = (app.fields.current(), app.tenant.current().default_locale);
    let shown = fields.iter().filter(|field| claims::shows(field, scope, Place::Userinfo));
    shown.map(|field| field.label(locale, last)).collect::<Vec<_>>().join(", ")
}

/// What the page says of each thing asked for. A scope that stands for fields of the profile is said by them.
pub fn lines<'a>(scope: &'a Scope, details: &'a str) -> Vec<Asked<'a>> {
    let details = (!details.is_empty()).then_some(Asked::Details(details));
    scope
        .iter()
        .map(|token| match token {
            scope::OPENID => Asked::WhoYouAre,
            scope::PROFILE => Asked::Profile,
            scope::EMAIL => Asked::Address,
            scope::ROLES => Asked::Roles,
            scope::OFFLINE_ACCESS => Asked::WhileAway,
            other => Asked::Named(other),
        })
        .chain(details)
        .collect()
}

/// Stores the agreement and answers the application. Only the flow's own step allows it, and only for
/// the person whom the page named.
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let (visit, waiting) = (&form.visit, &form.waiting);
    let hash = waiting.hash(&app);
    let at = At { request: &waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(&app, visit, at).await?;
    let Some(signed) = look.signed.filter(|signed| waiting.person(&app, signed.user.id) == form.field("person")) else {
        return answer::proceed(&app, visit, waiting, None, false).await;
    };
    if look.step == Step::AskConsent {
        let given = Consent {
            id: ConsentId::new(&app.clock, &app.entropy),
            user_id: signed.user.id,
            application_id: look.application.id,
            scope: waiting.request.asked_scope(),
            text_version: format!("{CONSENT_TEXT}/{}", visit.locale(&app, &waiting.request.ui_locales).tag()),
            given_at: app.clock.now(),
            ended_at: None,
        };
        store(&app, &form, given).await?;
    }
    answer::proceed(&app, visit, waiting, Some(&signed), true).await
}

async fn store(app: &Arc<App>, form: &FlowForm, given: Consent) -> Result<(), Internal> {
    let (unit, request_id) = (Arc::clone(app), form.visit.context.request_id);
    let metadata = session::metadata(app, &form.visit);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                consents::give(tx, &unit.keyring, &given, &metadata).await?;
                let event = Event::new("consent.given", Actor::user(given.user_id)).user(given.user_id);
                let event = event.application(given.application_id).request(request_id);
                let details = serde_json::json!({ "scope": given.scope, "text_version": given.text_version });
                polder_audit::record(tx, event.details(details));
                Ok::<_, Internal>(())
            })
        })
        .await
}
