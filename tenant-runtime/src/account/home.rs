//! `GET /`: whose sign-in this is, who is signed in here, and the way out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::{Home, Person};

use crate::App;
use crate::error::PageError;
use crate::oidc::end_session;
use crate::signin::page::Paper;
use crate::signin::session;
use crate::signin::visit::Visit;

/// Shows the page.
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, PageError> {
    let signed = session::current(&app, &mut app.db.read().await?, &visit.jar).await?;
    let csrf = signed.as_ref().map(|signed| end_session::form_token(&app, &signed.session).to_text());
    let paper = Paper::new(&app, &visit, "/", csrf.as_deref().unwrap_or_default());
    let page = Home {
        frame: paper.frame(),
        issuer: app.issuer.as_str(),
        person: signed.as_ref().map(|signed| Person {
            name: signed.user.name.as_deref().unwrap_or_default(),
            address: signed.user.email.as_str(),
        }),
    };
    Ok(paper.print(StatusCode::OK, &page))
}
