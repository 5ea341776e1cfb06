//! Signed text: what we signed, changed, and what anybody may have written.

use std::sync::OnceLock;

use polder_crypto::foreign::{ForeignKeys, is_unsigned};
use polder_crypto::{Algorithm, Jwks, SigningKey, Verifier};
use polder_kernel::Entropy;
use serde_json::json;

struct Ours {
    verifier: Verifier,
    foreign: ForeignKeys,
    token: String,
}

/// No text is taken for signed but the one that was: not when it is changed at one place, cut, or put together anew.
///
/// The first two bytes say where the signed text is changed, the third by what, and the whole is tried as a token, too.
///
/// # Panics
/// When it does not hold.
pub fn holds(input: &[u8]) {
    let ours = ours();
    if let Ok(text) = str::from_utf8(input) {
        refused(ours, text);
        assert!(!(is_unsigned(text) && text.is_empty()));
    }
    let [high, low, by, rest @ ..] = input else { return };
    let place = usize::from(u16::from_be_bytes([*high, *low])) % ours.token.len();
    let mut changed = ours.token.clone().into_bytes();
    changed[place] = *by;
    if changed != ours.token.as_bytes()
        && let Ok(changed) = String::from_utf8(changed)
    {
        refused(ours, &changed);
    }
    refused(ours, &ours.token[..place]);
    if let Ok(rest) = str::from_utf8(rest) {
        let parts: Vec<&str> = ours.token.split('.').collect();
        for forged in [
            format!("{rest}.{}.{}", parts[1], parts[2]),
            format!("{}.{rest}.{}", parts[0], parts[2]),
            format!("{}.{}.{rest}", parts[0], parts[1]),
        ] {
            if forged != ours.token {
                refused(ours, &forged);
            }
        }
    }
}

fn refused(ours: &Ours, text: &str) {
    assert!(ours.verifier.verify(text, &["JWT"], &Algorithm::ALL).is_err() || text == ours.token, "{text}");
    let algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
    assert!(ours.foreign.verify(text, &algorithms).is_err() || text == ours.token, "{text}");
}

fn ours() -> &'static Ours {
    static OURS: OnceLock<Ours> = OnceLock::new();
    OURS.get_or_init(|| {
        let (key, _) = SigningKey::generate(Algorithm::Es256, &Entropy::System).expect("a key");
        let jwks = Jwks { keys: vec![key.public_jwk().clone()] };
        let foreign = serde_json::to_value(&jwks).expect("a set is JSON");
        Ours {
            verifier: Verifier::new(&jwks),
            foreign: ForeignKeys::parse(&foreign).expect("a public key"),
            token: key.sign_jwt("JWT", &json!({ "sub": "a" })).expect("a token"),
        }
    })
}
