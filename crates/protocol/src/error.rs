//! The one protocol error: an RFC's code, what the client is told, and what only the log is told.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Value, json};

/// Every error code of this release, by the document that defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// RFC 6749 4.1.2.1, 5.2; RFC 6750 3.1.
    InvalidRequest,
    /// RFC 6749 5.2.
    InvalidClient,
    /// RFC 6749 5.2.
    InvalidGrant,
    /// RFC 6749 4.1.2.1, 5.2.
    UnauthorizedClient,
    /// RFC 6749 5.2.
    UnsupportedGrantType,
    /// RFC 6749 4.1.2.1, 5.2.
    InvalidScope,
    /// RFC 6749 4.1.2.1.
    AccessDenied,
    /// RFC 6749 4.1.2.1.
    UnsupportedResponseType,
    /// RFC 6749 4.1.2.1.
    ServerError,
    /// RFC 6749 4.1.2.1.
    TemporarilyUnavailable,
    /// OpenID Connect Core 3.1.2.6.
    LoginRequired,
    /// OpenID Connect Core 3.1.2.6.
    InteractionRequired,
    /// OpenID Connect Core 3.1.2.6.
    ConsentRequired,
    /// OpenID Connect Core 3.1.2.6.
    AccountSelectionRequired,
    /// OpenID Connect Core 3.1.2.6.
    RequestNotSupported,
    /// OpenID Connect Core 3.1.2.6.
    RequestUriNotSupported,
    /// OpenID Connect Core 3.1.2.6.
    RegistrationNotSupported,
    /// OpenID Connect Core 3.1.2.6, RFC 9126 4.
    InvalidRequestUri,
    /// OpenID Connect Core 3.1.2.6, RFC 9101 7.
    InvalidRequestObject,
    /// RFC 9449 12.2.
    InvalidDpopProof,
    /// RFC 9449 8.
    UseDpopNonce,
    /// RFC 8707 2.
    InvalidTarget,
    /// RFC 6750 3.1.
    InvalidToken,
    /// RFC 6750 3.1.
    InsufficientScope,
    /// RFC 7009 2.2.1.
    UnsupportedTokenType,
    /// RFC 8628 3.5.
    AuthorizationPending,
    /// RFC 8628 3.5.
    SlowDown,
    /// RFC 8628 3.5.
    ExpiredToken,
    /// OpenID Connect Core, Unmet Authentication Requirements 1.0.
    UnmetAuthenticationRequirements,
    /// RFC 9470 3.
    InsufficientUserAuthentication,
    /// RFC 7591 3.2.2.
    InvalidRedirectUri,
    /// RFC 7591 3.2.2.
    InvalidClientMetadata,
    /// RFC 7591 3.2.2.
    InvalidSoftwareStatement,
    /// RFC 7591 3.2.2.
    UnapprovedSoftwareStatement,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 34] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::AccessDenied,
        Self::UnsupportedResponseType,
        Self::ServerError,
        Self::TemporarilyUnavailable,
        Self::LoginRequired,
        Self::InteractionRequired,
        Self::ConsentRequired,
        Self::AccountSelectionRequired,
        Self::RequestNotSupported,
        Self::RequestUriNotSupported,
        Self::RegistrationNotSupported,
        Self::InvalidRequestUri,
        Self::InvalidRequestObject,
        Self::InvalidDpopProof,
        Self::UseDpopNonce,
        Self::InvalidTarget,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::UnsupportedTokenType,
        Self::AuthorizationPending,
        Self::SlowDown,
        Self::ExpiredToken,
        Self::UnmetAuthenticationRequirements,
        Self::InsufficientUserAuthentication,
        Self::InvalidRedirectUri,
        Self::InvalidClientMetadata,
        Self::InvalidSoftwareStatement,
        Self::UnapprovedSoftwareStatement,
    ];

    /// The code as it goes over the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::InteractionRequired => "interaction_required",
            Self::ConsentRequired => "consent_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
        }
    }

    /// The HTTP status where the error is answered directly and not by a redirect.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken | Self::InsufficientUserAuthentication => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A protocol error. `description` goes out; `detail` goes only to the log, and neither ever holds
/// a secret, a code or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The code.
    pub code: ErrorCode,
    /// What the client's developer is told.
    pub description: Cow<'static, str>,
    /// What only the log is told.
    pub detail: Option<String>,
}

impl Error {
    /// An error with a description for the client's developer.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: clean(description.into()), detail: None }
    }

    /// Adds what only the log is told.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The HTTP status of a direct answer.
    pub const fn status(&self) -> u16 {
        self.code.status()
    }

    /// The JSON body of RFC 6749 5.2. Goes out with `Cache-Control: no-store` (B16).
    pub fn body(&self) -> Value {
        json!({ "error": self.code.as_str(), "error_description": &*self.description })
    }

    /// The `WWW-Authenticate` of a direct answer: a failed client authentication names the scheme
    /// to use (RFC 6749 5.2). Bearer challenges are made in [`crate::bearer`].
    pub const fn challenge(&self) -> Option<&'static str> {
        match self.code {
            ErrorCode::InvalidClient => Some("Basic realm=\"client\", charset=\"UTF-8\""),
            _ => None,
        }
    }
}

/// RFC 6749 4.1.2.1 and 5.2 allow %x20-21 / %x23-5B / %x5D-7E: a quote or a line break in a
/// description would be header and log injection.
fn clean(description: Cow<'static, str>) -> Cow<'static, str> {
    if description.chars().all(is_allowed) {
        return description;
    }
    Cow::Owned(description.chars().map(|c| if is_allowed(c) { c } else { '?' }).collect())
}

const fn is_allowed(c: char) -> bool {
    matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e')
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.description)?;
        match &self.detail {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a29_descriptions_stay_in_the_charset() {
        let nasty = "a\"b\\c\r\nd\te\u{e9}\u{7f}\0";
        for code in ErrorCode::ALL {
            let error = Error::new(code, nasty).detail("only for the log");
            let body = error.body();
            let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(members, ["error", "error_description"]);
            assert_eq!(body["error"], code.as_str());
            assert_eq!(body["error_description"], "a?b?c??d?e???");
        }
        assert_eq!(Error::new(ErrorCode::InvalidScope, "as it is (x)!").description, "as it is (x)!");
    }

    #[test]
    fn b08_a_failed_client_authentication_names_the_scheme() {
        let error = Error::new(ErrorCode::InvalidClient, "no");
        assert_eq!(error.status(), 401);
        assert!(error.challenge().is_some_and(|challenge| challenge.starts_with("Basic realm=")));
        assert_eq!(Error::new(ErrorCode::InvalidGrant, "no").challenge(), None);
    }

    #[test]
    fn codes_have_the_status_their_documents_give_them() {
        for (code, status) in [
            (ErrorCode::InvalidRequest, 400),
            (ErrorCode::InvalidGrant, 400),
            (ErrorCode::UnauthorizedClient, 400),
            (ErrorCode::InvalidToken, 401),
            (ErrorCode::InsufficientScope, 403),
            (ErrorCode::TemporarilyUnavailable, 503),
        ] {
            assert_eq!(code.status(), status, "{code}");
        }
    }
}
