//! Passkeys: credentials of Web Authentication Level 3, discoverable and always with user verification.
//!
//! ```text
//!   POST …/options ─> challenge ─> browser ─> POST answer ─> used once? ─> strict reading ─> the library ─> row
//! ```
//!
//! Signatures, attestation statements and the ceremony itself are `webauthn-rs-core`'s. What it takes
//! too lightly is looked at before it ([`cbor`], [`authenticator_data`], [`client_data`]): trailing and
//! repeated data, a curve that is not the algorithm's, long ids, `topOrigin`, and the exact text of
//! origin and challenge. What it would choose for itself is ours: challenges come from the tenant's own
//! chance and key ([`challenge`]), keys are always discoverable ([`options`]).
//!
//! | | here |
//! | --- | --- |
//! | algorithms | ES256, ES384, RS256 with 2048 bits; the library has no Ed25519, Ed448 or ES512 (C08) |
//! | user presence | always, but for a creation the browser makes by itself right after a sign-in (C06) |
//! | a counter that goes back | refused, the person is told, the stored counter stays (C20) |
//! | backup eligibility | fixed at registration; a change of the backup state is stored and audited (C07) |
//! | attestation | none is asked for, unless the tenant lists models; every statement is verified (C10, C11) |
//! | attestation by TPM and Android key | the library refuses the specification's examples of them (C10) |
//! | client data with a byte order mark | refused: no browser writes one (C02) |
//! | every failed sign-in | one answer, whatever the reason (C22) |
//!
//! The one exception to the last line needs a proof: who signs rightly with a passkey that was removed
//! is told so, and the page takes it off their device. Nobody without the key can get that answer.

pub mod authenticator_data;
pub mod cbor;
pub mod challenge;
pub mod client_data;
pub mod enrol;
pub mod models;
pub mod options;
pub mod prove;
pub mod register;
pub mod relying_party;
pub mod response;
pub mod signals;

pub use challenge::{Ceremony, Challenge};
pub use relying_party::RelyingParty;

/// Why an answer of a browser is not taken. For the audit log; the person is told nothing more exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not the JSON, CBOR or bytes that a browser makes (C02, C09, C12, C16, C34).
    #[error("malformed")]
    Malformed,
    /// The challenge is not of this browser and ceremony, has expired, or was used (C01).
    #[error("challenge")]
    Challenge,
    /// It was made on another origin, or inside a frame of one (C03, C04).
    #[error("origin")]
    Origin,
    /// The other ceremony's answer (C02).
    #[error("type")]
    Type,
    /// Flags that contradict each other, or what is stored (C07).
    #[error("backup")]
    Backup,
    /// The key is of a kind that was not offered (C08).
    #[error("algorithm")]
    Algorithm,
    /// The credential is somebody's already (C13).
    #[error("taken")]
    Taken,
    /// No passkey of this tenant, or not this person's (C18).
    #[error("unknown")]
    Unknown,
    /// The counter went back (C20).
    #[error("counter")]
    Counter,
    /// The tenant does not take this model, or cannot tell which it is (C11).
    #[error("model")]
    Model,
    /// Refused by the library: rpIdHash, flags, signature, attestation statement (C05, C06, C10, C19).
    #[error("verification")]
    Verification,
}
