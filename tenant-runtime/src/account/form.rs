//! A form of the passkeys' page, checked as every form of the account is, and what freshness means there.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use polder_protocol::Params;
use polder_service::csrf::Token;

use super::door::{self, Away, Here};
use crate::App;
use crate::model::Session;
use crate::signin::session::Signed;
use crate::signin::visit::Visit;

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
    type Rejection = Away;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Away> {
        let (Here { visit, signed, .. }, fields) = door::AccountForm::from_request(request, app).await?.into_parts();
        Ok(Self { visit, signed, fields })
    }
}
