//! DPoP proofs: what one says, as JSON, and the whole of it, as text.

use polder_crypto::foreign::verify_possession;
use polder_protocol::dpop::{self, Expected};
use serde_json::Value;
use url::Url;

use crate::applications::NOW;

const ADDRESS: &str = "https://practice.example.test/token";

/// What is taken is for this method, this address and this token, is recent, and is remembered for longer than it
/// is taken.
///
/// # Panics
/// When it does not hold.
pub fn holds(input: &[u8]) {
    if let Ok(text) = str::from_utf8(input)
        && let Ok((_, thumbprint)) = verify_possession(text, &["ES256", "PS256", "EdDSA"])
    {
        assert!(dpop::is_thumbprint(&thumbprint), "{thumbprint}");
    }
    let Ok(claims) = serde_json::from_slice::<Value>(input) else { return };
    for ath in [None, Some("the-hash")] {
        let expected = Expected { method: "POST", url: ADDRESS, ath };
        assert!(dpop::check(Some("JWT"), &claims, expected, NOW).is_err());
        let Ok(accepted) = dpop::check(Some(dpop::TYPE), &claims, expected, NOW) else { continue };
        assert_eq!(claims["htm"], "POST");
        let address = Url::parse(claims["htu"].as_str().expect("htu is a text")).expect("htu is an address");
        assert_eq!((address.scheme(), address.host_str()), ("https", Some("practice.example.test")));
        assert_eq!((address.path(), address.port_or_known_default()), ("/token", Some(443)));
        assert!(ath.is_none() || claims["ath"] == "the-hash");
        assert!(!accepted.jti.is_empty() && accepted.until > NOW);
        assert!(accepted.until.seconds() <= NOW.seconds() + dpop::REMEMBERED);
    }
}
