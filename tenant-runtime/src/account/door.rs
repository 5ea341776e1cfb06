//! Who may come in: whoever is signed in here. Forms come from our own pages of this very session (E07),
//! and what is sensitive asks for a fresh sign-in.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use polder_protocol::{Params, authorize};
use polder_service::csrf::{self, Token};
use polder_service::form::FormBody;

use super::form;
use crate::error::{Kind, PageError};
use crate::model::Assurance;
use crate::signin::session::{self, Signed};
use crate::signin::visit::Visit;
use crate::signin::{self, accounts, demand, own_page};
use crate::store::{passkeys, totp_factors};
use crate::{App, limits};

/// The answer to somebody who does not come in, or not yet: the sign-in, or an error page.
#[derive(Debug)]
pub struct Away(Box<Response>);

impl IntoResponse for Away {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl<E: Into<PageError>> From<E> for Away {
    fn from(error: E) -> Self {
        Self(Box::new(error.into().into_response()))
    }
}

/// Somebody who is signed in, looking at a page of their account.
#[derive(Clone, Debug)]
pub struct Here {
    /// The browser.
    pub visit: Visit,
    /// The session and its person.
    pub signed: Signed,
    /// Whether others are signed in on this browser as well.
    pub others: bool,
}

impl Here {
    /// Whoever is signed in on this browser, for a page of ours at `path`.
    ///
    /// # Errors
    /// The way to the sign-in and back to `path`.
    pub async fn find(app: &Arc<App>, visit: Visit, path: &str) -> Result<Self, Away> {
        app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
        let accounts = accounts::live(app, &mut app.db.read().await?, &visit.jar).await?;
        let others = accounts.len() > 1;
        let signed = accounts.into_iter().next().map(|account| account.signed);
        // A session worth less than the tenant asks of everybody opens no account either.
        let Some(signed) = signed.filter(|signed| demand::meets_tenant(app, &signed.session)) else {
            let request = request(app, path);
            return Err(Away(Box::new(signin::begin(app, &visit, request).await?)));
        };
        session::touch(app, &visit, &signed.session).await?;
        Ok(Self { visit, signed, others })
    }

    /// Goes on only after a sign-in of the last ten minutes, with the second factor of whoever has one.
    /// Otherwise the person proves themselves again and comes back to the page at `path`.
    ///
    /// # Errors
    /// The way to the sign-in.
    pub async fn fresh(&self, app: &Arc<App>, path: &str) -> Result<(), Away> {
        let Signed { session, user } = &self.signed;
        let recent = form::is_fresh(app, session);
        let mut tx = app.db.read().await?;
        let strong = session.assurance() >= Assurance::TwoFactors || !totp_factors::has(&mut tx, user.id).await?;
        drop(tx);
        if recent && strong {
            return Ok(());
        }
        let mut request = request(app, path);
        request.prompt.login = true;
        request.subject = Some(user.id.to_string());
        request.login_hint = Some(user.email.as_str().to_owned());
        Err(Away(Box::new(signin::begin(app, &self.visit, request).await?)))
    }

    /// As [`fresh`](Self::fresh), for who changes their factors: with a passkey, where they have one. A code
    /// by e-mail alone puts nothing beside it (D13).
    ///
    /// # Errors
    /// The way to the sign-in.
    pub async fn fresh_with_passkey(&self, app: &Arc<App>, path: &str) -> Result<(), Away> {
        self.fresh(app, path).await?;
        let Signed { session, user } = &self.signed;
        let strongest = session.assurance() == Assurance::Passkey;
        if strongest || passkeys::count(&mut app.db.read().await?, user.id).await? == 0 {
            return Ok(());
        }
        let mut request = request(app, path);
        request.subject = Some(user.id.to_string());
        request.login_hint = Some(user.email.as_str().to_owned());
        request.essential_acr = Some(vec![Assurance::Passkey.acr().to_owned()]);
        Err(Away(Box::new(signin::begin(app, &self.visit, request).await?)))
    }

    /// The token of this session's account forms.
    pub fn csrf(&self, app: &App) -> Token {
        form::token(app, &self.signed.session)
    }
}

impl FromRequestParts<Arc<App>> for Here {
    type Rejection = Away;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Away> {
        let Ok(visit) = Visit::from_request_parts(parts, app).await;
        Self::find(app, visit, parts.uri.path()).await
    }
}

/// A checked form of an account page.
#[derive(Clone, Debug)]
pub struct AccountForm {
    /// Whose it is.
    pub here: Here,
    fields: Params,
}

impl AccountForm {
    /// What was typed into a field; empty when nothing was.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_default()
    }

    /// Whose it is, and everything it sends.
    pub fn into_parts(self) -> (Here, Params) {
        (self.here, self.fields)
    }
}

impl FromRequest<Arc<App>> for AccountForm {
    type Rejection = Away;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Away> {
        let (parts, body) = request.into_parts();
        let context = polder_service::RequestContext::of(&parts.headers, &parts.extensions);
        let visit = Visit::new(app, context, parts.headers.clone(), None);
        csrf::origin_check(&parts.headers, app.issuer.as_str())?;
        let page = page_of(parts.uri.path()).to_owned();
        let fields = fields(Request::from_parts(parts, body)).await?;
        let here = Here::find(app, visit, &page).await?;
        here.csrf(app).verify(fields.get("csrf"))?;
        Ok(Self { here, fields })
    }
}

/// The fields of a form; one that comes twice was not made by our pages.
pub async fn fields(request: Request) -> Result<Params, PageError> {
    let FormBody(body) = FormBody::from_request(request, &()).await?;
    Params::parse(&body).map_err(|_| PageError::new(Kind::BadRequest).detail("form fields are repeated or not text"))
}

/// A request for the page of ours at `path`.
fn request(app: &App, path: &str) -> authorize::Request {
    authorize::Request::for_own_page(own_page::CLIENT_ID, path.to_owned(), app.clock.now())
}

/// The page a form belongs to: `/account/sessions` for `/account/sessions/end`.
fn page_of(path: &str) -> &str {
    let third = path.match_indices('/').nth(2).map(|(at, _)| at);
    third.map_or(path, |at| &path[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_page() {
        for (path, page) in [
            ("/account/sessions/end", "/account/sessions"),
            ("/account/profile", "/account/profile"),
            ("/account", "/account"),
        ] {
            assert_eq!(page_of(path), page);
        }
    }
}
