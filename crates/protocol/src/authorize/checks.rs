//! What is checked once client and redirect URI are verified, in this order.

use super::claims::{Acr, Parsed};
use super::request::{Came, Display, Request};
use super::{Prompts, ResponseMode, ResponseType};
use crate::pkce::CodeChallenge;
use crate::{Client, Error, ErrorCode, GrantType, Params, Scope, dpop, resource};

/// One check: looks at the parameters, fills its part of the request or refuses it.
pub type Check = fn(&Params, &Client, &mut Request) -> Result<(), Error>;

/// Every check, in order, with its name. Those that say "we do not offer this" come before those that
/// would judge a value, so that a client learns the real reason.
pub const CHECKS: [(&str, Check); 18] = [
    ("no parameter twice", no_parameter_twice),
    ("no parameter too long", no_parameter_too_long),
    ("no request object", no_request_object),
    ("pushed where asked for", pushed),
    ("response_type", response_type),
    ("response_mode", response_mode),
    ("grant allowed", grant_allowed),
    ("scope", scope),
    ("pkce", pkce),
    ("dpop_jkt", dpop_jkt),
    ("resource", resources),
    ("prompt", prompt),
    ("max_age", max_age),
    ("nonce", nonce),
    ("hints", hints),
    ("locales and contexts", locales_and_contexts),
    ("claims", claims),
    ("display", display),
];

/// B02.
fn no_parameter_twice(params: &Params, _: &Client, _: &mut Request) -> Result<(), Error> {
    params.fault().map_or(Ok(()), |fault| Err(fault.into()))
}

/// A value is refused rather than cut (A57); the sealed request has to fit somewhere.
fn no_parameter_too_long(params: &Params, _: &Client, _: &mut Request) -> Result<(), Error> {
    match params.oversized() {
        Some(_) => Err(invalid("a parameter is too long")),
        None => Ok(()),
    }
}

/// A signed request was opened before it came here; another one could change every other parameter: refused,
/// never ignored (A24).
fn no_request_object(params: &Params, _: &Client, _: &mut Request) -> Result<(), Error> {
    let not_offered = [
        ("request", ErrorCode::RequestNotSupported, "request objects are not supported"),
        ("request_uri", ErrorCode::RequestUriNotSupported, "request objects by reference are not supported"),
        ("registration", ErrorCode::RegistrationNotSupported, "registration by a request is not supported"),
    ];
    match not_offered.into_iter().find(|(name, ..)| params.get(name).is_some()) {
        Some((_, code, description)) => Err(Error::new(code, description)),
        None => Ok(()),
    }
}

/// B56: what went through the browser could have been changed there.
fn pushed(_: &Params, client: &Client, request: &mut Request) -> Result<(), Error> {
    if client.must_push() && request.came != Came::Pushed {
        return Err(invalid("requests of this application have to be pushed"));
    }
    Ok(())
}

/// A09, B04: the code flow alone.
fn response_type(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    request.response_type = match params.require("response_type")? {
        "code" => ResponseType::Code,
        _ => return Err(Error::new(ErrorCode::UnsupportedResponseType, "response_type must be code")),
    };
    Ok(())
}

/// OAuth 2.0 Multiple Response Types 2.1. The refusal itself goes by the default mode, the query.
fn response_mode(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    let Some(mode) = params.get("response_mode") else { return Ok(()) };
    if mode == request.return_to.mode().as_str() {
        return Ok(());
    }
    Err(invalid(if mode == ResponseMode::FormPost.as_str() {
        "response_mode form_post needs a redirect_uri on the web"
    } else {
        "response_mode must be query or form_post"
    }))
}

/// B12.
fn grant_allowed(_: &Params, client: &Client, _: &mut Request) -> Result<(), Error> {
    client.permit(GrantType::AuthorizationCode)
}

/// B05. Without `scope` nothing is granted beyond being signed in; `openid` is the client's to ask for.
fn scope(params: &Params, client: &Client, request: &mut Request) -> Result<(), Error> {
    request.scope = client.grant_scope(&Scope::parse(params.get("scope").unwrap_or_default())?)?;
    Ok(())
}

/// B27, B28, B29.
fn pkce(params: &Params, client: &Client, request: &mut Request) -> Result<(), Error> {
    request.code_challenge = CodeChallenge::parse(params.get("code_challenge"), params.get("code_challenge_method"))?;
    if request.code_challenge.is_none() && client.must_use_pkce() {
        return Err(invalid("code_challenge is missing: PKCE is required"));
    }
    Ok(())
}

/// B68: the code will be good for the holder of this key alone.
fn dpop_jkt(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    request.dpop_jkt = params.get("dpop_jkt").map(str::to_owned);
    match &request.dpop_jkt {
        Some(jkt) if !dpop::is_thumbprint(jkt) => Err(invalid("dpop_jkt is no thumbprint of a key")),
        _ => Ok(()),
    }
}

/// B79.
fn resources(params: &Params, client: &Client, request: &mut Request) -> Result<(), Error> {
    request.resources = resource::named(params, client)?;
    Ok(())
}

/// A17, A18.
fn prompt(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    request.prompt = Prompts::parse(params.get("prompt").unwrap_or_default())?;
    Ok(())
}

/// A20: whole seconds, not negative. Longer than any session means the same as the longest number.
fn max_age(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    let Some(text) = params.get("max_age") else { return Ok(()) };
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid("max_age must be a whole number of seconds"));
    }
    request.max_age = Some(text.parse().unwrap_or(u32::MAX));
    Ok(())
}

/// OpenID Connect Core 3.1.2.1: any text, repeated unchanged in the ID token. A NUL is the one character
/// that not every database can store.
fn nonce(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    if params.get("nonce").is_some_and(|nonce| nonce.contains('\0')) {
        return Err(invalid("nonce is malformed"));
    }
    request.nonce = params.get("nonce").map(str::to_owned);
    Ok(())
}

/// Hints are only carried here; the ID token's signature is the caller's to verify.
fn hints(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    request.login_hint = params.get("login_hint").map(str::to_owned);
    request.id_token_hint = params.get("id_token_hint").map(str::to_owned);
    Ok(())
}

/// Wishes: never a reason to refuse (A16).
fn locales_and_contexts(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    request.ui_locales = list(params.get("ui_locales"));
    request.acr_values = list(params.get("acr_values"));
    Ok(())
}

/// OpenID Connect Core 5.5. What is wished of `acr` is never ignored, since an application that insists on it
/// relies on it (5.5.1.1), and neither is whom it is about.
fn claims(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    let Some(text) = params.get("claims") else { return Ok(()) };
    let Ok(Parsed { acr, subjects, wishes }) = super::claims::parse(text) else {
        return Err(invalid("claims is malformed"));
    };
    match acr {
        Some(Acr::Essential(values)) => request.essential_acr = Some(values),
        Some(Acr::Voluntary(values)) => request.acr_values.extend(values),
        None => {}
    }
    (request.subjects, request.claims) = (subjects, wishes);
    Ok(())
}

/// A wish too (A16).
fn display(params: &Params, _: &Client, request: &mut Request) -> Result<(), Error> {
    request.display = match params.get("display") {
        Some("page") => Some(Display::Page),
        Some("popup") => Some(Display::Popup),
        Some("touch") => Some(Display::Touch),
        Some("wap") => Some(Display::Wap),
        _ => None,
    };
    Ok(())
}

/// The first eight values of a space-separated list.
fn list(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default().split(' ').filter(|value| !value.is_empty()).take(8).map(str::to_owned).collect()
}

fn invalid(description: &'static str) -> Error {
    Error::new(ErrorCode::InvalidRequest, description)
}

#[cfg(test)]
mod tests;
