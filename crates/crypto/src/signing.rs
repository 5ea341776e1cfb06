//! Keys that sign: ES256 and EdDSA by `ring`, RSA-3072 by `aws-lc-rs`, since `ring` makes no RSA keys.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::AsDer;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use polder_kernel::encoding::base64url;
use polder_kernel::{Entropy, Secret};
use ring::rand::SystemRandom;
use ring::signature::{self, KeyPair};
use serde::{Deserialize, Serialize};

use crate::jwk::{Jwk, PublicKey};

/// The algorithms tokens are signed with. No other is ever produced or accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 3072 bits.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// The name of RFC 7518 and RFC 8037.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no algorithm that is ever used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a signature algorithm in use")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;
    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|a| a.as_str() == text).ok_or(UnknownAlgorithm)
    }
}

/// A key could not be made, read or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Making the key failed.
    #[error("the signing key could not be made")]
    Generate,
    /// The bytes are no private key of that algorithm.
    #[error("the stored signing key cannot be read")]
    Malformed,
    /// Signing failed.
    #[error("signing failed")]
    Sign,
    /// The claims do not serialise.
    #[error("the claims are not JSON")]
    Claims,
}

/// A private key, held ready to sign. It does not print and cannot be taken out again.
pub struct SigningKey {
    pair: Pair,
    public: Jwk,
    /// First segments for the types signed most often, each with its dot.
    headers: [(&'static str, String); 3],
    rng: SystemRandom,
}

enum Pair {
    Es256(signature::EcdsaKeyPair),
    Rs256(Box<aws_lc_rs::rsa::KeyPair>),
    EdDsa(signature::Ed25519KeyPair),
}

const FREQUENT_TYPES: [&str; 3] = ["at+jwt", "JWT", "logout+jwt"];

impl SigningKey {
    /// A new key and its PKCS#8 form, to be sealed and stored. RS256 takes tenths of a second: call
    /// this where blocking is allowed.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate(algorithm: Algorithm, entropy: &Entropy) -> Result<(Self, Secret<Vec<u8>>), KeyError> {
        let failed = |_| KeyError::Generate;
        let pkcs8 = match algorithm {
            Algorithm::Es256 => {
                let p256 = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                let document = signature::EcdsaKeyPair::generate_pkcs8(p256, &system_random()).map_err(failed)?;
                Secret::new(document.as_ref().to_vec())
            }
            Algorithm::Rs256 => {
                let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa3072)
                    .map_err(|_| KeyError::Generate)?;
                let document =
                    AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'static>>::as_der(&pair).map_err(|_| KeyError::Generate)?;
                Secret::new(document.as_ref().to_vec())
            }
            Algorithm::EdDsa => {
                let seed = Secret::new(entropy.bytes::<32>());
                Secret::new([ED25519_PKCS8_V1, seed.expose().as_slice()].concat())
            }
        };
        Ok((Self::from_pkcs8(algorithm, pkcs8.expose())?, pkcs8))
    }

    /// A stored key.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when the bytes are no key of `algorithm`.
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let rng = system_random();
        let (pair, key) = match algorithm {
            Algorithm::Es256 => {
                let p256 = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = signature::EcdsaKeyPair::from_pkcs8(p256, pkcs8, &rng).map_err(|_| KeyError::Malformed)?;
                let key = uncompressed_point(pair.public_key().as_ref()).ok_or(KeyError::Malformed)?;
                (Pair::Es256(pair), key)
            }
            Algorithm::Rs256 => {
                let pair = aws_lc_rs::rsa::KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Malformed)?;
                let key = rsa_public(&pair).ok_or(KeyError::Malformed)?;
                (Pair::Rs256(Box::new(pair)), key)
            }
            Algorithm::EdDsa => {
                let pair =
                    signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| KeyError::Malformed)?;
                let key = PublicKey::okp(pair.public_key().as_ref());
                (Pair::EdDsa(pair), key)
            }
        };
        let public = Jwk::new(algorithm, key);
        let headers = FREQUENT_TYPES.map(|typ| (typ, encode_header(&public, typ)));
        Ok(Self { pair, public, headers, rng })
    }

    /// The same key, called as somebody else calls it: its `kid` in what it signs.
    #[must_use]
    pub fn called(mut self, kid: &str) -> Self {
        kid.clone_into(&mut self.public.kid);
        self.headers = FREQUENT_TYPES.map(|typ| (typ, encode_header(&self.public, typ)));
        self
    }

    /// The RFC 7638 thumbprint of the public key, unless it is [called](Self::called) something else.
    pub fn kid(&self) -> &str {
        &self.public.kid
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.public.alg
    }

    /// The public half, as published.
    pub fn public_jwk(&self) -> &Jwk {
        &self.public
    }

    /// A compact JWS (RFC 7515, 7.1) over `claims`, with `alg`, `kid` and `typ` in its header.
    ///
    /// # Errors
    /// [`KeyError::Claims`] when `claims` is not JSON, [`KeyError::Sign`] when signing fails.
    pub fn sign_jwt(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let payload = serde_json::to_vec(claims).map_err(|_| KeyError::Claims)?;
        let encoded;
        let header = match self.headers.iter().find(|(known, _)| *known == typ) {
            Some((_, header)) => header,
            None => {
                encoded = encode_header(&self.public, typ);
                &encoded
            }
        };
        // 3072 bits are 512 characters, the others 86.
        let signature_room = if self.algorithm() == Algorithm::Rs256 { 513 } else { 87 };
        let mut token = String::with_capacity(header.len() + payload.len().div_ceil(3) * 4 + signature_room);
        token.push_str(header);
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        self.append_signature(&mut token)?;
        Ok(token)
    }

    fn append_signature(&self, token: &mut String) -> Result<(), KeyError> {
        let message = token.as_bytes();
        match &self.pair {
            Pair::Es256(pair) => {
                let signature = pair.sign(&self.rng, message).map_err(|_| KeyError::Sign)?;
                push_segment(token, signature.as_ref());
            }
            Pair::EdDsa(pair) => {
                let signature = pair.sign(message);
                push_segment(token, signature.as_ref());
            }
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let rng = aws_lc_rs::rand::SystemRandom::new();
                pair.sign(&aws_lc_rs::signature::RSA_PKCS1_SHA256, &rng, message, &mut signature)
                    .map_err(|_| KeyError::Sign)?;
                push_segment(token, &signature);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.public.alg, self.public.kid)
    }
}

/// DER before the 32 bytes of an Ed25519 seed (RFC 8410, 7).
const ED25519_PKCS8_V1: &[u8] = &[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

#[expect(clippy::disallowed_methods, reason = "ring draws nonces and P-256 keys from its own generator alone")]
fn system_random() -> SystemRandom {
    SystemRandom::new()
}

fn push_segment(token: &mut String, bytes: &[u8]) {
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(bytes, token);
}

fn encode_header(public: &Jwk, typ: &str) -> String {
    let header = serde_json::json!({ "alg": public.alg, "kid": public.kid, "typ": typ });
    let mut encoded = base64url(header.to_string().as_bytes());
    encoded.push('.');
    encoded
}

/// `0x04 ‖ x ‖ y` (SEC 1, 2.3.3).
fn uncompressed_point(bytes: &[u8]) -> Option<PublicKey> {
    let (&[4], coordinates) = bytes.split_first_chunk::<1>()? else { return None };
    (coordinates.len() == 64).then(|| PublicKey::ec(&coordinates[..32], &coordinates[32..]))
}

fn rsa_public(pair: &aws_lc_rs::rsa::KeyPair) -> Option<PublicKey> {
    use aws_lc_rs::signature::KeyPair as _;
    let mut der = pair.public_key().as_ref();
    let mut sequence = der_value(&mut der, 0x30)?;
    let mut integer = || {
        let bytes = der_value(&mut sequence, 0x02)?;
        Some(base64url(bytes.strip_prefix(&[0]).unwrap_or(bytes)))
    };
    let (n, e) = (integer()?, integer()?);
    Some(PublicKey::Rsa { n, e })
}

/// The next value of a PKCS#1 `RSAPublicKey` (RFC 8017, A.1.1), which is short enough for two length bytes.
fn der_value<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (length, header) = match **rest {
        [first, short @ ..=0x7f, ..] if first == tag => (usize::from(short), 2),
        [first, 0x81, long, ..] if first == tag => (usize::from(long), 3),
        [first, 0x82, high, low, ..] if first == tag => (usize::from(high) << 8 | usize::from(low), 4),
        _ => return None,
    };
    let value = rest.get(header..header + length)?;
    *rest = &rest[header + length..];
    Some(value)
}
