//! Telling a provider that its tokens are not needed any more (RFC 7009), where it can be told: when an account is
//! disconnected, and when a person leaves. Nobody waits for it, and what is taken away is gone whatever the
//! provider says. Written out, since the library knows no provider on this machine.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use polder_outbound::egress::Limits;
use polder_tenant_api::connections::{ClientAuthentication, ConnectedAccountId, ConnectionId};
use url::form_urlencoded;

use super::tokens::Tokens;
use super::{Problem, client};
use crate::App;
use crate::model::Connection;

/// At a time; those beyond are not told.
pub const AT_ONCE: usize = 64;
/// For one provider, in all.
const TIME: Duration = Duration::from_secs(20);
/// Its answer has nothing to say.
const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 64 * 1024 };

/// Tokens that are taken away.
#[derive(Debug)]
pub struct Dropped {
    /// The account they were kept for.
    pub account: ConnectedAccountId,
    /// The connection it was at.
    pub connection: ConnectionId,
    /// The tokens.
    pub tokens: Tokens,
}

/// Has providers forget tokens, without anybody waiting for it.
pub fn behind(app: &Arc<App>, all: impl IntoIterator<Item = Dropped>) {
    for dropped in all {
        let Some(connection) = app.connections.find(dropped.connection) else { continue };
        let account = dropped.account;
        let Ok(place) = Arc::clone(&app.connections.revoking).try_acquire_owned() else {
            tracing::warn!(%account, "a provider's tokens were not revoked: there are too many at a time");
            continue;
        };
        let app = Arc::clone(app);
        tokio::spawn(async move {
            let told = tokio::time::timeout(TIME, revoke(&app, &connection, &dropped.tokens)).await;
            if let Err(problem) = told.unwrap_or(Err(Problem::Unusable("it takes too long"))) {
                tracing::warn!(%account, %problem, "a provider's tokens were not revoked");
            }
            drop(place);
        });
    }
}

/// The refresh token, which ends the grant, or else the access token.
async fn revoke(app: &App, connection: &Connection, tokens: &Tokens) -> Result<(), Problem> {
    let place = client::place(app, connection).await?;
    let Some(url) = &place.revocation else { return Ok(()) };
    let (token, hint) = match &tokens.refresh {
        Some(refresh) => (refresh, "refresh_token"),
        None => (&tokens.access, "access_token"),
    };
    let mut form = vec![("token", token.as_str()), ("token_type_hint", hint)];
    let proof = client::proof(app, connection, &place).await?;
    let request = Request::post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = match &proof {
        (ClientAuthentication::ClientSecretBasic, Some(secret)) => {
            request.header(AUTHORIZATION, basic(&connection.client_id, secret.secret())?)
        }
        (ClientAuthentication::ClientSecretPost, Some(secret)) => {
            form.extend([("client_id", connection.client_id.as_str()), ("client_secret", secret.secret())]);
            request
        }
        _ => {
            form.push(("client_id", &connection.client_id));
            request
        }
    };
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = request.body(Bytes::from(form));
    let request = request.map_err(|_| Problem::Setup("the revocation endpoint is not an address"))?;
    let sent = app.outbound.send(request, LIMITS).await;
    let answer = sent.map_err(|error| Problem::of_call(&error, "it does not revoke"))?;
    if answer.status().is_success() { Ok(()) } else { Err(Problem::Unusable("it does not revoke")) }
}

/// RFC 6749, 2.3.1: both parts are encoded as in a form, first.
fn basic(id: &str, secret: &str) -> Result<HeaderValue, Problem> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let both = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
    let mut value =
        HeaderValue::try_from(format!("Basic {both}")).map_err(|_| Problem::Setup("the client id cannot be sent"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b41_basic_encodes_both_parts_before_they_are_put_together() {
        let value = basic("a:b", "s p+c%").unwrap();
        let decoded = STANDARD.decode(value.to_str().unwrap().strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!(decoded, b"a%3Ab:s+p%2Bc%25");
        assert!(value.is_sensitive());
    }
}
