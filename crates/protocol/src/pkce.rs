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

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn code(challenge: Option<&str>, method: Option<&str>) -> Option<ErrorCode> {
        CodeChallenge::parse(challenge, method).err().map(|error| error.code)
    }

    #[test]
    fn a28_the_example_of_the_rfc_verifies() {
        let challenge = CodeChallenge::parse(Some(CHALLENGE), Some("S256")).unwrap().unwrap();
        assert!(challenge.verify(VERIFIER));
        assert_eq!(CodeChallenge::from_stored(challenge.as_str()), Some(challenge));
        assert_eq!(CodeChallenge::from_stored(""), None);
    }

    #[test]
    fn b27_a_malformed_challenge_is_refused() {
        for wrong in [
            &"a".repeat(42),
            &"a".repeat(129),
            &format!("{}=", &CHALLENGE[..42]),
            &format!("{} ", &CHALLENGE[..42]),
            &format!("{}+", &CHALLENGE[..42]),
        ] {
            assert_eq!(code(Some(wrong), Some("S256")), Some(ErrorCode::InvalidRequest), "{wrong}");
        }
        for right in ["a".repeat(43), "a".repeat(128)] {
            assert_eq!(code(Some(&right), Some("S256")), None);
        }
        assert_eq!(code(None, Some("S256")), Some(ErrorCode::InvalidRequest));
        assert_eq!(CodeChallenge::parse(None, None), Ok(None));
    }

    #[test]
    fn b28_only_s256() {
        for method in [None, Some("plain"), Some("s256"), Some("S512"), Some("none")] {
            assert_eq!(code(Some(CHALLENGE), method), Some(ErrorCode::InvalidRequest), "{method:?}");
        }
    }

    #[test]
    fn b30_a_wrong_verifier_does_not_verify() {
        let challenge = CodeChallenge::from_stored(CHALLENGE).unwrap();
        for wrong in
            ["", CHALLENGE, &VERIFIER[..42], &format!("{VERIFIER}="), &VERIFIER.to_lowercase(), &"a".repeat(43)]
        {
            assert!(!challenge.verify(wrong), "{wrong}");
        }
        // `plain` by the back door: a challenge that is its own verifier.
        assert!(!CodeChallenge::from_stored(VERIFIER).unwrap().verify(VERIFIER));
    }

    #[test]
    fn b30_a_verifier_too_short_to_be_secret_is_refused_even_if_it_fits() {
        let short = "abc";
        let challenge = CodeChallenge::from_stored(&base64url(&Sha256::digest(short.as_bytes()))).unwrap();
        assert!(!challenge.verify(short));
    }
}
