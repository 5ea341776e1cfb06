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
    for other in ["token", "id_token", "code token", "code id_token", "id_token token", "none", "Code", "code code"] {
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
    for change in
        [("scope", "a\"b"), ("response_type", "\"\r\n"), ("prompt", "\\"), ("max_age", "\u{e9}"), ("resource", "\"")]
    {
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
    assert_eq!(run(&[("scope", "openid api:read offline_access")]).scope.to_string(), "openid api:read offline_access");
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
