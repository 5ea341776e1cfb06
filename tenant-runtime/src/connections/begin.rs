//! To the provider: the address its sign-in begins at.

use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, Scope};
use polder_tenant_api::connections::{Provider, ResponseMode};
use url::Url;

use super::attempt::Attempt;
use super::discovery::is_endpoint;
use super::{Problem, client};
use crate::App;
use crate::model::Connection;

/// What the person is to be asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// To prove themselves again, even where they are signed in.
    pub again: bool,
    /// To say which account.
    pub choose: bool,
}

/// Where to send the browser: with state, nonce and the challenge of PKCE, S256 always.
///
/// # Errors
/// When the provider cannot be used.
pub async fn address(app: &App, connection: &Connection, attempt: &Attempt, wish: Wish) -> Result<Url, Problem> {
    let place = client::place(app, connection).await?;
    if !is_endpoint(&place.authorization, &place.authorization) {
        return Err(Problem::Setup("the authorization endpoint is not an https address"));
    }
    let client = client::client(app, connection, &place).await?;
    let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
    let state = attempt.state();
    let mut request = client
        .authorize_url(|| CsrfToken::new(state))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(connection.scopes().into_iter().map(Scope::new));
    if place.openid.is_some() {
        request = request.add_extra_param("nonce", attempt.nonce.clone());
        if wish.again && connection.asks_again() {
            request = request.add_extra_param("prompt", "login");
        } else if wish.choose && connection.provider != Provider::Apple {
            request = request.add_extra_param("prompt", "select_account");
        }
    }
    if connection.response_mode() == ResponseMode::FormPost {
        request = request.add_extra_param("response_mode", "form_post");
    }
    Ok(request.url().0)
}
