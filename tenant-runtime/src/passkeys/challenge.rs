//! Challenges (C01): 24 random bytes, a time, and a keyed hash over both with the ceremony and the
//! browser they are for. Nothing is stored until one is answered; then its hash is, once.

use std::time::Duration;

use polder_crypto::constant_time_eq;
use polder_db::{Error, Tx};
use polder_kernel::Timestamp;
use polder_kernel::encoding::{base64url, from_base64url};

use crate::App;
use crate::store::used_challenges;

/// How long one can be answered.
pub const LIFETIME: Duration = Duration::from_secs(5 * 60);
const NONCE: usize = 24;
const LENGTH: usize = NONCE + 8 + 32;

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    /// Signing in, on the pages of a flow.
    SignIn,
    /// Making a passkey that the person asked for.
    Create,
    /// Making one that the browser makes by itself right after a sign-in: nobody need be present.
    CreateQuietly,
}

/// A challenge.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge(Vec<u8>);

impl std::fmt::Debug for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Challenge(..)")
    }
}

impl Ceremony {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::SignIn => b"sign_in",
            Self::Create => b"create",
            Self::CreateQuietly => b"create_quietly",
        }
    }
}

impl Challenge {
    /// A new one. `bound_to` is what only this browser holds: its flow or its session.
    pub fn issue(app: &App, ceremony: Ceremony, bound_to: &str) -> Self {
        let nonce = app.entropy.bytes::<NONCE>();
        let expires = (app.clock.now() + LIFETIME).millis().to_be_bytes();
        let mac = mac(app, ceremony, bound_to, &nonce, &expires);
        Self(nonce.into_iter().chain(expires).chain(mac).collect())
    }

    /// The challenge that a browser says it answers, if we issued it for this ceremony and browser and
    /// it has not expired. Whether it was used before, [`Challenge::use_up`] says.
    pub fn open(app: &App, text: &str, ceremony: Ceremony, bound_to: &str) -> Option<Self> {
        let challenge = Self::of_bytes(from_base64url(text).filter(|bytes| bytes.len() == LENGTH)?);
        let (nonce, rest) = challenge.0.split_at(NONCE);
        let (expires, presented) = rest.split_at(8);
        let expected = mac(app, ceremony, bound_to, nonce, expires);
        let genuine = constant_time_eq(presented, &expected);
        (genuine && app.clock.now() < challenge.expires_at()).then_some(challenge)
    }

    /// Uses it up. `false` when somebody was first, or when too many were used at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_up(&self, app: &App, tx: &mut Tx) -> Result<bool, Error> {
        let hash = app.keyring.index("passkey-challenge", &self.0);
        used_challenges::add(tx, &hash, app.clock.now(), self.expires_at()).await
    }

    /// As bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As text.
    pub fn to_text(&self) -> String {
        base64url(&self.0)
    }

    /// The challenge with these bytes; whether it is one of ours, only [`Challenge::open`] says.
    pub const fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    fn expires_at(&self) -> Timestamp {
        let mut millis = [0; 8];
        for (place, byte) in millis.iter_mut().zip(self.0.iter().skip(NONCE)) {
            *place = *byte;
        }
        Timestamp::from_millis(i64::from_be_bytes(millis))
    }
}

fn mac(app: &App, ceremony: Ceremony, bound_to: &str, nonce: &[u8], expires: &[u8]) -> [u8; 32] {
    app.keyring.mac("passkey-challenge", &[ceremony.name(), bound_to.as_bytes(), nonce, expires])
}
