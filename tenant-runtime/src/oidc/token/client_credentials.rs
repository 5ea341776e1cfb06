//! A token for an application itself (RFC 6749, 4.4). Writes nothing and asks nothing of the database, but
//! for a proof of possession, which counts once.

use polder_protocol::Scope;
use polder_protocol::token::{Response, client_credentials};

use super::mint;
use crate::App;
use crate::error::OAuthError;
use crate::model::Application;
use crate::oidc::dpop::Proof;

/// One keyed hash (done by now) and one signature.
pub(super) async fn redeem(
    app: &App,
    application: &Application,
    (requested, resources): (Option<&Scope>, Vec<String>),
    proof: Option<&Proof>,
) -> Result<Response, OAuthError> {
    let scope = client_credentials::scope(&application.client, requested)?;
    if let Some(proof) = proof {
        proof.take(app).await??;
    }
    let jkt = proof.map(|proof| proof.jkt.as_str());
    let access_token = mint::for_application(app, application, (scope.clone(), resources), jkt).await?;
    Ok(mint::response(app, application, (access_token, scope), jkt))
}
