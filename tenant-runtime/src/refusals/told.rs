//! Refusals as the developer of an application is told of them: what was wrong, and what to do.

use polder_db::Tx;
use polder_kernel::Timestamp;
use polder_tenant_api::{ApplicationError, ApplicationErrorKind, ApplicationId, RefusedAt};

use crate::error::Internal;
use crate::store::application_errors::{self, Stored};

/// The newest refusals of an application, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(tx: &mut Tx, application: ApplicationId) -> Result<Vec<ApplicationError>, Internal> {
    let rows = application_errors::of_application(tx, application).await?;
    Ok(rows.into_iter().map(told).collect())
}

fn told(row: Stored) -> ApplicationError {
    let kind = kind(row.at, &row.code, &row.reason);
    ApplicationError {
        kind,
        at: row.at,
        error: row.code,
        advice: kind.advice().to_owned(),
        reason: row.reason,
        sent: row.sent,
        times: u64::try_from(row.times).unwrap_or(0),
        first_at: Timestamp::rfc3339(row.first_at),
        last_at: Timestamp::rfc3339(row.last_at),
    }
}

/// What kind of mistake it is, told from the protocol's code and our own words about it.
pub fn kind(at: RefusedAt, code: &str, reason: &str) -> ApplicationErrorKind {
    use ApplicationErrorKind as Kind;
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    match code {
        _ if says(&["switched off"]) => Kind::SwitchedOff,
        _ if says(&["have to be pushed"]) => Kind::NotPushed,
        _ if says(&["redirect_uri"]) => Kind::RedirectUri,
        _ if says(&["code_challenge", "code_verifier", "PKCE", "pkce"]) => Kind::Pkce,
        _ if says(&["nonce"]) && at != RefusedAt::Token => Kind::Nonce,
        "invalid_client" => Kind::Credentials,
        "invalid_dpop_proof" => Kind::Dpop,
        "invalid_scope" => Kind::Scope,
        "invalid_target" => Kind::Resource,
        "invalid_request_object" | "request_not_supported" | "request_uri_not_supported" => Kind::RequestObject,
        "invalid_request_uri" => Kind::PushedRequest,
        "unsupported_response_type" => Kind::ResponseType,
        "unsupported_grant_type" | "unauthorized_client" => Kind::GrantType,
        "invalid_grant" if says(&["refresh token", "family", "not one of ours", "ended"]) => Kind::RefreshToken,
        "invalid_grant" | "expired_token" => Kind::Code,
        _ => Kind::Request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k17_each_mistake_is_told_apart() {
        use ApplicationErrorKind as Kind;
        use RefusedAt::{Authorize, Par, Token};
        for (at, code, reason, expected) in [
            (Authorize, "invalid_request", "redirect_uri is not registered for this application", Kind::RedirectUri),
            (Authorize, "invalid_request", "code_challenge is missing: PKCE is required", Kind::Pkce),
            (Authorize, "invalid_request", "requests of this application have to be pushed", Kind::NotPushed),
            (Authorize, "unsupported_response_type", "response_type must be code", Kind::ResponseType),
            (Par, "invalid_request", "nonce is malformed", Kind::Nonce),
            (Token, "invalid_client", "client authentication failed", Kind::Credentials),
            (Token, "invalid_client", "the application is switched off", Kind::SwitchedOff),
            (Token, "invalid_grant", "unknown code", Kind::Code),
            (Token, "invalid_grant", "used before", Kind::Code),
            (Token, "invalid_grant", "not a refresh token", Kind::RefreshToken),
            (Token, "unauthorized_client", "the grant type is not registered", Kind::GrantType),
            (Token, "invalid_scope", "x", Kind::Scope),
            (Token, "invalid_request", "something new", Kind::Request),
        ] {
            assert_eq!(kind(at, code, reason), expected, "{code}: {reason}");
        }
    }
}
