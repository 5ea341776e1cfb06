//! Signed authorization requests, by value (RFC 9101, OpenID Connect Core 6.1).
//!
//! The signature is the caller's to verify. What is inside is all that counts; what stands beside it is ignored.

use polder_kernel::Timestamp;
use serde_json::{Map, Value};

use crate::jwt_times::Seconds;
use crate::profile::{REQUEST_OBJECT_LIFETIME, RequestObjects};
use crate::{Client, Error, ErrorCode, Params};

/// The `typ` of a request object (4).
pub const TYPE: &str = "oauth-authz-req+jwt";

/// Claims about the object itself: no parameters of the request.
const ABOUT: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"];

/// The parameters in a genuine request object (B57).
///
/// # Errors
/// `invalid_request_object`.
pub fn open(typ: Option<&str>, claims: &Value, client: &Client, issuer: &str, now: Timestamp) -> Result<Params, Error> {
    let claims = claims.as_object().ok_or_else(|| refused("the request object is no JSON object"))?;
    let rule = client.profile.demands().request_object;
    type_fits(typ, rule)?;
    parties_fit(claims, client, issuer)?;
    times_fit(claims, rule, now)?;
    parameters(claims)
}

/// A request object that is not taken.
pub fn refused(description: &'static str) -> Error {
    Error::new(ErrorCode::InvalidRequestObject, description)
}

/// None was offered to be taken: this application has no key, or the object no signature.
pub fn not_supported() -> Error {
    let description = "request objects are signed with a registered key";
    Error::new(ErrorCode::RequestNotSupported, description)
}

fn type_fits(typ: Option<&str>, rule: RequestObjects) -> Result<(), Error> {
    let plain = rule == RequestObjects::Plain && typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
    if plain || typ == Some(TYPE) {
        return Ok(());
    }
    Err(refused("typ of the request object must be oauth-authz-req+jwt"))
}

/// The application is the same inside and outside, and the object is for us. One that could be a client assertion,
/// which says `sub`, is none (10.8).
fn parties_fit(claims: &Map<String, Value>, client: &Client, issuer: &str) -> Result<(), Error> {
    let is_client = |name: &str| claims.get(name).is_some_and(|value| *value == client.id);
    if !is_client("client_id") {
        return Err(refused("client_id of the request object is not the application"));
    }
    if !is_client("iss") {
        return Err(refused("iss of the request object is not the application"));
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(aud)) => aud == issuer,
        Some(Value::Array(all)) => all.iter().any(|aud| aud == issuer),
        _ => false,
    };
    if !for_us {
        return Err(refused("aud of the request object is not the issuer"));
    }
    if is_client("sub") {
        return Err(refused("sub of the request object is the application"));
    }
    Ok(())
}

fn times_fit(claims: &Map<String, Value>, rule: RequestObjects, now: Timestamp) -> Result<(), Error> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            serde_json::from_value::<Seconds>(value.clone()).map(Some).map_err(|_| refused("a time is no number"))
        }
    };
    let (exp, nbf) = (time("exp")?, time("nbf")?);
    if exp.is_some_and(|exp| exp.is_over(now)) {
        return Err(refused("the request object has expired"));
    }
    if [nbf, time("iat")?].into_iter().flatten().any(|begins| begins.is_to_come(now)) {
        return Err(refused("the request object is not yet good"));
    }
    if rule != RequestObjects::TypedAndTimed {
        return Ok(());
    }
    let longest = i64::try_from(REQUEST_OBJECT_LIFETIME.as_secs()).unwrap_or(i64::MAX);
    match (exp, nbf) {
        (Some(exp), Some(nbf)) if exp.0.saturating_sub(nbf.0) <= longest => Ok(()),
        _ => Err(refused("the request object needs exp and nbf, an hour apart at most")),
    }
}

fn parameters(claims: &Map<String, Value>) -> Result<Params, Error> {
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(refused("a request object holds no other"));
    }
    let mut params = Params::default();
    for (name, value) in claims.iter().filter(|(name, _)| !ABOUT.contains(&name.as_str())) {
        match value {
            Value::Array(all) => {
                for one in all {
                    params = params.with_more(name, &text(one)?);
                }
            }
            one => params = params.with(name, &text(one)?),
        }
    }
    Ok(params)
}

/// A parameter as it would stand in a query; an object, such as `claims`, is its JSON.
fn text(value: &Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Object(_) => Ok(value.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) => {
            Err(refused("a parameter in the request object is neither text nor number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Profile;
    use crate::sample::{ISSUER, web};

    const NOW: i64 = 1_000_000;

    fn run(profile: Profile, typ: Option<&str>, change: Value) -> Result<Params, Error> {
        let mut claims = json!({
            "iss": "coach", "aud": ISSUER, "client_id": "coach", "exp": NOW + 300, "nbf": NOW,
            "response_type": "code", "max_age": 10, "claims": { "id_token": {} },
        });
        let Value::Object(change) = change else { panic!("not an object") };
        for (name, value) in change {
            claims[name] = value;
        }
        claims.as_object_mut().unwrap().retain(|_, value| *value != json!("absent"));
        let client = Client { profile, ..web() };
        open(typ, &claims, &client, ISSUER, Timestamp::from_seconds(NOW))
    }

    #[test]
    fn b57_what_is_inside_becomes_the_request() {
        let params = run(Profile::Default, Some(TYPE), json!({ "resource": ["https://a.test", "https://b.test"] }));
        let params = params.unwrap();
        assert_eq!((params.get("response_type"), params.get("max_age")), (Some("code"), Some("10")));
        assert_eq!(params.get("claims"), Some("{\"id_token\":{}}"));
        assert_eq!(params.all("resource").count(), 2);
        assert!(ABOUT.iter().all(|name| params.get(name).is_none()));
    }

    #[test]
    fn b57_every_change_that_matters_is_refused() {
        for change in [
            json!({ "client_id": "portal" }),
            json!({ "client_id": "absent" }),
            json!({ "iss": "portal" }),
            json!({ "iss": "absent" }),
            json!({ "aud": "https://other.test" }),
            json!({ "aud": "absent" }),
            json!({ "aud": [] }),
            json!({ "sub": "coach" }),
            json!({ "exp": NOW - 60 }),
            json!({ "exp": "later" }),
            json!({ "nbf": NOW + 120 }),
            json!({ "iat": NOW + 120 }),
            json!({ "request": "a.b.c" }),
            json!({ "request_uri": "urn:x" }),
            json!({ "prompt": null }),
            json!({ "prompt": true }),
        ] {
            let error = run(Profile::Default, Some(TYPE), change.clone()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequestObject, "{change}");
        }
        assert!(run(Profile::Default, Some(TYPE), json!({ "aud": ["https://other.test", ISSUER] })).is_ok());
    }

    #[test]
    fn b57_type_and_times_are_asked_for_as_the_profile_has_it() {
        let untimed = || json!({ "exp": "absent", "nbf": "absent" });
        for (profile, untyped, without_times) in
            [(Profile::Default, false, true), (Profile::Compat, true, true), (Profile::Fapi2, false, false)]
        {
            for typ in [None, Some("JWT")] {
                assert_eq!(run(profile, typ, json!({})).is_ok(), untyped, "{profile} {typ:?}");
            }
            assert!(run(profile, Some("at+jwt"), json!({})).is_err());
            assert_eq!(run(profile, Some(TYPE), untimed()).is_ok(), without_times, "{profile}");
        }
        assert!(run(Profile::Fapi2, Some(TYPE), json!({ "exp": NOW + 3601 })).is_err());
    }
}
