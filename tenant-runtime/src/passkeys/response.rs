//! What a browser sends: `RegistrationResponseJSON` and `AuthenticationResponseJSON` (Web
//! Authentication 5.1.8). Bytes are base64url without padding and nothing else (C34). Unknown members
//! and extension outputs are left aside (C15).

use polder_kernel::encoding::from_base64url;
use serde::Deserialize;

use super::Refusal;

/// The most transports that are kept; there are seven kinds.
const MOST_TRANSPORTS: usize = 8;

/// Bytes as a browser writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_base64url(&text).map(Self).ok_or_else(|| serde::de::Error::custom("not base64url without padding"))
    }
}

/// A new credential.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    id: Bytes,
    raw_id: Bytes,
    #[serde(rename = "type")]
    kind: String,
    /// What the authenticator and the browser say.
    pub response: Attestation,
}

/// The response within [`Created`].
#[derive(Debug, Deserialize)]
pub struct Attestation {
    /// The client data, as hashed.
    #[serde(rename = "clientDataJSON")]
    pub client_data: Bytes,
    /// Authenticator data and attestation statement.
    #[serde(rename = "attestationObject")]
    pub attestation_object: Bytes,
    /// How the authenticator can be reached.
    #[serde(default)]
    pub transports: Option<Vec<String>>,
}

/// A proof that a credential is at hand.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asserted {
    id: Bytes,
    raw_id: Bytes,
    #[serde(rename = "type")]
    kind: String,
    /// What the authenticator and the browser say.
    pub response: Assertion,
}

/// The response within [`Asserted`].
#[derive(Debug, Deserialize)]
pub struct Assertion {
    /// The client data, as hashed.
    #[serde(rename = "clientDataJSON")]
    pub client_data: Bytes,
    /// The authenticator data, as signed.
    #[serde(rename = "authenticatorData")]
    pub authenticator_data: Bytes,
    /// The signature.
    pub signature: Bytes,
    /// Whose credential it is.
    #[serde(rename = "userHandle", default)]
    pub user_handle: Option<Bytes>,
}

impl Created {
    /// Reads what a form brought.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn parse(json: &str) -> Result<Self, Refusal> {
        let created: Self = serde_json::from_str(json).map_err(|_| Refusal::Malformed)?;
        let consistent = created.id == created.raw_id && created.kind == "public-key";
        consistent.then_some(created).ok_or(Refusal::Malformed)
    }

    /// The credential's id, as the browser tells it.
    pub fn credential_id(&self) -> &[u8] {
        &self.raw_id.0
    }

    /// The transports that are worth keeping: short words.
    pub fn transports(&self) -> Vec<String> {
        let is_word = |text: &&String| {
            (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        };
        self.response.transports.iter().flatten().filter(is_word).take(MOST_TRANSPORTS).cloned().collect()
    }
}

impl Asserted {
    /// Reads what a form brought.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn parse(json: &str) -> Result<Self, Refusal> {
        let asserted: Self = serde_json::from_str(json).map_err(|_| Refusal::Malformed)?;
        let consistent = asserted.id == asserted.raw_id && asserted.kind == "public-key";
        consistent.then_some(asserted).ok_or(Refusal::Malformed)
    }

    /// The credential's id.
    pub fn credential_id(&self) -> &[u8] {
        &self.raw_id.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asserted(id: &str, raw_id: &str, kind: &str) -> Result<Asserted, Refusal> {
        let response =
            json!({"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "-_8", "userHandle": null});
        let json = json!({"id": id, "rawId": raw_id, "type": kind, "response": response, "authenticatorAttachment": "platform",
            "clientExtensionResults": {"prf": {"enabled": true}}});
        Asserted::parse(&json.to_string())
    }

    #[test]
    fn c34_bytes_have_one_spelling() {
        assert_eq!(asserted("AAE", "AAE", "public-key").unwrap().credential_id(), [0, 1]);
        for (id, raw_id) in [("AAE=", "AAE="), ("+/8", "+/8"), ("AAE", "AAI"), ("AA E", "AA E")] {
            assert!(asserted(id, raw_id, "public-key").is_err(), "{id} {raw_id}");
        }
        assert!(asserted("AAE", "AAE", "password").is_err());
    }

    #[test]
    fn c15_extensions_nobody_asked_for_are_no_reason_to_refuse() {
        assert!(asserted("AAE", "AAE", "public-key").is_ok());
    }
}
