//! A token for an application itself (RFC 6749, 4.4). Writes nothing and asks nothing of the database.

use polder_protocol::Scope;
use polder_protocol::token::{Response, client_credentials};

use super::mint;
use crate::App;
use crate::error::OAuthError;
use crate::model::Application;

/// One keyed hash (done by now) and one signature.
pub(super) async fn redeem(
    app: &App,
    application: &Application,
    requested: Option<&Scope>,
) -> Result<Response, OAuthError> {
    let scope = client_credentials::scope(&application.client, requested)?;
    let access_token = mint::for_application(app, application, scope.clone()).await?;
    Ok(mint::response(app, access_token, scope))
}
