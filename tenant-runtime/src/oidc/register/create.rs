//! `POST /register` (RFC 7591, 3).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use polder_audit::{Actor, Event};
use polder_kernel::Timestamp;
use polder_protocol::registration::metadata;
use polder_protocol::{Error, ErrorCode};
use polder_service::{RequestContext, RequestId};
use polder_tenant_api::RegistrationTokenId;
use serde_json::json;

use super::{INITIAL_TOKEN, MANAGING_TOKEN, access, asked, body, brief, told};
use crate::App;
use crate::admin::{registration, to_the_end};
use crate::error::OAuthError;
use crate::model::Application;
use crate::store::applications::{self, NewSecret};
use crate::store::{registrations, settings};

/// Registers an application with a token that an administrator made. The token is used once the application is
/// there, in the same unit.
///
/// # Errors
/// 401 without a token that is good, the codes of RFC 7591, 3.2.2, and 403 where there are as many as may be.
pub async fn post(
    State(app): State<Arc<App>>,
    ctx: RequestContext,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    sent: Body,
) -> Result<Response, OAuthError> {
    let presented = access::presented(&app, ctx.client_ip, &headers, query.as_deref())?;
    let hash = app.keyring.index(INITIAL_TOKEN, presented.expose().as_bytes());
    let token = registrations::live(&mut app.db.read().await?, &hash, app.clock.now()).await?;
    let token = token.ok_or_else(|| access::unknown(&app))?;
    let metadata = metadata::read(&body::read(&headers, sent).await?)?;
    let application = asked::accept(&app, metadata, &token.scopes)?;
    let application = Application { registered_with: Some(token.name), ..application };
    let secret = application.client.auth_method.has_secret().then(|| registration::secret(&app));
    let (secret, stored) = secret.map_or((None, None), |(secret, stored)| (Some(secret), Some(stored)));
    let managing = app.entropy.token();
    let registered = Registered {
        token: token.id,
        application: application.clone(),
        secret: stored,
        managing: app.keyring.index(MANAGING_TOKEN, managing.expose().as_bytes()),
        request_id: ctx.request_id,
    };
    let unit = Arc::clone(&app);
    to_the_end(async move { registered.store(&unit).await }).await?;
    Ok(told::answer(&app, StatusCode::CREATED, &application, (&managing, secret)))
}

/// What is stored together.
struct Registered {
    token: RegistrationTokenId,
    application: Application,
    secret: Option<NewSecret>,
    managing: String,
    request_id: RequestId,
}

impl Registered {
    /// Stores it where the token is still good and there is room, and reads the applications again.
    async fn store(self, app: &Arc<App>) -> Result<(), OAuthError> {
        let (unit, now) = (Arc::clone(app), app.clock.now());
        app.db.write(move |tx| Box::pin(async move { self.unit_of_work(tx, &unit, now).await })).await?;
        Ok(app.refresh_applications().await?)
    }

    async fn unit_of_work(self, tx: &mut polder_db::Tx, app: &App, now: Timestamp) -> Result<(), OAuthError> {
        // First: whoever counts is alone.
        if !settings::take_registration(tx).await? {
            return Err(access::closed());
        }
        if !registrations::use_once(tx, self.token, now).await? {
            return Err(access::unknown(app));
        }
        if registrations::count(tx).await? >= i64::from(app.tenant.current().registration_limit) {
            return Err(full());
        }
        let id = self.application.id;
        applications::add(tx, &self.application).await?;
        registrations::set_manager(tx, id, &self.managing).await?;
        if let Some(secret) = &self.secret {
            applications::add_secret(tx, id, secret, now).await?;
        }
        let event = Event::new("application.registered", Actor::application(id)).application(id);
        let details = json!({
            "registration_token": self.token.to_string(),
            "registration_token_name": self.application.registered_with,
            "application": brief(&self.application),
        });
        polder_audit::record(tx, event.request(self.request_id).details(details));
        Ok(())
    }
}

/// The token is not used by that.
fn full() -> OAuthError {
    let error = Error::new(ErrorCode::AccessDenied, "as many applications are registered as may be");
    OAuthError::new(error).with_status(StatusCode::FORBIDDEN)
}
