//! What a signed request object may say, once its signature was found right.

use polder_protocol::{authorize, request_object};
use serde_json::Value;

use crate::applications::{self, ID, ISSUER, NOW};

/// What is taken is from the application for us, good now, and holds parameters only; what comes of it is a
/// request or a refusal.
///
/// # Panics
/// When it does not hold.
pub fn holds(input: &[u8]) {
    let Ok(claims) = serde_json::from_slice::<Value>(input) else { return };
    for application in applications::all() {
        for typ in [None, Some("JWT"), Some(request_object::TYPE), Some("at+jwt")] {
            let Ok(params) = request_object::open(typ, &claims, &application, ISSUER, NOW) else { continue };
            assert_ne!(typ, Some("at+jwt"));
            assert_eq!((&claims["iss"], &claims["client_id"]), (&Value::from(ID), &Value::from(ID)));
            assert!(["request", "request_uri", "aud", "iss", "exp"].iter().all(|name| params.get(name).is_none()));
            drop(authorize::validate(&params, Some(&application), NOW));
        }
    }
}
