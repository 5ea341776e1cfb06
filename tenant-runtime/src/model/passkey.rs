//! A passkey: a credential of Web Authentication, and whose it is.

use polder_kernel::Timestamp;
use polder_tenant_api::{PasskeyId, UserId};
use serde::{Deserialize, Serialize};
use webauthn_rs_core::proto::COSEKey;

use super::Method;
use crate::passkeys::models;

/// A row of `passkey`, unsealed (C14).
#[derive(Clone, Debug)]
pub struct Passkey {
    /// Names it in the account and the admin API.
    pub id: PasskeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// The credential.
    pub credential: Credential,
    /// What its owner calls it.
    pub name: String,
    /// Which relying party it was made for.
    pub rp_id: String,
    /// Whether it can leave its device.
    pub kind: Kind,
    /// Since when it is copied, if it is.
    pub backed_up_at: Option<Timestamp>,
    /// How often it was used, where its authenticator counts.
    pub sign_count: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it counts for more than an e-mail code (D13).
    pub strong_from: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
}

/// What is stored of a credential, sealed. Every one was made with user verification.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// The credential id, base64url.
    pub id: String,
    /// The public key.
    pub key: COSEKey,
    /// How its authenticator can be reached.
    #[serde(default)]
    pub transports: Vec<String>,
    /// The model of its authenticator.
    pub aaguid: String,
    /// The format of its attestation.
    pub format: String,
}

/// What an authenticator says of where the key lives (backup eligibility).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It can be copied to the person's other devices.
    Synced,
    /// It stays on the device it was made on.
    DeviceBound,
}

impl Kind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::DeviceBound => "device_bound",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Synced, Self::DeviceBound].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

impl Passkey {
    /// What a sign-in with it is worth at `now`.
    pub fn method(&self, now: Timestamp) -> Method {
        Method::Passkey { synced: self.kind == Kind::Synced, strong: self.strong_from <= now }
    }

    /// What kind of thing it lives in, where that is known.
    pub fn model(&self) -> Option<&'static str> {
        models::name(&self.credential.aaguid)
    }
}
