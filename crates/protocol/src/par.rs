//! Pushed authorization requests (RFC 9126): the request goes from server to server, and the browser only
//! carries a name for it.

use std::time::Duration;

use serde::Serialize;

use crate::{Error, ErrorCode, Params};

/// What every `request_uri` of ours begins with (2.2).
pub const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// How long a pushed request waits for the browser. How long the sign-in takes then is another matter.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// What proves the application to us and is no part of its request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// The answer: 201, which nobody may keep.
#[derive(Clone, Debug, Serialize)]
pub struct Response {
    /// The name, for one use.
    pub request_uri: String,
    /// Seconds it waits.
    pub expires_in: u64,
}

/// The authorization request inside a push of this application (2.1).
///
/// # Errors
/// `invalid_request` where it names a request instead of making one.
pub fn request(params: Params, client_id: &str) -> Result<Params, Error> {
    if params.get("request_uri").is_some() {
        return Err(Error::new(ErrorCode::InvalidRequest, "request_uri has no place in a pushed request"));
    }
    Ok(params.without(&CREDENTIALS).with("client_id", client_id))
}

/// The part of a `request_uri` that names one of our pushed requests.
pub fn reference(params: &Params) -> Option<&str> {
    params.get("request_uri")?.strip_prefix(URN)
}

/// Unknown, of another application, too old or used: never which (4).
pub fn unknown() -> Error {
    Error::new(ErrorCode::InvalidRequestUri, "request_uri is unknown, expired or already used")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::params;

    #[test]
    fn b54_a_push_makes_a_request_and_names_none() {
        let error = request(params("client_id=a&request_uri=urn:x"), "a").unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidRequest);
        let inside = request(params("scope=openid&client_secret=s&client_assertion=x"), "a").unwrap();
        assert_eq!((inside.get("client_id"), inside.get("scope")), (Some("a"), Some("openid")));
        assert_eq!(inside.get("client_secret").or(inside.get("client_assertion")), None);
    }

    #[test]
    fn b55_only_our_own_names_are_pushed_requests() {
        assert_eq!(reference(&params("request_uri=urn:ietf:params:oauth:request_uri:abc")), Some("abc"));
        for other in ["request_uri=https://app.example.test/r", "request_uri=", "x=y", "request_uri=urn:x:abc"] {
            assert_eq!(reference(&params(other)), None, "{other}");
        }
    }
}
