//! Making the logout token of one attempt.

use std::borrow::Cow;

use polder_protocol::claims::LOGOUT_TOKEN_TYPE;
use polder_protocol::claims::logout_token::{Events, LIFETIME, LogoutToken};

use crate::App;
use crate::error::Internal;
use crate::model::Application;
use crate::oidc::subject;
use crate::store::logout_deliveries::Due;

/// Signed as the application's ID tokens are (2.4), good for two minutes.
pub(super) async fn token(app: &App, application: &Application, due: &Due, jti: &str) -> Result<String, Internal> {
    let now = app.clock.now();
    let claims = LogoutToken {
        iss: Cow::Borrowed(app.issuer.as_str()),
        sub: due.user_id.map(|user| Cow::Owned(subject::of(app, application, user))),
        aud: Cow::Borrowed(&application.client.id),
        iat: now.seconds(),
        exp: (now + LIFETIME).seconds(),
        jti: Cow::Borrowed(jti),
        sid: Cow::Borrowed(&due.sid),
        events: Events::default(),
    };
    Ok(app.keys.signer(application.id_token_alg).await?.sign_jwt(LOGOUT_TOKEN_TYPE, &claims)?)
}
