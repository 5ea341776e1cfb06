//! Proof key for code exchange, S256 alone (RFC 7636).

use polder_kernel::encoding::base64url;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Error, ErrorCode};

/// A code challenge made with S256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`. Neither gives `None`; a method without a
    /// challenge, any method but S256 and an absent method (which means `plain`) are refused (B27, B28).
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, Error> {
        let Some(challenge) = challenge else {
            return match method {
                None => Ok(None),
                Some(_) => Err(refused("code_challenge_method came without code_challenge")),
            };
        };
        if method != Some("S256") {
            return Err(refused("code_challenge_method must be S256"));
        }
        if !is_well_formed(challenge) {
            return Err(refused("code_challenge is malformed"));
        }
        Ok(Some(Self(challenge.to_owned())))
    }

    /// The challenge a code was stored with; empty where there was none.
    pub fn from_stored(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The challenge as text, to be stored with the code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` is what the challenge was made from (RFC 7636 4.6).
    pub fn verify(&self, verifier: &str) -> bool {
        let made = base64url(&Sha256::digest(verifier.as_bytes()));
        is_well_formed(verifier) && bool::from(made.as_bytes().ct_eq(self.0.as_bytes()))
    }
}

fn refused(description: &'static str) -> Error {
    Error::new(ErrorCode::InvalidRequest, description)
}

/// 43 to 128 unreserved characters: the grammar of challenge and verifier alike (RFC 7636 4.1, 4.2).
fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}
