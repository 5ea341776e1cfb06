//! Proof of work (R1, D22, D23): a challenge in the form of ALTCHA, version 2, which a browser's worker
//! solves in a moment, or which is simply waited out. No cookie, no identifier, nobody else's server.
//!
//! A challenge is signed under a key of the tenant that is derived for one form, one flow (and so one
//! browser), one address and one network: elsewhere it is none. Nothing is stored until one is answered
//! rightly; then its hash is, once. Passkeys never need one.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use altcha::{ChallengeParameters, HmacAlgorithm, Solution, VerifySolutionOptions, sign_challenge, verify_solution};
use polder_crypto::constant_time_eq;
use polder_db::{Error, Tx};
use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Email, Timestamp};

use super::network;
use crate::App;
use crate::store::used_proofs;

/// How long a challenge can be answered.
pub const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// What the browser derives keys with; it does so without a library.
const ALGORITHM: &str = "PBKDF2/SHA-256";
/// What the derived key begins with: one of 256 does, so that many tries are needed on average.
const PREFIX: &str = "00";
/// Bytes of a derived key.
const KEY_LENGTH: usize = 32;
/// The longest challenge and the longest solution that are looked at, in characters.
const LONGEST: usize = 1024;
/// Where the signed parameters say when the challenge was made, in Unix milliseconds.
const MADE_AT: &str = "at";

/// How much is asked for. Bounded: no visitor is ever asked for more than the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A quarter of a second of a laptop, or a quarter of a minute.
    Low,
    /// Twice that.
    Middle,
    /// Twice that again.
    High,
}

/// What a challenge is for.
#[derive(Clone, Copy, Debug)]
pub struct For<'a> {
    /// The form that is sent again.
    pub form: &'static str,
    /// The flow, which one browser holds.
    pub flow_hash: &'a str,
    /// The address that a code shall go to.
    pub email: &'a Email,
    /// Where the visitor is.
    pub ip: Option<IpAddr>,
}

/// What an answer came to.
#[derive(Debug)]
pub enum Answer {
    /// The work was done.
    Worked(Done),
    /// The time was waited out.
    Waited(Done),
    /// It comes too early, and there is no solution with it.
    Early {
        /// How long it still has to wait.
        wait: Duration,
    },
    /// It is no challenge of ours for this form, it ran out, or the solution is none.
    Nothing,
}

/// A challenge that was answered rightly. Whether it was used before, [`Done::use_up`] says.
#[derive(Clone, Debug)]
pub struct Done {
    hash: String,
    expires_at: Timestamp,
}

impl Level {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Low, Self::Middle, Self::High];

    /// Rounds of one try.
    const fn cost(self) -> u32 {
        match self {
            Self::Low => 2_000,
            Self::Middle => 4_000,
            Self::High => 8_000,
        }
    }

    /// How long a browser that does not work waits.
    pub const fn wait(self) -> Duration {
        Duration::from_secs(match self {
            Self::Low => 15,
            Self::Middle => 30,
            Self::High => 60,
        })
    }

    fn of_cost(cost: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.cost() == cost)
    }
}

impl For<'_> {
    /// A new challenge, as the form carries it.
    ///
    /// # Errors
    /// None that can happen: the crate's own, for parameters that it does not know.
    pub fn issue(&self, app: &App, level: Level) -> Result<String, altcha::Error> {
        let made_at = app.clock.now().millis();
        let mut parameters = ChallengeParameters {
            algorithm: ALGORITHM.to_owned(),
            cost: level.cost(),
            data: Some(BTreeMap::from([(MADE_AT.to_owned(), made_at.into())])),
            // The crate would compare this with a clock of its own.
            expires_at: None,
            key_length: KEY_LENGTH,
            key_prefix: PREFIX.to_owned(),
            key_signature: None,
            memory_cost: None,
            nonce: hex(&app.entropy.bytes::<16>()),
            parallelism: None,
            salt: hex(&app.entropy.bytes::<16>()),
        };
        let challenge = sign_challenge(&HmacAlgorithm::Sha256, &mut parameters, None, &self.key(app), None)?;
        Ok(base64url(&serde_json::to_vec(&challenge)?))
    }

    /// Looks at what a form brought. Nothing is derived before the signature was found to be ours, so that
    /// nobody chooses what a look costs.
    pub fn open(&self, app: &App, challenge: &str, solution: &str) -> Answer {
        self.try_open(app, challenge, solution).unwrap_or(Answer::Nothing)
    }

    fn try_open(&self, app: &App, challenge: &str, solution: &str) -> Option<Answer> {
        let fits = challenge.len() <= LONGEST && solution.len() <= LONGEST;
        let challenge: altcha::Challenge = serde_json::from_slice(&from_base64url(challenge).filter(|_| fits)?).ok()?;
        let (key, presented) = (self.key(app), challenge.signature.as_deref()?);
        let mut parameters = challenge.parameters.clone();
        let ours = sign_challenge(&HmacAlgorithm::Sha256, &mut parameters, None, &key, None).ok()?.signature?;
        if !constant_time_eq(ours.as_bytes(), presented.as_bytes()) {
            return None;
        }
        let made_at = Timestamp::from_millis(parameters.data?.get(MADE_AT)?.as_i64()?);
        let (now, expires_at) = (app.clock.now(), made_at + LIFETIME);
        if now >= expires_at {
            return None;
        }
        let done = Done { hash: app.keyring.index("proof-of-work", ours.as_bytes()), expires_at };
        if solution.is_empty() {
            let from = made_at + Level::of_cost(parameters.cost)?.wait();
            return Some(if now < from { Answer::Early { wait: from.since(now) } } else { Answer::Waited(done) });
        }
        let (counter, derived_key) = solution.split_once('.')?;
        let solution = Solution { counter: counter.parse().ok()?, derived_key: derived_key.to_owned(), time: None };
        let verified = verify_solution(VerifySolutionOptions::new(&challenge, &solution, key)).ok()?.verified;
        verified.then_some(Answer::Worked(done))
    }

    /// The key that signs challenges for this and nothing else.
    fn key(&self, app: &App) -> String {
        let (email, site) = (self.email.as_str(), network::site(self.ip));
        let parts = [self.form, self.flow_hash, email, &site].map(str::as_bytes);
        base64url(&app.keyring.mac("proof-of-work", &parts))
    }
}

impl Done {
    /// Uses it up. `false` when somebody was first, or when too many were used at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_up(&self, tx: &mut Tx, now: Timestamp) -> Result<bool, Error> {
        used_proofs::add(tx, &self.hash, now, self.expires_at).await
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d22_what_is_asked_for_is_bounded() {
        for level in Level::ALL {
            assert!(level.cost() <= 8_000 && level.wait() <= Duration::from_secs(60), "{level:?}");
            assert!(level.wait() < LIFETIME, "{level:?} can be waited out");
            assert_eq!(Level::of_cost(level.cost()), Some(level));
        }
        assert_eq!(Level::of_cost(1), None);
    }
}
