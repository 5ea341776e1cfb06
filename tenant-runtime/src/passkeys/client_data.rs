//! Client data (Web Authentication 5.8.1): what the browser says it asked the authenticator for.

use polder_kernel::encoding::base64url;
use serde::Deserialize;

use super::{Challenge, Refusal};

/// The client data of one answer.
#[derive(Debug, Deserialize)]
pub struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: Option<bool>,
    #[serde(rename = "topOrigin", default)]
    top_origin: Option<serde_json::Value>,
}

impl ClientData {
    /// Reads it. A member that comes twice is an error; unknown members are not (C15).
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(bytes).map_err(|_| Refusal::Malformed)
    }

    /// The challenge it answers, as text.
    pub fn challenge(&self) -> &str {
        &self.challenge
    }

    /// Whether it is this ceremony's answer to this challenge, made on one of our own pages, which are
    /// never inside a frame of another origin (C02, C03, C04). Texts are compared as they are: an
    /// origin has one spelling.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self, kind: &str, challenge: &Challenge, origins: &[String]) -> Result<(), Refusal> {
        if self.kind != kind {
            return Err(Refusal::Type);
        }
        if self.challenge != base64url(challenge.as_bytes()) {
            return Err(Refusal::Challenge);
        }
        let framed = self.cross_origin.unwrap_or(false) || self.top_origin.is_some();
        if framed || !origins.contains(&self.origin) {
            return Err(Refusal::Origin);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(change: impl FnOnce(&mut serde_json::Value)) -> Result<(), Refusal> {
        let challenge = Challenge::of_bytes(vec![7; 64]);
        let mut data = json!({
            "type": "webauthn.get",
            "challenge": base64url(&[7; 64]),
            "origin": "https://a.idp.example",
            "crossOrigin": false,
            "extra": "members come and go",
        });
        change(&mut data);
        let text = serde_json::to_vec(&data).unwrap();
        ClientData::parse(&text)?.check("webauthn.get", &challenge, &["https://a.idp.example".to_owned()])
    }

    #[test]
    fn c02_the_other_ceremony_or_challenge_is_refused() {
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(check(|data| data["type"] = json!("webauthn.create")), Err(Refusal::Type));
        assert_eq!(check(|data| data["challenge"] = json!(base64url(&[8; 64]))), Err(Refusal::Challenge));
        assert_eq!(
            check(|data| data["challenge"] = json!(format!("{}=", base64url(&[7; 64])))),
            Err(Refusal::Challenge)
        );
        let twice = br#"{"type":"webauthn.get","type":"webauthn.get","challenge":"","origin":""}"#;
        assert_eq!(ClientData::parse(twice).err(), Some(Refusal::Malformed));
        assert_eq!(ClientData::parse(b"\xef\xbb\xbf{}").err(), Some(Refusal::Malformed));
    }

    #[test]
    fn c03_an_origin_has_one_spelling() {
        for origin in [
            "http://a.idp.example",
            "https://b.idp.example",
            "https://idp.example",
            "https://x.a.idp.example",
            "https://a.idp.example.",
            "https://a.idp.example:443",
            "https://a.idp.example/",
            "https://A.idp.example",
            "https://a.idp.example.evil.example",
            "null",
            "",
        ] {
            assert_eq!(check(|data| data["origin"] = json!(origin)), Err(Refusal::Origin), "{origin}");
        }
    }

    #[test]
    fn c04_an_answer_from_inside_a_frame_is_refused() {
        assert_eq!(check(|data| data["crossOrigin"] = json!(true)), Err(Refusal::Origin));
        assert_eq!(check(|data| data["topOrigin"] = json!("https://a.idp.example")), Err(Refusal::Origin));
        assert_eq!(check(|data| data["topOrigin"] = json!(null)), Ok(()), "null is absent");
    }
}
