//! Burst limits by network, in memory. A hundred at once pass: an office shares one address.
//! Counters that protect codes are durable and live in `guard`.

use polder_service::limit::Rule;

/// Failed client authentications. Successes are not counted (B08).
pub const CLIENT_AUTHENTICATION: &str = "client-authentication";
/// Pages and forms of the sign-in.
pub const SIGN_IN: &str = "sign-in";

/// Every rule.
pub const RULES: &[(&str, Rule)] = &[
    (CLIENT_AUTHENTICATION, Rule { burst: 200, per_minute: 60 }),
    (SIGN_IN, Rule { burst: 1_000, per_minute: 3_000 }),
];
