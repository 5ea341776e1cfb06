//! Token revocation (RFC 7009). Every answer to an authenticated client with a token is 200 and empty.

use polder_kernel::Secret;

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
    /// A signed access token: it alone is revoked.
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
        let parts = token.split('.').collect::<Vec<_>>();
        if parts.len() == 3 && parts.iter().all(|part| !part.is_empty()) { Self::Access } else { Self::Unknown }
    }
}
