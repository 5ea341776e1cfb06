//! Wire types of key custody: signing keys, data keys and the seal key. No private part is in any of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A signing key of a tenant: what is public of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Key {
    /// Its id in tokens and in the JWKS: the RFC 7638 thumbprint. Never given twice.
    pub kid: String,
    /// What it signs with.
    pub algorithm: KeyAlgorithm,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made and first published.
    pub created_at: String,
    /// From when on it signs.
    pub active_from: String,
    /// When it stopped signing; its private half was destroyed then.
    pub retired_at: Option<String>,
    /// When it left the JWKS.
    pub removed_at: Option<String>,
}

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum KeyAlgorithm {
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

impl KeyAlgorithm {
    /// The name of RFC 7518 and RFC 8037.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Where a signing key is in its life: next, active, retired, removed, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Published and not signing yet, so that every verifier knows it in time.
    Next,
    /// Signs.
    Active,
    /// Signs no more and is still published, until its last token has expired.
    Retired,
    /// No longer published.
    Removed,
}

/// Which signing keys to rotate, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RotateKeys {
    /// Only this algorithm's; all of them unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<KeyAlgorithm>,
    /// Drops the listed keys at once: what they signed is refused from now on, and new ones sign without having
    /// been published before. For keys that may be in wrong hands.
    #[serde(skip_serializing_if = "is_false")]
    pub emergency: bool,
}

/// Which data keys to rotate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RotateDataKeys {
    /// Only this category's; every category unless given. `index` never rotates: stored hashes could not be found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// A data key: one version of one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DataKey {
    /// What it seals.
    pub category: String,
    /// Counts from 1; the highest seals.
    pub version: u32,
    /// When it was made.
    pub created_at: String,
    /// When a newer one took over. It goes once nothing is sealed under it.
    pub retired_at: Option<String>,
}

/// Which seal key the data keys are wrapped under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SealKeyInUse {
    /// Names the key; says nothing about it.
    pub id: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}
