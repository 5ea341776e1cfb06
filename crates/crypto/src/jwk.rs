//! Public keys as JSON (RFC 7517), named by their thumbprint (RFC 7638).

use polder_kernel::encoding::{base64url, from_base64url};
use serde::{Deserialize, Serialize};

use crate::hash::sha256;
use crate::signing::Algorithm;

/// A public signing key. There is no field that a private part could be put in (A05).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// The key itself, with `kty`.
    #[serde(flatten)]
    pub key: PublicKey,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: Usage,
    /// The one algorithm the key signs with.
    pub alg: Algorithm,
    /// RFC 7638 thumbprint of the key for keys made here.
    pub kid: String,
}

/// The parts of a public key, as unpadded base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum PublicKey {
    /// A point on P-256 (RFC 7518, 6.2).
    #[serde(rename = "EC")]
    Ec {
        /// Always `P-256`.
        crv: String,
        /// 32 bytes.
        x: String,
        /// 32 bytes.
        y: String,
    },
    /// An RSA key (RFC 7518, 6.3).
    #[serde(rename = "RSA")]
    Rsa {
        /// Modulus, big-endian without leading zeros.
        n: String,
        /// Exponent.
        e: String,
    },
    /// An Ed25519 key (RFC 8037).
    #[serde(rename = "OKP")]
    Okp {
        /// Always `Ed25519`.
        crv: String,
        /// 32 bytes.
        x: String,
    },
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Usage {
    /// Signatures.
    Sig,
}

/// A set of public keys: the body of `/jwks.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// The key with its thumbprint as `kid`.
    pub(crate) fn new(alg: Algorithm, key: PublicKey) -> Self {
        let kid = key.thumbprint();
        Self { key, usage: Usage::Sig, alg, kid }
    }
}

impl PublicKey {
    pub(crate) fn ec(x: &[u8], y: &[u8]) -> Self {
        Self::Ec { crv: "P-256".to_owned(), x: base64url(x), y: base64url(y) }
    }

    pub(crate) fn okp(x: &[u8]) -> Self {
        Self::Okp { crv: "Ed25519".to_owned(), x: base64url(x) }
    }

    /// RFC 7638: SHA-256 over the required members in alphabetical order, without white space. The
    /// members are base64url and fixed names, so nothing needs escaping.
    pub fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Ec { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        base64url(&sha256(canonical.as_bytes()))
    }

    /// The key for verifying with `alg`; `None` when it is none of that algorithm's, malformed, or too weak.
    pub(crate) fn decoding_key(&self, alg: Algorithm) -> Option<jsonwebtoken::DecodingKey> {
        match (alg, self) {
            (Algorithm::Es256, Self::Ec { .. })
            | (Algorithm::Rs256, Self::Rsa { .. })
            | (Algorithm::EdDsa, Self::Okp { .. }) => self.to_verify_with(),
            _ => None,
        }
    }

    /// The key for verifying; `None` when it is malformed, on another curve, or too weak.
    pub(crate) fn to_verify_with(&self) -> Option<jsonwebtoken::DecodingKey> {
        let bytes_of = |text: &String, length: usize| from_base64url(text).filter(|bytes| bytes.len() == length);
        match self {
            Self::Ec { crv, x, y } if crv == "P-256" => {
                let (x, y) = (bytes_of(x, 32)?, bytes_of(y, 32)?);
                Some(jsonwebtoken::DecodingKey::from_ec_der(&[&[4], x.as_slice(), &y].concat()))
            }
            Self::Rsa { n, e } => {
                let (n, e) = (from_base64url(n)?, from_base64url(e)?);
                let strong = (256..=1024).contains(&n.len()) && n.first().is_some_and(|first| *first >= 0x80);
                strong.then(|| jsonwebtoken::DecodingKey::from_rsa_raw_components(&n, &e))
            }
            Self::Okp { crv, x } if crv == "Ed25519" => Some(jsonwebtoken::DecodingKey::from_ed_der(&bytes_of(x, 32)?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a05_the_kid_is_the_thumbprint_of_rfc_7638() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3\
                 oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6\
                 qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJ\
                 zKnqDKgw";
        let key = PublicKey::Rsa { n: n.to_owned(), e: "AQAB".to_owned() };
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        // RFC 8037, appendix A.3.
        let key = PublicKey::Okp { crv: "Ed25519".into(), x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into() };
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn b80_a_weak_or_foreign_key_verifies_nothing() {
        let weak = PublicKey::Rsa { n: base64url(&[0xff; 128]), e: "AQAB".into() };
        assert!(weak.decoding_key(Algorithm::Rs256).is_none());
        let point = PublicKey::ec(&[1; 32], &[2; 32]);
        assert!(point.decoding_key(Algorithm::Es256).is_some());
        assert!(point.decoding_key(Algorithm::Rs256).is_none() && point.decoding_key(Algorithm::EdDsa).is_none());
        assert!(PublicKey::ec(&[1; 31], &[2; 32]).decoding_key(Algorithm::Es256).is_none());
    }
}
