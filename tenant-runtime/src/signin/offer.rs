//! The offer of a passkey, right after a sign-in with something weaker. `POST /signin/offer/options`,
//! `/signin/offer/accept` and `/signin/offer/skip`; one button skips it, and then nobody asks again
//! for a while.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use polder_db::Tx;
use polder_hosted_pages::tenant::{OfferPasskey, Signals};
use polder_tenant_api::PasskeyPolicy;

use super::answer::{self, At};
use super::demand;
use super::flow::Step;
use super::form::FlowForm;
use super::page::Paper;
use super::session::Signed;
use super::visit::Visit;
use super::waiting::Waiting;
use crate::App;
use crate::error::{Internal, Kind, PageError};
use crate::model::{Application, Assurance};
use crate::oidc::json;
use crate::passkeys::enrol;
use crate::passkeys::signals;
use crate::store::{passkey_owners, passkeys};

/// How long nobody asks again.
const PAUSE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Whether a person is to be asked: not where passkeys are just possible, and not one who just used a
/// passkey or only an outside provider, said "not now" lately, or has plenty.
pub async fn is_due(app: &App, tx: &mut Tx, (signed, application): (&Signed, &Application)) -> Result<bool, Internal> {
    if demand::passkeys(&app.tenant.current(), application) == PasskeyPolicy::Optional {
        return Ok(false);
    }
    // What a provider vouches for makes no passkey: it would be worth more than what made it.
    if !signed.session.is_proved_here()
        || signed.session.assurance() == Assurance::Passkey
        || signed.session.amr.iter().any(|word| word == "pop")
    {
        return Ok(false);
    }
    let after = passkey_owners::offer_after(tx, signed.user.id).await?;
    let asked_lately = after.is_some_and(|after| app.clock.now() < after);
    Ok(!asked_lately && passkeys::count(tx, signed.user.id).await? < enrol::MOST)
}

/// What to ask the browser for.
pub async fn options(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let signed = due(&app, &form).await?;
    let options = enrol::options(&app, &signed, form.field("quietly") == "1").await?;
    Ok(json::no_store(StatusCode::OK, &options))
}

/// Takes the new passkey and goes on.
pub async fn accept(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let signed = due(&app, &form).await?;
    match enrol::finish(&app, &form.visit, &signed, form.field("credential")).await? {
        Ok(_) => pause(&app, &signed).await?,
        Err(refusal) => {
            tracing::info!(%refusal, "a new passkey was not taken");
            let application = super::own_page::application(&app, &form.waiting.request.client_id);
            let application = application.ok_or_else(|| PageError::new(Kind::UnknownApplication))?;
            let page = (&form.waiting, application.as_ref(), &signed);
            return show(&app, &form.visit, page, (StatusCode::BAD_REQUEST, true)).await;
        }
    }
    answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), false).await
}

/// Not now.
pub async fn skip(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let signed = due(&app, &form).await?;
    pause(&app, &signed).await?;
    answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), false).await
}

/// The page.
pub async fn show(
    app: &App,
    visit: &Visit,
    (waiting, application, signed): (&Waiting, &Application, &Signed),
    (status, failed): (StatusCode, bool),
) -> Result<Response, PageError> {
    let told = signals::of(app, &mut app.db.read().await?, signed).await?;
    let paper = Paper::of_flow(app, visit, waiting, application).with_script();
    let page = OfferPasskey { frame: paper.frame(), signals: Signals { text: told.as_deref() }, failed };
    Ok(paper.print(status, &page).into_response())
}

/// Who is asked. Only the flow's own step allows it (B98).
async fn due(app: &App, form: &FlowForm) -> Result<Signed, PageError> {
    let hash = form.waiting.hash(app);
    let at = At { request: &form.waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(app, &form.visit, at).await?;
    match (look.step, look.signed) {
        (Step::OfferPasskey, Some(signed)) => Ok(signed),
        _ => Err(PageError::new(Kind::Expired)),
    }
}

async fn pause(app: &Arc<App>, signed: &Signed) -> Result<(), Internal> {
    let (unit, user, now) = (Arc::clone(app), signed.user.id, app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                passkey_owners::ensure(tx, (&unit.keyring, &unit.entropy), user, now).await?;
                passkey_owners::postpone(tx, user, now + PAUSE).await?;
                Ok::<_, Internal>(())
            })
        })
        .await
}
