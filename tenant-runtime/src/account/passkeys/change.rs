//! What a person changes about their passkeys. Every change is audited; those that open or close a way
//! in are told by mail (D26).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_db::Tx;
use polder_tenant_api::{PasskeyId, PasskeyPolicy};
use serde_json::json;

use super::PATH;
use super::list::{self, Outcome};
use crate::App;
use crate::account::form::{AccountForm, is_fresh};
use crate::account::name;
use crate::account::notice::{self, Change};
use crate::error::{Internal, Kind, PageError};
use crate::model::Passkey;
use crate::oidc::json;
use crate::passkeys::enrol;
use crate::signin::own_page;
use crate::signin::session::Signed;
use crate::signin::visit::Visit;
use crate::store::passkeys;

/// The page after a passkey came or went.
const CHANGED: &str = "/account/passkeys?done=changed";
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;

/// Proves once more who it is, and comes back.
pub async fn confirm(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, PageError> {
    if is_fresh(&app, &form.signed.session) {
        return Ok(Redirect::to(PATH).into_response());
    }
    own_page::lead_to(&app, &form.visit, PATH, true).await
}

/// What to ask the browser for.
pub async fn options(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, PageError> {
    if !is_fresh(&app, &form.signed.session) {
        return Err(PageError::new(Kind::Refused).detail("the sign-in is too long ago"));
    }
    Ok(json::no_store(StatusCode::OK, &enrol::options(&app, &form.signed, false).await?))
}

/// Takes a new passkey.
pub async fn accept(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, PageError> {
    if !is_fresh(&app, &form.signed.session) {
        return own_page::lead_to(&app, &form.visit, PATH, true).await;
    }
    match enrol::finish(&app, &form.visit, &form.signed, form.field("credential")).await? {
        Ok(_) => Ok(Redirect::to(CHANGED).into_response()),
        Err(refusal) => {
            tracing::info!(%refusal, "a new passkey was not taken");
            list::page(&app, &form.visit, &form.signed, (StatusCode::BAD_REQUEST, Outcome::Failed)).await
        }
    }
}

/// What is done to a passkey.
#[derive(Clone, Debug)]
enum Deed {
    Rename(String),
    Remove,
    Restore,
}

/// Gives one another name.
pub async fn rename(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, PageError> {
    let name = name::checked(form.field("name")).ok().filter(|name| name.chars().count() <= LONGEST_NAME);
    match name {
        Some(name) => change(app, form, Deed::Rename(name)).await,
        None => list::page(&app, &form.visit, &form.signed, (StatusCode::UNPROCESSABLE_ENTITY, Outcome::Failed)).await,
    }
}

/// Takes one out of use.
pub async fn remove(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, PageError> {
    change(app, form, Deed::Remove).await
}

/// Brings one back.
pub async fn restore(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, PageError> {
    change(app, form, Deed::Restore).await
}

async fn change(app: Arc<App>, form: AccountForm, deed: Deed) -> Result<Response, PageError> {
    if !is_fresh(&app, &form.signed.session) {
        return own_page::lead_to(&app, &form.visit, PATH, true).await;
    }
    let id: PasskeyId = form.field("passkey").parse().map_err(|_| PageError::new(Kind::BadRequest))?;
    let done = if matches!(deed, Deed::Rename(_)) { PATH } else { CHANGED };
    let unit = Arc::clone(&app);
    app.db
        .write(move |tx| Box::pin(async move { unit_of_work(&unit, tx, &form.visit, &form.signed, (id, deed)).await }))
        .await?;
    app.outbox_filled.notify_one();
    Ok(Redirect::to(done).into_response())
}

/// Of this person's alone: somebody else's passkey is as good as none (C18).
async fn unit_of_work(
    app: &App,
    tx: &mut Tx,
    visit: &Visit,
    signed: &Signed,
    (id, deed): (PasskeyId, Deed),
) -> Result<(), Internal> {
    let (user, now) = (signed.user.id, app.clock.now());
    let since = enrol::regret_since(now);
    let all = passkeys::of_user(tx, &app.keyring, user, Some(since)).await?;
    let Some(passkey) = all.into_iter().find(|passkey| passkey.id == id) else { return Ok(()) };
    // Where nobody gets in without one, the last stays until there is another (C26).
    let needed = app.tenant.current().passkeys == PasskeyPolicy::Required;
    if needed && matches!(deed, Deed::Remove) && passkeys::count(tx, user).await? <= 1 {
        return Ok(());
    }
    let done = match &deed {
        Deed::Rename(name) => passkeys::rename(tx, &app.keyring, id, user, name).await?,
        Deed::Remove => passkeys::remove(tx, id, user, now).await?,
        Deed::Restore => passkeys::restore(tx, id, user, since).await?,
    };
    if done {
        let details = json!({ "passkey": id.to_string(), "amr": signed.session.amr });
        enrol::record(app, tx, visit, signed, deed.action(), details)?;
        if let Some(change) = deed.told(&passkey) {
            notice::put(app, tx, &signed.user, Some(visit), change).await?;
        }
    }
    Ok(())
}

impl Deed {
    const fn action(&self) -> &'static str {
        match self {
            Self::Rename(_) => "passkey.renamed",
            Self::Remove => "passkey.removed",
            Self::Restore => "passkey.restored",
        }
    }

    fn told(&self, passkey: &Passkey) -> Option<Change> {
        let model = passkey.model().map(str::to_owned);
        match self {
            Self::Rename(_) => None,
            Self::Remove => Some(Change::PasskeyRemoved { model }),
            Self::Restore => Some(Change::PasskeyRestored { model }),
        }
    }
}
