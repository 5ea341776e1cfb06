//! Registration (Web Authentication 7.1): from a browser's answer to a credential that can be stored.

use polder_kernel::encoding::base64url;
use serde_json::json;
use webauthn_rs_core::proto::{AuthenticatorAttestationResponseRaw, RegisterPublicKeyCredential, RegistrationState};

use super::authenticator_data::{AuthenticatorData, FLAGS_AT};
use super::cbor::{self, Item};
use super::client_data::ClientData;
use super::response::Created;
use super::{Ceremony, Challenge, Refusal, RelyingParty, models};
use crate::model::passkey::{Credential, Kind};

/// Which authenticators a tenant takes (C11).
#[derive(Debug, Default)]
pub struct Models<'a> {
    /// Their AAGUIDs; empty for any. Its statement must be right, but no root vouches for it: an
    /// authenticator that was built to lie about its model is not found out.
    pub allowed: &'a [String],
}

/// A credential that was verified.
#[derive(Debug)]
pub struct Registered {
    /// What is stored of it.
    pub credential: Credential,
    /// Whether it can leave its device.
    pub kind: Kind,
    /// Whether it is copied now.
    pub backed_up: bool,
    /// The counter to begin with.
    pub sign_count: u32,
}

/// Verifies what a browser made for `challenge`, which was used up before (C01).
///
/// # Errors
/// The reason.
pub fn verify(
    party: &RelyingParty,
    (ceremony, challenge): (Ceremony, &Challenge),
    created: &Created,
    models: &Models<'_>,
) -> Result<Registered, Refusal> {
    let client_data = &created.response.client_data.0;
    ClientData::parse(client_data)?.check("webauthn.create", challenge, &party.origins)?;
    let mut object = created.response.attestation_object.0.clone();
    let Read { flags_at, aaguid, format } = read(&object, created.credential_id(), ceremony)?;
    if let Some(place) = flags_at.and_then(|at| object.get_mut(at)) {
        // Nobody need be present for a quiet creation (7.1, step 15), and the library has no word for
        // that. Without an attestation nothing is signed over this bit.
        *place |= 0x01;
    }
    if !models.allowed.is_empty() && (format == "none" || !models.allowed.contains(&aaguid)) {
        return Err(Refusal::Model);
    }
    let answer = RegisterPublicKeyCredential {
        id: base64url(created.credential_id()),
        raw_id: created.credential_id().to_vec(),
        response: AuthenticatorAttestationResponseRaw {
            attestation_object: object,
            client_data_json: client_data.clone(),
            transports: None,
        },
        type_: "public-key".to_owned(),
        extensions: Default::default(),
    };
    let state = state(challenge).ok_or(Refusal::Verification)?;
    let verified = party.core.register_credential(&answer, &state, None);
    let verified = verified.map_err(|_| Refusal::Verification)?;
    Ok(Registered {
        kind: if verified.backup_eligible { Kind::Synced } else { Kind::DeviceBound },
        backed_up: verified.backup_state,
        sign_count: verified.counter,
        credential: Credential {
            id: base64url(&verified.cred_id),
            key: verified.cred,
            transports: created.transports(),
            aaguid,
            format,
        },
    })
}

/// What is looked at before the library does.
struct Read {
    /// Where the flag for presence is to be put, if it is.
    flags_at: Option<usize>,
    aaguid: String,
    format: String,
}

fn read(object: &[u8], credential_id: &[u8], ceremony: Ceremony) -> Result<Read, Refusal> {
    let item = cbor::whole(object)?;
    let format = item.get("fmt").and_then(Item::text).ok_or(Refusal::Malformed)?;
    let statement = item.get("attStmt").and_then(Item::pairs).ok_or(Refusal::Malformed)?;
    let bytes = item.get("authData").and_then(Item::bytes).ok_or(Refusal::Malformed)?;
    if item.pairs() != Some(3) || (format == "none" && statement > 0) {
        return Err(Refusal::Malformed);
    }
    let data = AuthenticatorData::parse(bytes)?;
    let attested = data.attested.as_ref().ok_or(Refusal::Malformed)?;
    attested.check_key()?;
    if attested.credential_id != credential_id {
        return Err(Refusal::Malformed);
    }
    let absent = ceremony == Ceremony::CreateQuietly && format == "none" && !data.flags.user_present();
    // A slice of the object: where it begins there is the difference of the two addresses.
    let begins = bytes.as_ptr().addr() - object.as_ptr().addr();
    Ok(Read {
        flags_at: absent.then_some(begins + FLAGS_AT),
        aaguid: models::spelling(attested.aaguid),
        format: format.to_owned(),
    })
}

/// The library's own note of what it asked for, with our challenge in it.
fn state(challenge: &Challenge) -> Option<RegistrationState> {
    serde_json::from_value(json!({
        "policy": "required",
        "exclude_credentials": [],
        "challenge": challenge.to_text(),
        "credential_algorithms": ["ES256", "ES384", "RS256"],
        "require_resident_key": true,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    }))
    .ok()
}
