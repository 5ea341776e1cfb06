//! An authenticator and browser in software: ES256, discoverable keys, and every way of getting it wrong.

use polder_kernel::encoding::{base64url, from_base64url};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::tenant::ISSUER;

/// What an authenticator is like.
#[derive(Clone, Debug)]
pub struct Authenticator {
    /// The page it works for.
    pub origin: String,
    /// Its model.
    pub aaguid: [u8; 16],
    /// Whether its keys can leave it.
    pub synced: bool,
    /// Whether it counts.
    pub counts: bool,
}

/// A key inside it.
#[derive(Debug)]
pub struct Key {
    pub id: Vec<u8>,
    pub handle: Value,
    pub authenticator: Authenticator,
    pub count: u32,
    rp_id: String,
    pair: EcdsaKeyPair,
}

/// What is done wrongly on purpose; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Twist {
    pub origin: Option<&'static str>,
    pub kind: Option<&'static str>,
    pub challenge: Option<String>,
    pub client_data: Option<(&'static str, Value)>,
    pub rp_id: Option<&'static str>,
    pub flags: Option<u8>,
    pub count: Option<u32>,
    pub id: Option<Vec<u8>>,
    pub handle: Option<Value>,
    pub signature: Option<fn(&mut Vec<u8>)>,
    pub trailing: bool,
    pub key: Option<fn(&mut Vec<u8>)>,
    pub object: Option<fn(&mut Vec<u8>)>,
    pub statement: Option<(&'static str, Vec<u8>)>,
    pub self_attested: bool,
}

impl Default for Authenticator {
    fn default() -> Self {
        Self { origin: ISSUER.to_owned(), aaguid: [0; 16], synced: true, counts: false }
    }
}

impl Authenticator {
    /// `navigator.credentials.create()`.
    pub fn create(&self, options: &Value, twist: &Twist) -> (String, Key) {
        let random = random();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let id = twist.id.clone().unwrap_or_else(|| pair.public_key().as_ref()[1..33].to_vec());
        let key = Key {
            id: id.clone(),
            handle: options["user"]["id"].clone(),
            authenticator: self.clone(),
            count: u32::from(self.counts),
            rp_id: options["rp"]["id"].as_str().unwrap().to_owned(),
            pair,
        };
        let mut cose = key.cose();
        if let Some(change) = twist.key {
            change(&mut cose);
        }
        let backup = if self.synced { 0x18 } else { 0 };
        let mut data = key.data(twist, 0x45 | backup, twist.count.unwrap_or(key.count));
        data.extend(self.aaguid);
        data.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        data.extend(&id);
        data.extend(cose);
        data.extend(twist.trailing.then_some(0));
        let client_data = key.client_data(options, twist, "webauthn.create");
        let mut object = key.object(twist, &data, &client_data);
        if let Some(change) = twist.object {
            change(&mut object);
        }
        let response = json!({
            "clientDataJSON": base64url(&client_data),
            "attestationObject": base64url(&object),
            "transports": ["internal", "hybrid"],
        });
        (key.answer(&id, &response), key)
    }
}

impl Key {
    /// `navigator.credentials.get()`.
    pub fn get(&mut self, options: &Value, twist: &Twist) -> String {
        if self.authenticator.counts {
            self.count += 1;
        }
        let backup = if self.authenticator.synced { 0x18 } else { 0 };
        let mut data = self.data(twist, 0x05 | backup, twist.count.unwrap_or(self.count));
        data.extend(twist.trailing.then_some(0));
        let client_data = self.client_data(options, twist, "webauthn.get");
        let mut signature = self.sign(&data, &client_data);
        if let Some(change) = twist.signature {
            change(&mut signature);
        }
        let response = json!({
            "clientDataJSON": base64url(&client_data),
            "authenticatorData": base64url(&data),
            "signature": base64url(&signature),
            "userHandle": twist.handle.clone().unwrap_or_else(|| self.handle.clone()),
        });
        self.answer(twist.id.as_ref().unwrap_or(&self.id), &response)
    }

    fn answer(&self, id: &[u8], response: &Value) -> String {
        let id = base64url(id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {} })
            .to_string()
    }

    fn client_data(&self, options: &Value, twist: &Twist, kind: &str) -> Vec<u8> {
        let challenge = twist.challenge.clone().unwrap_or_else(|| options["challenge"].as_str().unwrap().to_owned());
        assert!(from_base64url(&challenge).is_some());
        let mut data = json!({
            "type": twist.kind.unwrap_or(kind),
            "challenge": challenge,
            "origin": twist.origin.unwrap_or(&self.authenticator.origin),
            "crossOrigin": false,
        });
        if let Some((name, value)) = &twist.client_data {
            data[name] = value.clone();
        }
        serde_json::to_vec(&data).unwrap()
    }

    fn data(&self, twist: &Twist, flags: u8, count: u32) -> Vec<u8> {
        let rp_id = twist.rp_id.unwrap_or(&self.rp_id);
        let mut data = sha256(rp_id.as_bytes());
        data.push(twist.flags.unwrap_or(flags));
        data.extend(count.to_be_bytes());
        data
    }

    fn cose(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        [&head[..], &point[1..33], &[0x22, 0x58, 0x20], &point[33..65]].concat()
    }

    fn object(&self, twist: &Twist, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let (format, statement) = match &twist.statement {
            Some((format, statement)) => (*format, statement.clone()),
            None if twist.self_attested => {
                let signature = self.sign(data, client_data);
                let length = u8::try_from(signature.len()).unwrap();
                (
                    "packed",
                    [&[0xa2, 0x63, b'a', b'l', b'g', 0x26, 0x63, b's', b'i', b'g', 0x58, length], &signature[..]]
                        .concat(),
                )
            }
            None => ("none", vec![0xa0]),
        };
        let text = |word: &str| [&[0x60 + u8::try_from(word.len()).unwrap()], word.as_bytes()].concat();
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let parts =
            [text("fmt"), text(format), text("attStmt"), statement, text("authData"), vec![0x59], length.into()];
        [vec![0xa3], parts.concat(), data.to_vec()].concat()
    }

    fn sign(&self, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let message = [data, &sha256(client_data)].concat();
        self.pair.sign(&random(), &message).unwrap().as_ref().to_vec()
    }
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    polder_crypto::sha256(bytes).to_vec()
}

/// Chance for keys and signatures.
#[expect(clippy::disallowed_methods, reason = "ring signs with chance of its own")]
fn random() -> SystemRandom {
    SystemRandom::new()
}
