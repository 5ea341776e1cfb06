//! A form of an account page: of this browser's session, really ours (E07, E08).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use polder_protocol::Params;
use polder_service::RequestContext;
use polder_service::csrf::{self, Token};
use polder_service::form::FormBody;

use crate::error::{Kind, PageError};
use crate::model::Session;
use crate::signin::session::{self, Signed};
use crate::signin::visit::Visit;
use crate::{App, limits};

/// How long after a proof how people sign in may be changed without another (C26).
pub const FRESH: Duration = Duration::from_secs(10 * 60);

/// A checked form.
#[derive(Debug)]
pub struct AccountForm {
    /// The browser that sent it.
    pub visit: Visit,
    /// Who is signed in.
    pub signed: Signed,
    fields: Params,
}

impl AccountForm {
    /// What was typed into a field; empty when nothing was.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_default()
    }
}

/// Whether the person proved themselves a moment ago, here and not to an outside provider alone.
pub fn is_fresh(app: &App, session: &Session) -> bool {
    session.is_proved_here() && app.clock.now().since(session.authenticated_at) < FRESH
}

/// The token of this session's account forms.
pub fn token(app: &App, session: &Session) -> Token {
    Token::from_mac(app.keyring.mac("csrf", &[b"account", session.id.as_bytes()]))
}

impl FromRequest<Arc<App>> for AccountForm {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, PageError> {
        let context = RequestContext::of(request.headers(), request.extensions());
        let visit = Visit::new(app, context, request.headers().clone(), None);
        app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
        csrf::origin_check(request.headers(), app.issuer.as_str())?;
        let FormBody(body) = FormBody::from_request(request, &()).await?;
        let bad = || PageError::new(Kind::BadRequest).detail("form fields are repeated or not text");
        let fields = Params::parse(&body).map_err(|_| bad())?;
        let signed = session::current(app, &mut app.db.read().await?, &visit.jar).await?;
        let signed = signed.ok_or_else(|| PageError::new(Kind::Expired))?;
        token(app, &signed.session).verify(fields.get("csrf"))?;
        Ok(Self { visit, signed, fields })
    }
}
