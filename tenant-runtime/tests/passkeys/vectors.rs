//! The test vectors of Web Authentication Level 3, section 16 (C35).
//!
//! Those whose flags say that somebody was verified go through all of our own code. The others must be
//! refused by it for that reason alone, so their signatures and statements are put to the library as we
//! use it, less that demand.

use polder_kernel::encoding::base64url;
use polder_tenant_api::{PasskeyId, UserId};
use polder_tenant_runtime::model::Passkey;
use polder_tenant_runtime::passkeys::authenticator_data::AuthenticatorData;
use polder_tenant_runtime::passkeys::cbor::{self, Item};
use polder_tenant_runtime::passkeys::client_data::ClientData;
use polder_tenant_runtime::passkeys::register::{self, Models};
use polder_tenant_runtime::passkeys::response::{Asserted, Created};
use polder_tenant_runtime::passkeys::{Ceremony, Challenge, Refusal, RelyingParty, prove};
use serde_json::{Value, json};
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::proto::{PublicKeyCredential, RegisterPublicKeyCredential};

const ORIGIN: &str = "https://example.org";

struct Case(Value);

impl Case {
    fn name(&self) -> &str {
        self.0["name"].as_str().unwrap()
    }

    fn bytes(&self, ceremony: &str, member: &str) -> Vec<u8> {
        unhex(self.0[ceremony][member].as_str().unwrap())
    }

    fn id(&self) -> String {
        base64url(&unhex(self.0["credential_id"].as_str().unwrap()))
    }

    fn created(&self) -> String {
        self.answer(&json!({
            "clientDataJSON": base64url(&self.bytes("create", "client_data")),
            "attestationObject": base64url(&self.bytes("create", "attestation_object")),
        }))
    }

    fn asserted(&self) -> String {
        self.answer(&json!({
            "clientDataJSON": base64url(&self.bytes("get", "client_data")),
            "authenticatorData": base64url(&self.bytes("get", "authenticator_data")),
            "signature": base64url(&self.bytes("get", "signature")),
            "userHandle": null,
        }))
    }

    fn answer(&self, response: &Value) -> String {
        json!({ "id": self.id(), "rawId": self.id(), "type": "public-key", "response": response }).to_string()
    }

    fn challenge(&self, ceremony: &str) -> Challenge {
        Challenge::of_bytes(self.bytes(ceremony, "challenge"))
    }

    /// Whether both ceremonies' flags say that somebody was verified.
    fn verified(&self) -> bool {
        let object = self.bytes("create", "attestation_object");
        let made = cbor::whole(&object).unwrap().get("authData").and_then(Item::bytes).unwrap()[32];
        made & self.bytes("get", "authenticator_data")[32] & 0x04 != 0
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn cases() -> Vec<Case> {
    let all: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    all["cases"].as_array().unwrap().iter().cloned().map(Case).collect()
}

fn party() -> RelyingParty {
    RelyingParty::new("example.org", ORIGIN, Vec::new())
}

/// Those that we do not take, and why.
fn untaken(name: &str) -> Option<Refusal> {
    match name {
        "none-es256-crossOrigin" | "none-es256-topOrigin" => Some(Refusal::Origin),
        // Not offered: the library has none of them.
        "packed-es512" | "packed-eddsa" | "packed-ed448" => Some(Refusal::Algorithm),
        // Its modulus has 3,482 bits; we take 2,048 alone.
        "packed-rs256" => Some(Refusal::Malformed),
        _ => None,
    }
}

fn register(case: &Case) -> Result<register::Registered, Refusal> {
    let created = Created::parse(&case.created())?;
    register::verify(&party(), (Ceremony::Create, &case.challenge("create")), &created, &Models::default())
}

#[test]
fn c35_every_vector_is_read_to_its_last_byte() {
    assert_eq!(cases().len(), 15);
    for case in cases() {
        let object = case.bytes("create", "attestation_object");
        let item = cbor::whole(&object).unwrap();
        let data = AuthenticatorData::parse(item.get("authData").and_then(Item::bytes).unwrap()).unwrap();
        let attested = data.attested.unwrap();
        assert_eq!(base64url(attested.credential_id), case.id(), "{}", case.name());
        let refused = untaken(case.name()).filter(|refusal| *refusal != Refusal::Origin);
        assert_eq!(attested.check_key().err(), refused, "{}", case.name());
        AuthenticatorData::parse(&case.bytes("get", "authenticator_data")).unwrap();
    }
}

#[test]
fn c04_c35_client_data_of_the_vectors() {
    let origins = [ORIGIN.to_owned()];
    for case in cases() {
        for (ceremony, kind) in [("create", "webauthn.create"), ("get", "webauthn.get")] {
            let data = ClientData::parse(&case.bytes(ceremony, "client_data")).unwrap();
            let checked = data.check(kind, &case.challenge(ceremony), &origins);
            assert_eq!(checked.err(), untaken(case.name()).filter(|r| *r == Refusal::Origin), "{}", case.name());
        }
    }
}

#[test]
fn c35_registrations_and_assertions_of_the_vectors_are_verified() {
    let (mut whole, mut refused) = (0, Vec::new());
    for case in cases() {
        if let Some(refusal) = untaken(case.name()) {
            assert_eq!(register(&case).err(), Some(refusal), "{}", case.name());
            continue;
        }
        if let Err(error) = library(&case) {
            refused.push((case.name().to_owned(), error));
            continue;
        }
        let registered = register(&case);
        if !case.verified() {
            continue;
        }
        let passkey = passkey(registered.unwrap());
        let asserted = Asserted::parse(&case.asserted()).unwrap();
        let proved = prove::verify(&party(), &case.challenge("get"), &asserted, &passkey);
        assert!(proved.is_ok(), "{} {proved:?}", case.name());
        // The same, for a challenge that is not the one.
        let other = prove::verify(&party(), &case.challenge("create"), &asserted, &passkey);
        assert_eq!(other, Err(Refusal::Challenge), "{}", case.name());
        whole += 1;
    }
    // Statements that the library does not take; the documentation of `passkeys` names them.
    let names: Vec<&str> = refused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["tpm-es256", "android-key-es256"], "{refused:?}");
    assert_eq!(whole, 1, "the flags of one say in both ceremonies that somebody was verified");
}

fn passkey(registered: register::Registered) -> Passkey {
    let at = polder_kernel::Timestamp::from_seconds(0);
    Passkey {
        id: PasskeyId::from_bytes([1; 16]),
        user_id: UserId::from_bytes([2; 16]),
        credential: registered.credential,
        name: String::new(),
        rp_id: "example.org".into(),
        kind: registered.kind,
        backed_up_at: registered.backed_up.then_some(at),
        sign_count: registered.sign_count,
        created_at: at,
        strong_from: at,
        last_used_at: None,
        removed_at: None,
    }
}

/// The library, with nobody's verification demanded.
fn library(case: &Case) -> Result<(), String> {
    let url = ORIGIN.parse().unwrap();
    let core =
        WebauthnCore::new_unsafe_experts_only("x", "example.org", vec![url], std::time::Duration::ZERO, None, None);
    let state = json!({
        "policy": "discouraged",
        "exclude_credentials": [],
        "challenge": case.challenge("create").to_text(),
        "credential_algorithms": ["ES256", "ES384", "RS256"],
        "require_resident_key": true,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    });
    let answer: RegisterPublicKeyCredential = serde_json::from_str(&case.created()).unwrap();
    let state = serde_json::from_value(state).unwrap();
    let credential = core.register_credential(&answer, &state, None);
    let mut credential = credential.map_err(|error| format!("{error:?}"))?;
    let state = json!({
        "credentials": [],
        "policy": "discouraged",
        "challenge": case.challenge("get").to_text(),
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    });
    let answer: PublicKeyCredential = serde_json::from_str(&case.asserted()).unwrap();
    credential.user_verified = false;
    let proved = core.authenticate_single_credential(&answer, &serde_json::from_value(state).unwrap(), &credential);
    proved.map(|_| ()).map_err(|error| format!("{error:?}"))
}
