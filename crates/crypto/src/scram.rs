//! SCRAM-SHA-256 (RFC 5802, RFC 7677), both sides, as PostgreSQL speaks it: no channel binding, the
//! user named elsewhere.
//!
//! ```text
//! client ── n,,n=,r=… ──────────────> server      ClientExchange::start    ServerExchange::start
//! client <─ r=…,s=…,i=… ───────────── server      ClientExchange::answer
//! client ── c=biws,r=…,p=… ─────────> server                               ServerExchange::finish
//! client <─ v=… ───────────────────── server      ClientEnd::check
//! ```
//!
//! Neither side ever sends the password, and a server that only holds a [`Verifier`] does not know it.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use polder_kernel::{Entropy, Secret};
use ring::{hmac, pbkdf2};

use crate::hash::{constant_time_eq, sha256};

/// The mechanism's name.
pub const MECHANISM: &str = "SCRAM-SHA-256";

/// Rounds of a new verifier: PostgreSQL's own number. The passwords are 256 random bits, which no
/// number of guesses finds.
const ITERATIONS: u32 = 4096;
/// Rounds of a quick verifier.
const QUICK_ITERATIONS: u32 = 16;
/// A server that asks for more rounds only wants us to be busy.
const MOST_ITERATIONS: u32 = 1_000_000;

/// The other side does not follow the mechanism, or does not know the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password was not proved")]
pub struct ScramError;

/// What a server keeps of a password.
#[derive(Clone)]
pub struct Verifier {
    salt: Vec<u8>,
    iterations: u32,
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

impl Verifier {
    /// A verifier of `password`, with a salt of its own.
    pub fn new(password: &Secret<String>, entropy: &Entropy) -> Self {
        Self::with(password, entropy.bytes::<16>().to_vec(), ITERATIONS)
    }

    /// A verifier that is quick to prove against, for a password that is 256 random bits and that is never
    /// stored with it: rounds make guessing slow, and there is nothing to guess.
    pub fn quick(password: &Secret<String>, entropy: &Entropy) -> Self {
        Self::with(password, entropy.bytes::<16>().to_vec(), QUICK_ITERATIONS)
    }

    fn with(password: &Secret<String>, salt: Vec<u8>, iterations: u32) -> Self {
        let salted = salted(password, &salt, iterations);
        let client_key = mac(&salted, b"Client Key");
        Self { stored_key: sha256(&client_key), server_key: mac(&salted, b"Server Key"), salt, iterations }
    }

    /// The text that PostgreSQL takes in place of a password, so that the password itself never is in
    /// a statement that the server may log.
    pub fn to_text(&self) -> Secret<String> {
        let Self { salt, iterations, stored_key, server_key } = self;
        let [salt, stored, server] = [salt.as_slice(), stored_key, server_key].map(|bytes| STANDARD.encode(bytes));
        Secret::new(format!("{MECHANISM}${iterations}:{salt}${stored}:{server}"))
    }
}

/// The server's side, after the client's first message.
pub struct ServerExchange {
    verifier: Verifier,
    nonce: String,
    /// The client's first message without its header, and ours.
    said: String,
    header: String,
}

impl ServerExchange {
    /// Takes the client's first message and gives the server's.
    ///
    /// # Errors
    /// When the message is not one, or asks for channel binding.
    pub fn start(verifier: &Verifier, first: &str, entropy: &Entropy) -> Result<(Self, String), ScramError> {
        let header = ["n,,", "y,,"].into_iter().find(|header| first.starts_with(header)).ok_or(ScramError)?;
        let bare = &first[header.len()..];
        let theirs = attributes(bare).find(|(name, _)| *name == 'r').map(|(_, value)| value).ok_or(ScramError)?;
        if bare.starts_with("m=") || theirs.is_empty() {
            return Err(ScramError);
        }
        let nonce = format!("{theirs}{}", STANDARD.encode(entropy.bytes::<18>()));
        let answer = format!("r={nonce},s={},i={}", STANDARD.encode(&verifier.salt), verifier.iterations);
        let said = format!("{bare},{answer}");
        Ok((Self { verifier: verifier.clone(), nonce, said, header: header.to_owned() }, answer))
    }

    /// Takes the client's proof and gives the server's.
    ///
    /// # Errors
    /// When the proof is wrong.
    pub fn finish(self, last: &str) -> Result<String, ScramError> {
        let (without_proof, proof) = last.rsplit_once(",p=").ok_or(ScramError)?;
        let expected = format!("c={},r={}", STANDARD.encode(&self.header), self.nonce);
        if without_proof != expected {
            return Err(ScramError);
        }
        let message = format!("{},{without_proof}", self.said);
        let signature = mac(&self.verifier.stored_key, message.as_bytes());
        let proof: [u8; 32] = decoded(proof)?.try_into().map_err(|_| ScramError)?;
        if !constant_time_eq(&sha256(&xor(proof, signature)), &self.verifier.stored_key) {
            return Err(ScramError);
        }
        Ok(format!("v={}", STANDARD.encode(mac(&self.verifier.server_key, message.as_bytes()))))
    }
}

/// The client's side, after its first message.
pub struct ClientExchange {
    nonce: String,
    bare: String,
}

/// The client's side, after its proof.
pub struct ClientEnd {
    signature: [u8; 32],
}

impl ClientExchange {
    /// The client's first message. The user is named outside of the mechanism.
    pub fn start(entropy: &Entropy) -> (Self, String) {
        Self::with(STANDARD.encode(entropy.bytes::<18>()), "")
    }

    fn with(nonce: String, user: &str) -> (Self, String) {
        let bare = format!("n={user},r={nonce}");
        let first = format!("n,,{bare}");
        (Self { nonce, bare }, first)
    }

    /// Takes the server's first message and gives the client's proof.
    ///
    /// # Errors
    /// When the message is not one, or answers somebody else.
    pub fn answer(self, password: &Secret<String>, first: &str) -> Result<(ClientEnd, String), ScramError> {
        let find = |wanted| attributes(first).find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let nonce = find('r').filter(|nonce| nonce.len() > self.nonce.len() && nonce.starts_with(&self.nonce));
        let (nonce, salt) = (nonce.ok_or(ScramError)?, decoded(find('s').ok_or(ScramError)?)?);
        let iterations: u32 = find('i').and_then(|number| number.parse().ok()).ok_or(ScramError)?;
        if !(1..=MOST_ITERATIONS).contains(&iterations) {
            return Err(ScramError);
        }
        let salted = salted(password, &salt, iterations);
        let client_key = mac(&salted, b"Client Key");
        let without_proof = format!("c={},r={nonce}", STANDARD.encode("n,,"));
        let message = format!("{},{first},{without_proof}", self.bare);
        let proof = xor(client_key, mac(&sha256(&client_key), message.as_bytes()));
        let signature = mac(&mac(&salted, b"Server Key"), message.as_bytes());
        Ok((ClientEnd { signature }, format!("{without_proof},p={}", STANDARD.encode(proof))))
    }
}

impl ClientEnd {
    /// Whether the server knows the password as well.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(self, last: &str) -> Result<(), ScramError> {
        let signature = decoded(last.strip_prefix("v=").ok_or(ScramError)?)?;
        if constant_time_eq(&signature, &self.signature) { Ok(()) } else { Err(ScramError) }
    }
}

fn attributes(message: &str) -> impl Iterator<Item = (char, &str)> {
    message.split(',').filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        let mut letters = name.chars();
        letters.next().filter(|_| letters.next().is_none()).map(|name| (name, value))
    })
}

fn salted(password: &Secret<String>, salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut out = [0; 32];
    let rounds = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, password.expose().as_bytes(), &mut out);
    out
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    let mut out = [0; 32];
    out.copy_from_slice(tag.as_ref());
    out
}

fn xor(a: [u8; 32], b: [u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| a[at] ^ b[at])
}

fn decoded(text: &str) -> Result<Vec<u8>, ScramError> {
    STANDARD.decode(text).map_err(|_| ScramError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    /// The exchange of RFC 7677, section 3.
    #[test]
    fn both_sides_speak_as_rfc_7677_shows() {
        let pencil = password("pencil");
        let (client, first) = ClientExchange::with("rOprNGfwEbeRWgbNEkqO".to_owned(), "user");
        assert_eq!(first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let server_first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let (end, last) = client.answer(&pencil, server_first).unwrap();
        assert!(last.ends_with(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), "{last}");
        let server = ServerExchange {
            verifier: Verifier::with(&pencil, decoded("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap(), 4096),
            nonce: "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned(),
            said: format!("{},{server_first}", &first[3..]),
            header: "n,,".to_owned(),
        };
        let proof = server.finish(&last).unwrap();
        assert_eq!(proof, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        end.check(&proof).unwrap();
    }

    #[test]
    fn g15_only_who_knows_the_password_gets_through() {
        let entropy = Entropy::seeded(3);
        let verifier = Verifier::new(&password("right"), &entropy);
        let exchange = |word: &str| {
            let (client, first) = ClientExchange::start(&entropy);
            let (server, answer) = ServerExchange::start(&verifier, &first, &entropy).unwrap();
            let (end, last) = client.answer(&password(word), &answer).unwrap();
            server.finish(&last).and_then(|proof| end.check(&proof))
        };
        assert_eq!(exchange("right"), Ok(()));
        assert_eq!(exchange("wrong"), Err(ScramError));
        assert_eq!(exchange(""), Err(ScramError));
    }

    #[test]
    fn what_is_no_exchange_is_refused() {
        let entropy = Entropy::seeded(4);
        let verifier = Verifier::new(&password("right"), &entropy);
        for first in ["", "n,,", "n,,n=,r=", "p=tls-server-end-point,,n=,r=abc", "n,,m=x,n=,r=abc", "n=,r=abc"] {
            assert!(ServerExchange::start(&verifier, first, &entropy).is_err(), "{first}");
        }
        let (server, _) = ServerExchange::start(&verifier, "n,,n=,r=abc", &entropy).unwrap();
        assert!(server.finish("c=biws,r=abc,p=AAAA").is_err(), "a nonce that is not ours");
        for answer in ["", "r=other,s=AAAA,i=4096", "r=,s=AAAA,i=4096"] {
            let (client, _) = ClientExchange::start(&entropy);
            assert!(client.answer(&password("x"), answer).is_err(), "{answer}");
        }
        let (client, first) = ClientExchange::start(&entropy);
        let busy = format!("{}x,s=AAAA,i=2000000000", &first[first.find("r=").unwrap()..]);
        assert!(client.answer(&password("x"), &busy).is_err(), "too many rounds");
    }

    #[test]
    fn a_verifier_is_written_as_postgresql_reads_it() {
        let verifier = Verifier::with(&password("pencil"), decoded("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap(), 4096);
        assert_eq!(
            verifier.to_text().expose(),
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
    }
}
