//! What a browser is asked for, as `parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON`
//! read it (Web Authentication 5.1.9, 5.1.10).
//!
//! The library would discourage discoverable keys and choose the challenge; here both are ours (C25).

use polder_kernel::encoding::base64url;
use serde::Serialize;
use serde_json::{Value, json};

use super::challenge::LIFETIME;
use super::{Challenge, RelyingParty};
use crate::model::Passkey;

/// What keys may be, best first (C08).
pub const ALGORITHMS: [i32; 3] = [-7, -35, -257];

/// Whom a passkey is made for.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The random handle (C24).
    pub handle: &'a [u8],
    /// What the passkey is listed by: the address.
    pub address: &'a str,
    /// What the person is called.
    pub name: &'a str,
}

/// Asks for any passkey of this tenant. No list of allowed ones: it would tell who has an account (C23).
pub fn to_sign_in(party: &RelyingParty, challenge: &Challenge) -> Value {
    json!({
        "challenge": challenge.to_text(),
        "timeout": millis(),
        "rpId": party.id,
        "allowCredentials": [],
        "userVerification": "required",
    })
}

/// Asks for a new passkey. Those the person has are named, so that no authenticator gets two (C25).
pub fn to_create(
    (party, tenant): (&RelyingParty, &str),
    challenge: &Challenge,
    person: Person<'_>,
    existing: &[Passkey],
    attestation: bool,
) -> Value {
    let algorithms = ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg }));
    json!({
        "rp": { "id": party.id, "name": tenant },
        "user": { "id": base64url(person.handle), "name": person.address, "displayName": person.name },
        "challenge": challenge.to_text(),
        "pubKeyCredParams": algorithms,
        "timeout": millis(),
        "excludeCredentials": existing.iter().map(Described::of).collect::<Vec<_>>(),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "required",
        },
        "attestation": if attestation { "direct" } else { "none" },
        "extensions": { "credProps": true },
    })
}

/// `PublicKeyCredentialDescriptorJSON`.
#[derive(Serialize)]
struct Described<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    transports: &'a [String],
}

impl<'a> Described<'a> {
    fn of(passkey: &'a Passkey) -> Self {
        let credential = &passkey.credential;
        Self { kind: "public-key", id: &credential.id, transports: &credential.transports }
    }
}

fn millis() -> u64 {
    LIFETIME.as_secs() * 1000
}
