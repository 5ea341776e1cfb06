//! Burst limits by network, in memory. A hundred at once pass: an office shares one address.
//! Counters that protect codes are durable and live in `guard`.

use polder_service::limit::Rule;

/// Failed client authentications. Successes are not counted (B08).
pub const CLIENT_AUTHENTICATION: &str = "client-authentication";
/// Pages and forms of the sign-in.
pub const SIGN_IN: &str = "sign-in";
/// Authorization requests too large for a cookie: each takes one of the few places for them.
pub const LARGE_REQUEST: &str = "large-request";

/// Requests pushed in the name of applications that keep no secret.
pub const PUSHED_REQUEST: &str = "pushed-request";

/// Programs that register themselves, or look after their registration.
pub const REGISTRATION: &str = "registration";

/// Proofs of work that are waited out instead of given: a browser without scripts, not a thousand.
pub const WAITED_OUT: &str = "waited-out";
/// Refusals that are noted in the log of attempts.
pub const NOTED_REFUSAL: &str = "noted-refusal";

/// Programs without a browser that ask for codes.
pub const DEVICE: &str = "device";
/// Forms with a user code: letting in one program takes two, and eight consonants are guessed by nobody at this
/// pace (RFC 8628, 5.1).
pub const USER_CODE: &str = "user-code";

/// Every rule.
pub const RULES: &[(&str, Rule)] = &[
    (CLIENT_AUTHENTICATION, Rule { burst: 200, per_minute: 60 }),
    (SIGN_IN, Rule { burst: 1_000, per_minute: 3_000 }),
    (WAITED_OUT, Rule { burst: 30, per_minute: 4 }),
    (NOTED_REFUSAL, Rule { burst: 10, per_minute: 10 }),
    (DEVICE, Rule { burst: 100, per_minute: 30 }),
    (USER_CODE, Rule { burst: 20, per_minute: 10 }),
    (PUSHED_REQUEST, Rule { burst: 200, per_minute: 60 }),
    (REGISTRATION, Rule { burst: 200, per_minute: 60 }),
    (LARGE_REQUEST, Rule { burst: 100, per_minute: 5 }),
];
