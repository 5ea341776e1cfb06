//! A form of a sign-in page: really ours, really of this browser, really of this flow (E07, E08, D08).

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use polder_protocol::Params;
use polder_service::csrf;
use polder_service::form::FormBody;

use super::visit::Visit;
use super::waiting::Waiting;
use crate::error::{Kind, PageError};
use crate::{App, limits};

/// A checked form of a flow.
#[derive(Debug)]
pub struct FlowForm {
    /// The browser that sent it.
    pub visit: Visit,
    /// The flow it belongs to.
    pub waiting: Waiting,
    fields: Params,
}

impl FlowForm {
    /// What was typed into a field; empty when nothing was.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_default()
    }
}

impl FromRequest<Arc<App>> for FlowForm {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, PageError> {
        let visit = visit(&request, app);
        app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
        csrf::origin_check(request.headers(), app.issuer.as_str())?;
        let fields = fields(request).await?;
        let handle = fields.get("flow").unwrap_or_default();
        let waiting = Waiting::find(app, &visit.jar, handle).await?;
        let waiting = waiting.ok_or_else(|| lost(&visit))?;
        waiting.csrf(app).verify(fields.get("csrf"))?;
        Ok(Self { visit, waiting, fields })
    }
}

/// Why a flow cannot be found: it ran out, belongs to another browser, or this one keeps no cookies.
pub fn lost(visit: &Visit) -> PageError {
    PageError::new(if visit.jar.names("").next().is_none() { Kind::CookiesNeeded } else { Kind::Expired })
}

fn visit(request: &Request, app: &App) -> Visit {
    let context = polder_service::RequestContext::of(request.headers(), request.extensions());
    Visit::new(app, context, request.headers().clone(), None)
}

/// The fields of a form; one that comes twice was not made by our pages.
async fn fields(request: Request) -> Result<Params, PageError> {
    let FormBody(body) = FormBody::from_request(request, &()).await?;
    Params::parse(&body).map_err(|_| PageError::new(Kind::BadRequest).detail("form fields are repeated or not text"))
}
