//! Token revocation (RFC 7009). Every answer to an authenticated client with a token is 200 and empty.

use polder_kernel::Secret;

use crate::claims::OPAQUE_PREFIX;
use crate::refresh::Presented;
use crate::{Error, Params};

/// What is to be revoked. `token_type_hint` is read by nobody: a wrong one must not matter (B73), and what
/// a token is can be seen from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The token, of whatever kind.
    pub token: Secret<String>,
}

/// What kind of token a text can be, before anything about it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A refresh token: revoking it ends its grant with all its access tokens (RFC 7009 2.1).
    Refresh(Presented),
    /// An access token, signed or opaque: it alone is revoked.
    Access,
    /// None of ours.
    Unknown,
}

impl Request {
    /// Reads the request of an authenticated client (B74: without `token` it is refused).
    pub fn parse(params: &Params) -> Result<Self, Error> {
        Ok(Self { token: Secret::new(params.require("token")?.to_owned()) })
    }
}

impl Kind {
    /// What kind of token a text can be.
    pub fn of(token: &str) -> Self {
        if let Some(presented) = Presented::parse(token) {
            return Self::Refresh(presented);
        }
        if token.starts_with(OPAQUE_PREFIX) {
            return Self::Access;
        }
        let parts = token.split('.').collect::<Vec<_>>();
        if parts.len() == 3 && parts.iter().all(|part| !part.is_empty()) { Self::Access } else { Self::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;
    use crate::sample::params;

    #[test]
    fn b73_a_wrong_hint_does_not_matter() {
        let request = Request::parse(&params("token=x&token_type_hint=nonsense")).unwrap();
        assert_eq!(request.token.expose(), "x");
    }

    #[test]
    fn b74_a_missing_token_is_refused() {
        for text in ["", "token=", "token_type_hint=access_token"] {
            assert_eq!(Request::parse(&params(text)).unwrap_err().code, ErrorCode::InvalidRequest, "{text}");
        }
    }

    #[test]
    fn b25_a_token_is_told_by_its_text() {
        let refresh = Presented { grant_id: [1; 16], generation: 2, mac: [3; 32] };
        assert_eq!(Kind::of(refresh.text().expose()), Kind::Refresh(refresh));
        assert_eq!(Kind::of("aa.bb.cc"), Kind::Access);
        assert_eq!(Kind::of("polder_at_1.AAAA"), Kind::Access);
        for other in ["", "aa", "aa.bb", "aa..cc", "aa.bb.cc.dd", "aa.bb.", &"a".repeat(43)] {
            assert_eq!(Kind::of(other), Kind::Unknown, "{other}");
        }
    }
}
