//! `GET /`: whose sign-in this is, who is signed in here, and the way out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::{Home, Person};

use crate::App;
use crate::error::PageError;
use crate::oidc::end_session;
use crate::signin::accounts;
use crate::signin::page::Paper;
use crate::signin::visit::Visit;

/// Shows the page.
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, PageError> {
    let accounts = accounts::live(&app, &mut app.db.read().await?, &visit.jar).await?;
    let csrf = accounts.first().map(|first| end_session::form_token(&app, &first.signed.session).to_text());
    let sessions: Vec<String> = accounts.iter().map(|account| account.signed.session.id.to_string()).collect();
    let people: Vec<Person<'_>> = accounts
        .iter()
        .zip(&sessions)
        .map(|(account, session)| Person {
            name: account.signed.user.name.as_deref().unwrap_or_default(),
            address: account.signed.user.email.as_str(),
            session,
        })
        .collect();
    let paper = Paper::new(&app, &visit, "/", csrf.as_deref().unwrap_or_default());
    Ok(paper.print(StatusCode::OK, &Home { frame: paper.frame(), issuer: app.issuer.as_str(), people: &people }))
}
