//! Client assertions: an application proves itself with a key of its own (RFC 7523 2.2, OpenID Connect Core 9).
//!
//! The signature is the caller's to verify, and that each `jti` counts once is the caller's to keep.

use polder_kernel::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::refused;
use crate::jwt_times::{SKEW, Seconds};
use crate::profile::AssertionAudience;
use crate::{Client, Error};

/// The one `client_assertion_type` there is (RFC 7523 2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a `typ` header may say: nothing, that it is a JWT, or what it is. Anything else was made for another
/// purpose (RFC 8725 3.11).
const TYPES: [&str; 2] = ["JWT", "client-authentication+jwt"];

/// The longest `jti`, in characters.
const LONGEST_JTI: usize = 256;

/// Who we are: what `aud` may name.
#[derive(Clone, Debug)]
pub struct Ourselves<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// Our endpoints that take assertions.
    pub endpoints: &'a [String],
}

/// An assertion that says what it must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Names it among all of this application.
    pub jti: String,
    /// Until when it must be remembered.
    pub until: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: For,
    exp: Seconds,
    #[serde(default)]
    nbf: Option<Seconds>,
    #[serde(default)]
    iat: Option<Seconds>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum For {
    One(String),
    Each(Vec<String>),
}

/// Checks what a genuine assertion says (B70): who made it, for whom, and when.
///
/// # Errors
/// The one `invalid_client`; why is for the log.
pub fn check(
    typ: Option<&str>,
    claims: &Value,
    client: &Client,
    ourselves: &Ourselves<'_>,
    now: Timestamp,
) -> Result<Accepted, Error> {
    let wrong = |why: &'static str| refused().detail(why);
    if typ.is_some_and(|typ| !TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ))) {
        return Err(wrong("the assertion is of another type"));
    }
    let claims = Claims::deserialize(claims).map_err(|_| wrong("the assertion lacks a claim"))?;
    if claims.iss != client.id || claims.sub != client.id {
        return Err(wrong("iss and sub of the assertion are not the application"));
    }
    if !is_for_us(&claims.aud, client.profile.demands().assertion_audience, ourselves) {
        return Err(wrong("the assertion is for somebody else"));
    }
    if claims.exp.is_over(now) {
        return Err(wrong("the assertion has expired"));
    }
    let longest = i64::try_from(client.profile.demands().assertion_lifetime.as_secs()).unwrap_or(i64::MAX);
    if claims.exp.0 > now.seconds().saturating_add(longest + SKEW) {
        return Err(wrong("the assertion is good for too long"));
    }
    if [claims.nbf, claims.iat].into_iter().flatten().any(|begins| begins.is_to_come(now)) {
        return Err(wrong("the assertion is not yet good"));
    }
    if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
        return Err(wrong("jti of the assertion is empty or too long"));
    }
    Ok(Accepted { until: claims.exp.surely_over(), jti: claims.jti })
}

fn is_for_us(aud: &For, rule: AssertionAudience, ourselves: &Ourselves<'_>) -> bool {
    let ours = |aud: &String| aud == ourselves.issuer;
    match (rule, aud) {
        (AssertionAudience::IssuerText | AssertionAudience::Issuer, For::One(aud)) => ours(aud),
        (AssertionAudience::IssuerText, For::Each(_)) => false,
        (AssertionAudience::Issuer, For::Each(all)) => all.len() == 1 && all.iter().all(ours),
        (AssertionAudience::IssuerOrEndpoint, For::One(aud)) => ours(aud) || ourselves.endpoints.contains(aud),
        (AssertionAudience::IssuerOrEndpoint, For::Each(all)) => {
            all.iter().any(|aud| ours(aud) || ourselves.endpoints.contains(aud))
        }
    }
}

/// The application that an assertion says it is from, before anything is proved: only to look its keys up.
pub(super) fn subject(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    let payload = polder_kernel::encoding::from_base64url(assertion.split('.').nth(1)?)?;
    serde_json::from_slice(&payload).ok().map(|Subject { sub }| sub)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sample::{ISSUER, web};
    use crate::{AuthMethod, ErrorCode, Profile};

    const NOW: i64 = 1_000_000;

    fn client(profile: Profile) -> Client {
        Client { profile, auth_method: AuthMethod::PrivateKeyJwt, ..web() }
    }

    fn right() -> Value {
        json!({ "iss": "coach", "sub": "coach", "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "a" })
    }

    fn run(profile: Profile, typ: Option<&str>, change: Value) -> Result<Accepted, Error> {
        let mut claims = right();
        let Value::Object(change) = change else { panic!("not an object") };
        for (name, value) in change {
            claims[name] = value;
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let endpoints = [format!("{ISSUER}/token"), format!("{ISSUER}/par")];
        let ourselves = Ourselves { issuer: ISSUER, endpoints: &endpoints };
        check(typ, &claims, &client(profile), &ourselves, Timestamp::from_seconds(NOW))
    }

    #[test]
    fn b70_each_claim_is_asked_for_and_right() {
        for typ in [None, Some("JWT"), Some("jwt"), Some("client-authentication+jwt")] {
            let accepted = run(Profile::Default, typ, json!({})).unwrap();
            assert_eq!((accepted.jti.as_str(), accepted.until.seconds()), ("a", NOW + 60 + SKEW + 1));
        }
        assert!(run(Profile::Default, None, json!({ "iat": null, "nbf": NOW + 8, "exp": NOW as f64 + 30.5 })).is_ok());
        for wrong in [
            json!({ "iss": "portal" }),
            json!({ "sub": "portal" }),
            json!({ "iss": null }),
            json!({ "sub": null }),
            json!({ "aud": null }),
            json!({ "exp": null }),
            json!({ "jti": null }),
            json!({ "jti": "" }),
            json!({ "jti": 1 }),
            json!({ "jti": "j".repeat(257) }),
            json!({ "aud": "https://other.test" }),
            json!({ "aud": [] }),
            json!({ "exp": NOW - 300 }),
            json!({ "exp": NOW - 60 }),
            json!({ "exp": NOW + 361 }),
            json!({ "exp": "soon" }),
            json!({ "exp": i64::MAX }),
            json!({ "nbf": NOW + 61 }),
            json!({ "iat": NOW + 3600 }),
        ] {
            let error = run(Profile::Default, None, wrong.clone()).unwrap_err();
            assert_eq!((error.code, error.body()), (ErrorCode::InvalidClient, refused().body()), "{wrong}");
        }
        for typ in ["oauth-authz-req+jwt", "dpop+jwt", "at+jwt", ""] {
            assert!(run(Profile::Default, Some(typ), json!({})).is_err(), "{typ}");
        }
    }

    #[test]
    fn a67_a38_the_audience_is_the_issuer_and_in_fapi2_a_text() {
        let (token, par) = (format!("{ISSUER}/token"), format!("{ISSUER}/par"));
        for (aud, default, compat, fapi2) in [
            (json!(ISSUER), true, true, true),
            (json!([ISSUER]), true, true, false),
            (json!([ISSUER, "https://other.test"]), false, true, false),
            (json!(token), false, true, false),
            (json!(par), false, true, false),
            (json!([token]), false, true, false),
            (json!(format!("{ISSUER}/")), false, false, false),
            (json!("https://other.test/token"), false, false, false),
        ] {
            let change = json!({ "aud": aud });
            for (profile, fits) in [(Profile::Default, default), (Profile::Compat, compat), (Profile::Fapi2, fapi2)] {
                assert_eq!(run(profile, None, change.clone()).is_ok(), fits, "{profile} {aud}");
            }
        }
        assert!(run(Profile::Compat, None, json!({ "exp": NOW + 3600 })).is_ok());
    }
}
