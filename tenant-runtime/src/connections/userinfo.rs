//! Asking a provider who signed in (OpenID Connect Core, 5.3, and what OAuth 2 servers have like it).

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use polder_crypto::strict_json;
use polder_outbound::egress::Limits;
use serde_json::{Map, Value};

use super::Problem;
use crate::App;

/// What says who somebody is is small.
const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 256 * 1024 };

/// The facts about whom this token is for.
///
/// # Errors
/// When there is no answer, or none that can be read.
pub async fn ask(app: &App, url: &str, token: &str) -> Result<Map<String, Value>, Problem> {
    match fetch(app, url, token).await? {
        Value::Object(claims) => Ok(claims),
        _ => Err(Problem::Untrusted("what it says of the person is not an object")),
    }
}

/// The proved address that somebody uses first at GitHub, whose profile shows any they like.
///
/// # Errors
/// As [`ask`].
pub async fn github_address(app: &App, userinfo: &str, token: &str) -> Result<Option<String>, Problem> {
    let Value::Array(addresses) = fetch(app, &format!("{userinfo}/emails"), token).await? else {
        return Err(Problem::Untrusted("the addresses are not a list"));
    };
    let is = |address: &Value, name: &str| address.get(name).and_then(Value::as_bool) == Some(true);
    let first = addresses.iter().find(|address| is(address, "primary") && is(address, "verified"));
    Ok(first.and_then(|address| address.get("email")).and_then(Value::as_str).map(str::to_owned))
}

async fn fetch(app: &App, url: &str, token: &str) -> Result<Value, Problem> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| Problem::Untrusted("its access token is not one"))?;
    bearer.set_sensitive(true);
    let request = Request::get(url).header(AUTHORIZATION, bearer).header(ACCEPT, "application/json");
    let request = request.body(Bytes::new()).map_err(|_| Problem::Setup("the userinfo endpoint is not an address"))?;
    let sent = app.outbound.send(request, LIMITS).await;
    let answer = sent.map_err(|error| Problem::of_call(&error, "it does not say who signed in"))?;
    if answer.status() != StatusCode::OK {
        return Err(Problem::Unusable("it does not say who signed in"));
    }
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind != "application/json" && !kind.ends_with("+json") {
        return Err(Problem::Untrusted("what it says of the person is not JSON"));
    }
    strict_json::parse(answer.body()).ok_or(Problem::Untrusted("what it says of the person is not plain JSON"))
}
