//! Authentication (Web Authentication 7.2): whether somebody has the key of a stored passkey at hand.

use serde_json::json;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationFormat, AttestationMetadata, AuthenticationState, AuthenticatorAssertionResponseRaw, Credential,
    ParsedAttestation, ParsedAttestationData, PublicKeyCredential, RegisteredExtensions, UserVerificationPolicy,
};

use super::authenticator_data::AuthenticatorData;
use super::client_data::ClientData;
use super::response::Asserted;
use super::{Challenge, Refusal, RelyingParty};
use crate::model::passkey::{Kind, Passkey};

/// What the authenticator said this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The counter.
    pub sign_count: u32,
    /// Whether the key is copied now.
    pub backed_up: bool,
}

/// Verifies an answer to `challenge`, which was used up before (C01), with the key of `passkey`. Whose
/// the passkey is, and whether it still counts, is the caller's to look at.
///
/// # Errors
/// The reason. [`Refusal::Counter`] comes last: everything else was right then.
pub fn verify(
    party: &RelyingParty,
    challenge: &Challenge,
    asserted: &Asserted,
    passkey: &Passkey,
) -> Result<Proved, Refusal> {
    let response = &asserted.response;
    ClientData::parse(&response.client_data.0)?.check("webauthn.get", challenge, &party.origins)?;
    let data = AuthenticatorData::parse(&response.authenticator_data.0)?;
    if data.flags.backup_eligible() != (passkey.kind == Kind::Synced) {
        return Err(Refusal::Backup);
    }
    if passkey.rp_id != party.id {
        return Err(Refusal::Unknown);
    }
    let answer = PublicKeyCredential {
        id: passkey.credential.id.clone(),
        raw_id: asserted.credential_id().to_vec(),
        response: AuthenticatorAssertionResponseRaw {
            authenticator_data: response.authenticator_data.0.clone(),
            client_data_json: response.client_data.0.clone(),
            signature: response.signature.0.clone(),
            user_handle: None,
        },
        extensions: Default::default(),
        type_: "public-key".to_owned(),
    };
    let state = state(challenge).ok_or(Refusal::Verification)?;
    let stored = stored(passkey, asserted.credential_id());
    match party.core.authenticate_single_credential(&answer, &state, &stored) {
        Ok(proved) => Ok(Proved { sign_count: proved.counter(), backed_up: proved.backup_state() }),
        Err(WebauthnError::CredentialPossibleCompromise) => Err(Refusal::Counter),
        Err(_) => Err(Refusal::Verification),
    }
}

fn stored(passkey: &Passkey, id: &[u8]) -> Credential {
    Credential {
        cred_id: id.to_vec(),
        cred: passkey.credential.key.clone(),
        counter: passkey.sign_count,
        transports: None,
        user_verified: true,
        backup_eligible: passkey.kind == Kind::Synced,
        backup_state: passkey.backed_up_at.is_some(),
        registration_policy: UserVerificationPolicy::Required,
        extensions: RegisteredExtensions::none(),
        attestation: ParsedAttestation { data: ParsedAttestationData::None, metadata: AttestationMetadata::None },
        attestation_format: AttestationFormat::None,
    }
}

/// The library's own note of what it asked for, with our challenge in it.
fn state(challenge: &Challenge) -> Option<AuthenticationState> {
    serde_json::from_value(json!({
        "credentials": [],
        "policy": "required",
        "challenge": challenge.to_text(),
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    }))
    .ok()
}
