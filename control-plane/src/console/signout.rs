//! The end of a session, here and at `platform` (RP-Initiated Logout).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::oidc::Tokens;
use super::{Console, Fault, SignedIn, signed_in};

/// `POST /signout`.
pub async fn end(State(console): State<Arc<Console>>, member: SignedIn) -> Result<Response, Fault> {
    let app = &console.app;
    let tokens: Tokens = serde_json::from_str(&member.session.tokens(&app.keyring)?)?;
    signed_in::end(&console, &member.session, member.acting(), "console.signed_out").await?;
    let onward = match console.provider.end_session(app, &tokens.id).await {
        Ok(url) => url.to_string(),
        Err(error) => {
            tracing::warn!(%error, "signed out of the console, but platform could not be told");
            "/?state=ended".to_owned()
        }
    };
    Ok(([console.cookies.remove(signed_in::COOKIE).header()], Redirect::to(&onward)).into_response())
}
