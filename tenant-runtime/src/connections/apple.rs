//! The assertion that Apple takes for a client secret: a JWT that we sign with the key it gave us.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use polder_crypto::{Algorithm, SigningKey};
use polder_kernel::{Entropy, Secret, Timestamp};
use serde_json::json;

use super::Problem;
use crate::model::Connection;

/// How long it may be used: one exchange.
const LIFETIME: Duration = Duration::from_secs(300);

/// The audience that Apple names itself by; a single text (B48).
const AUDIENCE: &str = "https://appleid.apple.com";

/// An assertion for this moment.
///
/// # Errors
/// When key or ids are missing or the key is none.
pub fn assertion(connection: &Connection, key: &str, entropy: &Entropy, now: Timestamp) -> Result<String, Problem> {
    let configuration = &connection.configuration;
    let (Some(team), Some(id)) = (&configuration.team_id, &configuration.key_id) else {
        return Err(Problem::Setup("Apple's team id and key id are needed"));
    };
    let key = signing_key(key).ok_or(Problem::Setup("Apple's private key cannot be read"))?.called(id);
    let claims = json!({
        "iss": team,
        "sub": connection.client_id,
        "aud": AUDIENCE,
        "iat": now.seconds(),
        "exp": (now + LIFETIME).seconds(),
        "jti": entropy.token().expose(),
    });
    key.sign_jwt("JWT", &claims).map_err(|_| Problem::Setup("Apple's private key does not sign"))
}

/// The key of a PEM file as Apple gives it out (PKCS#8, P-256).
pub fn signing_key(pem: &str) -> Option<SigningKey> {
    let body = pem.trim().strip_prefix("-----BEGIN PRIVATE KEY-----")?.strip_suffix("-----END PRIVATE KEY-----")?;
    let text: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let der = Secret::new(STANDARD.decode(text).ok()?);
    SigningKey::from_pkcs8(Algorithm::Es256, der.expose()).ok()
}

#[cfg(test)]
mod tests {
    use polder_crypto::{Jwks, Verifier};
    use polder_tenant_api::connections::{ConnectionConfiguration, ConnectionId, Provider};

    use super::*;

    fn pem() -> (SigningKey, String) {
        let (key, pkcs8) = SigningKey::generate(Algorithm::Es256, &Entropy::seeded(1)).unwrap();
        let text = STANDARD.encode(pkcs8.expose());
        (key, format!("-----BEGIN PRIVATE KEY-----\n{}\n{}\n-----END PRIVATE KEY-----\n", &text[..64], &text[64..]))
    }

    #[test]
    fn b48_apples_assertion_names_apple_alone_and_lives_for_minutes() {
        let (key, pem) = pem();
        let now = Timestamp::from_seconds(1_000);
        let connection = Connection {
            id: ConnectionId::from_bytes([1; 16]),
            provider: Provider::Apple,
            name: "Apple".into(),
            client_id: "org.example.web".into(),
            has_secret: true,
            configuration: ConnectionConfiguration {
                team_id: Some("TEAM".into()),
                key_id: Some("KEY".into()),
                ..Default::default()
            },
            created_at: now,
            updated_at: now,
            disabled_at: None,
        };
        let token = assertion(&connection, &pem, &Entropy::seeded(2), now).unwrap();
        let mut public = key.public_jwk().clone();
        public.kid = "KEY".into();
        let verified =
            Verifier::new(&Jwks { keys: vec![public] }).verify(&token, &["JWT"], &[Algorithm::Es256]).unwrap();
        assert_eq!(verified.header.kid, "KEY");
        for (claim, value) in [("iss", "TEAM"), ("sub", "org.example.web"), ("aud", AUDIENCE)] {
            assert_eq!(verified.claims[claim], value);
        }
        assert_eq!((verified.claims["iat"].as_i64(), verified.claims["exp"].as_i64()), (Some(1_000), Some(1_300)));
        assert!(assertion(&connection, "no key", &Entropy::seeded(2), now).is_err());
    }
}
