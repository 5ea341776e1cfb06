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
mod tests {
    use polder_kernel::Timestamp;

    use super::*;
    use crate::authorize::{Identified, Redirect};
    use crate::sample::{CHALLENGE, spa, web};
    use crate::{Insists, Profile};

    fn run_as(client: &Client, change: &[(&str, &str)]) -> Result<Request, Redirect> {
        let mut pairs = vec![
            ("client_id", "coach"),
            ("redirect_uri", "https://coach.example.test/cb"),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        pairs.retain(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
        pairs.extend(change);
        let text = crate::authorize::answer("", pairs);
        let params = Params::read(text.trim_start_matches('?').as_bytes());
        Identified::new(&params, Some(client)).unwrap().validate(Timestamp::from_seconds(1))
    }

    fn run(change: &[(&str, &str)]) -> Request {
        run_as(&web(), change).unwrap()
    }

    fn code(change: &[(&str, &str)]) -> ErrorCode {
        run_as(&web(), change).unwrap_err().error.code
    }

    #[test]
    fn a07_a_plain_request_passes() {
        let request = run(&[("nonce", "n-1"), ("scope", "profile openid")]);
        assert_eq!((request.nonce.as_deref(), request.scope.to_string().as_str()), (Some("n-1"), "profile openid"));
        assert_eq!(request.code_challenge.unwrap().as_str(), CHALLENGE);
    }

    #[test]
    fn a09_a_missing_response_type_is_refused() {
        assert_eq!(code(&[("response_type", "")]), ErrorCode::InvalidRequest);
    }

    #[test]
    fn b04_only_the_code_flow() {
        for other in ["token", "id_token", "code token", "code id_token", "id_token token", "none", "Code", "code code"]
        {
            assert_eq!(code(&[("response_type", other)]), ErrorCode::UnsupportedResponseType, "{other}");
        }
    }

    #[test]
    fn a04_only_the_advertised_response_modes() {
        for mode in ResponseMode::ALL {
            assert_eq!(run(&[("response_mode", mode.as_str())]).return_to.mode(), mode);
        }
        assert_eq!(run(&[]).return_to.mode(), ResponseMode::Query);
        for other in ["fragment", "form_post.jwt", "jwt", "query.jwt", "web_message", "FORM_POST", "form_post "] {
            assert_eq!(code(&[("response_mode", other)]), ErrorCode::InvalidRequest, "{other}");
        }
    }

    #[test]
    fn a13_without_nonce_there_is_none() {
        assert_eq!(run(&[]).nonce, None);
        assert_eq!(run(&[("nonce", "")]).nonce, None);
    }

    #[test]
    fn a16_optional_and_unknown_parameters_never_cause_errors() {
        let request = run(&[
            ("display", "popup"),
            ("ui_locales", "nl-NL en xx-invalid-"),
            ("claims_locales", "nl"),
            ("login_hint", "ann@example.test"),
            ("acr_values", "1 2"),
            ("claims", "{\"userinfo\":{\"name\":null}}"),
            ("foo", "bar"),
        ]);
        assert_eq!(request.display, Some(Display::Popup));
        assert_eq!(request.ui_locales, ["nl-NL", "en", "xx-invalid-"]);
        assert_eq!(request.acr_values, ["1", "2"]);
        assert_eq!(request.login_hint.as_deref(), Some("ann@example.test"));
        assert_eq!(run(&[("display", "hologram")]).display, None);
    }

    #[test]
    fn a26_malformed_claims_are_refused_and_an_essential_acr_is_not_ignored() {
        for wrong in ["[]", "{", "\"x\"", "{\"id_token\":[]}", "{\"id_token\":{\"acr\":1}}"] {
            assert_eq!(code(&[("claims", wrong)]), ErrorCode::InvalidRequest, "{wrong}");
        }
        let request = run(&[("claims", r#"{"id_token":{"acr":{"essential":true,"values":["a","b"]}}}"#)]);
        assert_eq!(request.essential_acr, Some(vec!["a".to_owned(), "b".to_owned()]));
        let request = run(&[("acr_values", "x"), ("claims", r#"{"id_token":{"acr":{"values":["a"]}}}"#)]);
        assert_eq!((request.acr_values, request.essential_acr), (vec!["x".to_owned(), "a".to_owned()], None));
    }

    #[test]
    fn a26_single_claims_and_subjects_are_carried() {
        let request = run(&[("claims", r#"{"userinfo":{"name":{"essential":true},"sub":{"value":"ann"}}}"#)]);
        assert_eq!(request.claims.userinfo.iter().map(|wish| wish.name.as_str()).collect::<Vec<_>>(), ["name"]);
        assert!(request.is_for("ann") && !request.is_for("bob"));
    }

    #[test]
    fn b79_known_resources_are_carried() {
        let client = Client { resources: vec!["https://api.example.test".to_owned()], ..web() };
        let request = run_as(&client, &[("resource", "https://api.example.test")]).unwrap();
        assert_eq!(request.resources, ["https://api.example.test"]);
    }

    #[test]
    fn a18_prompt_none_with_another_value_is_refused() {
        assert!(run(&[("prompt", "none")]).prompt.none);
        assert_eq!(code(&[("prompt", "none login")]), ErrorCode::InvalidRequest);
    }

    #[test]
    fn a20_max_age_is_a_whole_number() {
        for (text, seconds) in [("0", 0), ("1", 1), ("10000", 10_000), ("007", 7), ("99999999999999999999", u32::MAX)] {
            assert_eq!(run(&[("max_age", text)]).max_age, Some(seconds), "{text}");
        }
        assert_eq!(run(&[("max_age", "")]).max_age, None);
        for wrong in ["-1", "+1", "1.5", "1e3", "ten", " 1", "0x10"] {
            assert_eq!(code(&[("max_age", wrong)]), ErrorCode::InvalidRequest, "{wrong}");
        }
    }

    #[test]
    fn a24_request_objects_are_refused_and_never_ignored() {
        assert_eq!(code(&[("request", "e30.e30.")]), ErrorCode::RequestNotSupported);
        assert_eq!(code(&[("request_uri", "https://rp.test/r")]), ErrorCode::RequestUriNotSupported);
        assert_eq!(code(&[("request_uri", "urn:ietf:params:oauth:request_uri:x")]), ErrorCode::RequestUriNotSupported);
        assert_eq!(code(&[("registration", "{}")]), ErrorCode::RegistrationNotSupported);
        // Even where the rest of the request would be refused for another reason.
        assert_eq!(
            code(&[("request", "e30.e30."), ("response_type", ""), ("scope", "nope")]),
            ErrorCode::RequestNotSupported
        );
    }

    #[test]
    fn a29_every_refusal_stays_in_the_charset() {
        for change in [
            ("scope", "a\"b"),
            ("response_type", "\"\r\n"),
            ("prompt", "\\"),
            ("max_age", "\u{e9}"),
            ("resource", "\""),
        ] {
            let error = run_as(&web(), &[change]).unwrap_err().error;
            assert!(error.description.chars().all(|c| matches!(c, ' '..='!' | '#'..='[' | ']'..='~')), "{error}");
        }
    }

    #[test]
    fn b03_an_empty_parameter_is_as_good_as_none() {
        assert_eq!(run(&[("request", ""), ("prompt", ""), ("resource", ""), ("scope", "")]).scope, Scope::default());
    }

    #[test]
    fn b05_scope_syntax_and_names_are_enforced() {
        for wrong in ["a\"b", "openid unknown", "openid address"] {
            assert_eq!(code(&[("scope", wrong)]), ErrorCode::InvalidScope, "{wrong}");
        }
        assert_eq!(
            run(&[("scope", "openid api:read offline_access")]).scope.to_string(),
            "openid api:read offline_access"
        );
    }

    #[test]
    fn b12_a_client_without_the_grant_is_refused() {
        let client = Client { grant_types: vec![GrantType::ClientCredentials], ..web() };
        assert_eq!(run_as(&client, &[]).unwrap_err().error.code, ErrorCode::UnauthorizedClient);
    }

    #[test]
    fn b27_b28_a_bad_challenge_is_refused() {
        assert_eq!(code(&[("code_challenge", "short")]), ErrorCode::InvalidRequest);
        assert_eq!(code(&[("code_challenge_method", "plain")]), ErrorCode::InvalidRequest);
        assert_eq!(code(&[("code_challenge_method", "")]), ErrorCode::InvalidRequest);
    }

    #[test]
    fn b29_pkce_is_required_of_public_and_confidential_clients() {
        for client in [web(), spa()] {
            for change in [vec![("code_challenge", "")], vec![("code_challenge", ""), ("code_challenge_method", "")]] {
                assert_eq!(run_as(&client, &change).unwrap_err().error.code, ErrorCode::InvalidRequest);
            }
        }
    }

    #[test]
    fn b28_in_compat_who_keeps_a_secret_may_go_without_pkce_but_not_with_a_bad_one() {
        let compat = |client: Client| Client { profile: Profile::Compat, ..client };
        let none = [("code_challenge", ""), ("code_challenge_method", "")];
        assert_eq!(run_as(&compat(web()), &none).unwrap().code_challenge, None);
        for (client, change) in [
            (compat(spa()), none.to_vec()),
            (compat(web()), vec![("code_challenge_method", "plain")]),
            (compat(web()), vec![("code_challenge", "short")]),
        ] {
            assert_eq!(run_as(&client, &change).unwrap_err().error.code, ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn b56_who_has_to_push_is_refused_through_the_browser() {
        let insisting = Client { insists: Insists { pushed_requests: true, dpop: false }, ..web() };
        let fapi2 = Client { profile: Profile::Fapi2, ..web() };
        for client in [insisting, fapi2] {
            assert_eq!(run_as(&client, &[]).unwrap_err().error.code, ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn b68_dpop_jkt_is_kept_or_refused() {
        let jkt = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        assert_eq!(run(&[("dpop_jkt", jkt)]).dpop_jkt.as_deref(), Some(jkt));
        assert_eq!(code(&[("dpop_jkt", "short")]), ErrorCode::InvalidRequest);
    }

    #[test]
    fn b79_an_unknown_resource_is_refused() {
        assert_eq!(code(&[("resource", "https://other.test")]), ErrorCode::InvalidTarget);
        assert!(run_as(&web(), &[("resource", crate::sample::ISSUER)]).is_ok());
    }

    #[test]
    fn a57_a_long_value_is_kept_or_refused_and_never_cut() {
        let long = "n".repeat(384);
        assert_eq!(run(&[("nonce", &long)]).nonce.as_deref(), Some(long.as_str()));
        assert_eq!(code(&[("nonce", &"n".repeat(5000))]), ErrorCode::InvalidRequest);
    }
}
