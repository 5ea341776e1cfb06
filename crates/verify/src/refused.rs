//! Why a request is refused, and the answer that says so (RFC 6750, 3; RFC 9449, 7.1; RFC 9470, 3).

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::dpop;

/// What is wrong. The reasons are for the log of the API: what goes out is the code of the RFC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no token.
    NoToken,
    /// The request carries its token twice, or in a way that cannot be read.
    InvalidRequest(&'static str),
    /// The token is not to be believed, has ended, or is for somebody else.
    InvalidToken(&'static str),
    /// The proof that the client holds its key is missing or wrong.
    InvalidProof(&'static str),
    /// The token does not go this far: the scope that is needed.
    InsufficientScope(String),
    /// The sign-in behind the token is too weak or too long ago: what is needed.
    InsufficientSignIn {
        /// Any of these will do; empty where the strength was enough.
        acr_values: Vec<String>,
        /// The oldest sign-in that will do.
        max_age: Option<Duration>,
    },
    /// The issuer cannot be asked at the moment.
    Unavailable(&'static str),
}

/// A request that is refused. As an axum response it is what clients understand; what exactly is wrong with a token
/// stays with the API, whose log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    problem: Problem,
    /// Whether the client used DPoP, and so is answered in its words.
    dpop: bool,
}

impl Refused {
    pub(crate) const fn new(problem: Problem) -> Self {
        Self { problem, dpop: false }
    }

    pub(crate) fn speaking_dpop(self, dpop: bool) -> Self {
        Self { dpop, ..self }
    }

    /// What is wrong.
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }

    /// 401, 403, 400 or 503.
    pub const fn status(&self) -> StatusCode {
        match self.problem {
            Problem::NoToken
            | Problem::InvalidToken(_)
            | Problem::InvalidProof(_)
            | Problem::InsufficientSignIn { .. } => StatusCode::UNAUTHORIZED,
            Problem::InvalidRequest(_) => StatusCode::BAD_REQUEST,
            Problem::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Problem::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The registered code; a client without a token is told none (RFC 6750, 3.1).
    pub const fn code(&self) -> Option<&'static str> {
        match self.problem {
            Problem::NoToken => None,
            Problem::InvalidRequest(_) => Some("invalid_request"),
            Problem::InvalidToken(_) => Some("invalid_token"),
            Problem::InvalidProof(_) => Some("invalid_dpop_proof"),
            Problem::InsufficientScope(_) => Some("insufficient_scope"),
            Problem::InsufficientSignIn { .. } => Some("insufficient_user_authentication"),
            Problem::Unavailable(_) => Some("temporarily_unavailable"),
        }
    }

    /// The values of `WWW-Authenticate`.
    pub fn challenges(&self) -> Vec<String> {
        let algorithms = format!("algs=\"{}\"", dpop::ALGORITHMS.map(polder_crypto::Algorithm::as_str).join(" "));
        let Some(code) = self.code() else { return vec!["Bearer".to_owned(), format!("DPoP {algorithms}")] };
        if matches!(self.problem, Problem::Unavailable(_)) {
            return Vec::new();
        }
        let in_dpop = self.dpop || matches!(self.problem, Problem::InvalidProof(_));
        let mut challenge = format!("{} error=\"{code}\"", if in_dpop { "DPoP" } else { "Bearer" });
        for (name, value) in self.parameters() {
            challenge.push_str(&format!(", {name}=\"{}\"", plain(&value)));
        }
        if in_dpop {
            challenge.push_str(&format!(", {algorithms}"));
        }
        vec![challenge]
    }
}

impl Refused {
    /// What the challenge names beside the code.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        match &self.problem {
            Problem::InsufficientScope(scope) => vec![("scope", scope.clone())],
            Problem::InsufficientSignIn { acr_values, max_age } => {
                let mut all = vec![("error_description", "a stronger or more recent sign-in is needed".to_owned())];
                if !acr_values.is_empty() {
                    all.push(("acr_values", acr_values.join(" ")));
                }
                all.extend(max_age.map(|max_age| ("max_age", max_age.as_secs().to_string())));
                all
            }
            _ => Vec::new(),
        }
    }
}

/// What may stand in quotes (RFC 6749, 3.3).
fn plain(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}

/// For what an API finds out by itself.
impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::new(problem)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (code, reason) = (self.code().unwrap_or("no token"), &self.problem);
        match reason {
            Problem::InvalidRequest(why)
            | Problem::InvalidToken(why)
            | Problem::InvalidProof(why)
            | Problem::Unavailable(why) => {
                write!(f, "{code}: {why}")
            }
            _ => f.write_str(code),
        }
    }
}

impl std::error::Error for Refused {}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        tracing::info!(refused = %self, "a request was refused");
        let body = self.code().map_or_else(|| json!({ "error": "unauthorized" }), |code| json!({ "error": code }));
        let mut response = (self.status(), [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        for challenge in self.challenges() {
            if let Ok(value) = HeaderValue::from_str(&challenge) {
                response.headers_mut().append(WWW_AUTHENTICATE, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b86_a_challenge_says_what_sign_in_is_needed() {
        let refused = Refused::new(Problem::InsufficientSignIn {
            acr_values: vec!["urn:a".to_owned(), "urn:b".to_owned()],
            max_age: Some(Duration::from_secs(300)),
        });
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        let expected = "Bearer error=\"insufficient_user_authentication\", error_description=\"a stronger or more \
                        recent sign-in is needed\", acr_values=\"urn:a urn:b\", max_age=\"300\"";
        assert_eq!(refused.challenges(), [expected]);
        let to_dpop = refused.speaking_dpop(true).challenges();
        assert!(to_dpop[0].starts_with("DPoP error=") && to_dpop[0].contains(", algs=\"ES256 "), "{to_dpop:?}");
    }

    #[test]
    fn b25_without_a_token_nothing_is_said_but_what_is_needed() {
        let refused = Refused::new(Problem::NoToken);
        assert_eq!((refused.status(), refused.challenges()[0].as_str()), (StatusCode::UNAUTHORIZED, "Bearer"));
        assert!(refused.challenges()[1].starts_with("DPoP algs=\""));
        let scope = Refused::new(Problem::InsufficientScope("a\"b\nc".to_owned()));
        assert_eq!(scope.challenges(), ["Bearer error=\"insufficient_scope\", scope=\"abc\""], "nothing breaks out");
        assert_eq!(scope.status(), StatusCode::FORBIDDEN);
        assert!(Refused::new(Problem::Unavailable("x")).challenges().is_empty());
    }
}
