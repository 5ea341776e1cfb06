//! Checks the control plane's assertion: signature, this tenant, this minute, this request, once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, header};
use polder_crypto::{Algorithm, constant_time_eq, sha256};
use polder_kernel::Timestamp;
use polder_kernel::encoding::base64url;
use polder_service::Problem;
use polder_service::form;
use polder_tenant_api::assertion::{Assertion, MAX_LIFETIME_SECONDS, TYPE};

use super::{Caller, imports};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::store::used_assertions;

/// The longest body a call may have, in bytes: a file of people as JSON. Read after the
/// signature was found to be the control plane's.
const MAX_BODY: usize = imports::LARGEST_BODY;
/// How far the control plane's clock may be ahead, in seconds: both run on one host.
const SKEW_SECONDS: i64 = 5;
/// The longest id an assertion may have, in characters.
const MAX_JTI: usize = 128;

/// The layer in front of every route but health.
pub async fn require(State(app): State<Arc<App>>, request: Request, next: Next) -> Result<Response, ProblemError> {
    let (parts, body) = request.into_parts();
    let token = bearer(&parts.headers).ok_or_else(|| refused("no assertion"))?;
    let verifier = app.admin.as_ref().ok_or_else(|| refused("no admin key"))?;
    let verified = verifier.verify(token, &[TYPE], &[Algorithm::EdDsa]).map_err(|e| refused(e.to_string()))?;
    let assertion: Assertion = verified.claims().map_err(|e| refused(e.to_string()))?;
    let body = form::read(body, MAX_BODY).await.map_err(Problem::from)?;

    let target = parts.uri.path_and_query().map_or("/", |t| t.as_str());
    let asked = Asked { issuer: app.issuer.as_str(), method: parts.method.as_str(), target, body: &body };
    asked.check(&assertion, app.clock.now()).map_err(refused)?;
    if !take(&app, &assertion).await? {
        return Err(refused("assertion used before"));
    }

    let mut request = Request::from_parts(parts, Body::from(body));
    request.extensions_mut().insert(Caller::new(assertion));
    Ok(next.run(request).await)
}

/// What an assertion must be about.
struct Asked<'a> {
    issuer: &'a str,
    method: &'a str,
    target: &'a str,
    body: &'a [u8],
}

impl Asked<'_> {
    fn check(&self, assertion: &Assertion, now: Timestamp) -> Result<(), &'static str> {
        if assertion.aud != self.issuer {
            return Err("assertion for another tenant");
        }
        let now = now.seconds();
        if assertion.exp <= now || assertion.iat > now.saturating_add(SKEW_SECONDS) {
            return Err("assertion not valid now");
        }
        if assertion.exp.saturating_sub(assertion.iat) > MAX_LIFETIME_SECONDS || assertion.exp < assertion.iat {
            return Err("assertion lives too long");
        }
        if assertion.htm != self.method || assertion.htu != self.target {
            return Err("assertion for another request");
        }
        if !constant_time_eq(assertion.body.as_bytes(), base64url(&sha256(self.body)).as_bytes()) {
            return Err("assertion for another body");
        }
        if assertion.jti.is_empty() || assertion.jti.len() > MAX_JTI || assertion.sub.is_empty() {
            return Err("assertion without id or subject");
        }
        Ok(())
    }
}

async fn take(app: &App, assertion: &Assertion) -> Result<bool, Internal> {
    let (jti, expires_at) = (assertion.jti.clone(), Timestamp::from_seconds(assertion.exp));
    app.db
        .write(move |tx| Box::pin(async move { Ok::<_, Internal>(used_assertions::take(tx, &jti, expires_at).await?) }))
        .await
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok()?.strip_prefix("Bearer ")
}

/// One answer for every reason; the reason goes to the log.
fn refused(reason: impl std::fmt::Display) -> ProblemError {
    Problem::unauthorized().log(reason.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use polder_tenant_api::assertion::Actor;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const ASKED: Asked<'static> =
        Asked { issuer: "http://practice.localhost:8600", method: "POST", target: "/users?x=1", body: b"{}" };

    fn right() -> Assertion {
        Assertion {
            aud: ASKED.issuer.to_owned(),
            sub: "polder".to_owned(),
            actor: Actor::System,
            iat: NOW.seconds(),
            exp: NOW.seconds() + 60,
            jti: "one".to_owned(),
            htm: ASKED.method.to_owned(),
            htu: ASKED.target.to_owned(),
            body: base64url(&sha256(ASKED.body)),
            request_id: None,
        }
    }

    #[test]
    fn the_assertion_of_this_request_is_accepted() {
        assert_eq!(ASKED.check(&right(), NOW), Ok(()));
    }

    #[test]
    fn any_difference_refuses_an_assertion() {
        let wrong = [
            Assertion { aud: "http://other.localhost:8600".into(), ..right() },
            Assertion { exp: NOW.seconds(), ..right() },
            Assertion { exp: NOW.seconds() + 61, ..right() },
            Assertion { iat: NOW.seconds() + 6, ..right() },
            Assertion { iat: i64::MIN, exp: i64::MAX, ..right() },
            Assertion { htm: "GET".into(), ..right() },
            Assertion { htu: "/users".into(), ..right() },
            Assertion { body: base64url(&sha256(b"{} ")), ..right() },
            Assertion { jti: String::new(), ..right() },
            Assertion { jti: "j".repeat(129), ..right() },
            Assertion { sub: String::new(), ..right() },
        ];
        for assertion in wrong {
            assert!(ASKED.check(&assertion, NOW).is_err(), "{assertion:?}");
        }
    }
}
