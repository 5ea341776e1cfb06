//! The metadata tells the truth: what is advertised works, what is not is refused (A04).

use http::header;
use polder_protocol::AuthMethod;
use polder_tenant_api::{ApplicationType, NewApplication, SubjectType};
use polder_tenant_runtime::admin::registration;
use serde_json::Value;

use crate::support::client::{CHALLENGE, Choice, VERIFIER, machine, native, spa, web, with_key, with_registered};
use crate::support::token::{claims, header as token_header, verified};
use crate::support::world::on_each;
use crate::support::{Browser, Client, ISSUER, Signer, World};

const UNADVERTISED: [(&str, &[&str]); 19] = [
    ("response_types_supported", &["token", "id_token", "code id_token", "none"]),
    ("response_modes_supported", &["fragment", "form_post.jwt", "jwt"]),
    ("grant_types_supported", &["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"]),
    ("subject_types_supported", &["ephemeral"]),
    ("userinfo_signing_alg_values_supported", &["none", "HS256", "PS256"]),
    ("id_token_signing_alg_values_supported", &["none", "HS256", "PS256", "RS512"]),
    ("token_endpoint_auth_methods_supported", &["client_secret_jwt", "tls_client_auth"]),
    ("introspection_endpoint_auth_methods_supported", &["none", "client_secret_jwt"]),
    ("revocation_endpoint_auth_methods_supported", &["client_secret_jwt"]),
    ("token_endpoint_auth_signing_alg_values_supported", &["none", "HS256", "RS512"]),
    ("introspection_endpoint_auth_signing_alg_values_supported", &["none", "HS256", "RS512"]),
    ("revocation_endpoint_auth_signing_alg_values_supported", &["none", "HS256", "RS512"]),
    ("dpop_signing_alg_values_supported", &["none", "HS256", "RS512"]),
    ("request_object_signing_alg_values_supported", &["none", "HS256", "RS512"]),
    ("introspection_signing_alg_values_supported", &["none", "HS256", "PS256"]),
    ("scopes_supported", &["address", "phone", "admin"]),
    ("code_challenge_methods_supported", &["plain", "S512"]),
    ("prompt_values_supported", &["create", "NONE"]),
    ("ui_locales_supported", &["de", "xx"]),
];

async fn document(world: &World) -> Value {
    world.get("/.well-known/openid-configuration", &[]).await.json()
}

fn values(document: &Value, name: &str) -> Vec<String> {
    let list = document[name].as_array().unwrap_or_else(|| panic!("{name} is no list"));
    list.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

/// A browser of somebody who is signed in.
async fn signed_in(world: &World) -> Browser {
    let browser = world.browser();
    let address = format!("ann{}@example.test", world.rows("SELECT COUNT(*) AS n FROM user_account").await);
    let ann = world.user(&address).await;
    world.set_roles(ann, &["coach"]).await;
    browser.sign_in(world, ann).await;
    browser
}

fn by(method: AuthMethod) -> Choice {
    if method == AuthMethod::PrivateKeyJwt {
        return with_key(web(), &Signer::new());
    }
    let mut choice = if method == AuthMethod::None { spa() } else { web() };
    choice.wish.auth_method = Some(method);
    choice
}

#[tokio::test]
async fn a04_every_list_is_tried_with_what_it_names_and_with_what_it_does_not() {
    on_each(|world| async move {
        let document = document(&world).await;
        let lists = document.as_object().unwrap().iter().filter(|(_, value)| value.is_array()).map(|(name, _)| name);
        let tried = UNADVERTISED.map(|(name, _)| name);
        // The rest have tests of their own below.
        let own = ["acr_values_supported", "claim_types_supported", "claims_supported"];
        let untried: Vec<_> =
            lists.filter(|name| !tried.contains(&name.as_str()) && !own.contains(&name.as_str())).collect();
        assert!(untried.is_empty(), "{untried:?}");
        for (name, refused) in UNADVERTISED {
            let advertised = values(&document, name);
            assert!(!advertised.is_empty(), "{name}");
            for value in &advertised {
                assert!(works(&world, name, value).await, "{name} names {value}, which does not work");
            }
            for value in refused {
                assert!(!advertised.iter().any(|named| named == value), "{name} names {value}");
                assert!(!works(&world, name, value).await, "{name} does not name {value}, which works");
            }
        }
    })
    .await;
}

/// Tries one value of one list. What does not work must be refused in the words of the standard.
async fn works(world: &World, name: &str, value: &str) -> bool {
    match name {
        "response_types_supported" => authorizes(world, ("response_type", value), "unsupported_response_type").await,
        "response_modes_supported" => authorizes(world, ("response_mode", value), "invalid_request").await,
        "scopes_supported" => scope(world, value).await,
        "prompt_values_supported" => prompt(world, value).await,
        "code_challenge_methods_supported" => {
            authorizes(world, ("code_challenge_method", value), "invalid_request").await
        }
        "grant_types_supported" => grant(world, value).await,
        "id_token_signing_alg_values_supported" => algorithm(world, value).await,
        "token_endpoint_auth_methods_supported" => authenticates(world, "/token", value).await,
        "introspection_endpoint_auth_methods_supported" => authenticates(world, "/introspect", value).await,
        "revocation_endpoint_auth_methods_supported" => authenticates(world, "/revoke", value).await,
        "token_endpoint_auth_signing_alg_values_supported" => asserts(world, "/token", value).await,
        "introspection_endpoint_auth_signing_alg_values_supported" => asserts(world, "/introspect", value).await,
        "revocation_endpoint_auth_signing_alg_values_supported" => asserts(world, "/revoke", value).await,
        "dpop_signing_alg_values_supported" => proves_possession(world, value).await,
        "request_object_signing_alg_values_supported" => signs_requests(world, value).await,
        "introspection_signing_alg_values_supported" => signed_introspection(world, value).await,
        "subject_types_supported" => subjects(world, value).await,
        "userinfo_signing_alg_values_supported" => signed_userinfo(world, value).await,
        "ui_locales_supported" => shown_in(world, value).await,
        _ => panic!("{name} has no test"),
    }
}

async fn authorizes(world: &World, change: (&str, &str), refusal: &str) -> bool {
    let client = world.application(web()).await;
    let answer = signed_in(world).await.get(world, &client.authorize(&[change])).await;
    if answer.status == 200 {
        return answer.text().contains("<input type=\"hidden\" name=\"code\"");
    }
    if answer.parameter("code").is_some() {
        return true;
    }
    answer.redirected_error(refusal);
    false
}

async fn scope(world: &World, value: &str) -> bool {
    let client = world.application(web()).await;
    let browser = signed_in(world).await;
    let answer = browser.get(world, &client.authorize(&[("scope", value)])).await;
    let Some(code) = answer.parameter("code") else {
        answer.redirected_error("invalid_scope");
        return false;
    };
    client.redeem(world, &code).await.member("scope") == value
}

async fn prompt(world: &World, value: &str) -> bool {
    let client = world.application(web()).await;
    let browser = signed_in(world).await;
    world.pass(1);
    let answer = browser.get(world, &client.authorize(&[("prompt", value)])).await;
    if answer.location().path() == "/signin" {
        return value != "none";
    }
    if answer.parameter("code").is_some() {
        return value == "none";
    }
    answer.redirected_error("invalid_request");
    false
}

async fn grant(world: &World, value: &str) -> bool {
    let client = world.application(web()).await;
    match value {
        "authorization_code" => signed_in(world).await.tokens(world, &client).await.status == 200,
        "refresh_token" => {
            let token = signed_in(world).await.tokens(world, &client).await.member("refresh_token");
            client.refresh(world, &token).await.status == 200
        }
        "client_credentials" => {
            let machine = world.application(machine()).await;
            machine.post(world, "/token", &[("grant_type", value)]).await.status == 200
        }
        "urn:ietf:params:oauth:grant-type:device_code" => {
            let mut television = native();
            television.wish.redirect_uris = Vec::new();
            television.wish.grant_types = Some(vec![value.to_owned()]);
            let television = world.application(television).await;
            let given = television.post(world, "/device_authorization", &[]).await;
            let code = given.member("device_code");
            // What comes of it is for a person to say; signin/device.rs follows it to the end.
            let form = [("grant_type", value), ("device_code", code.as_str())];
            television.post(world, "/token", &form).await.refused(400, "authorization_pending");
            true
        }
        _ => {
            let form = [("grant_type", value), ("username", "ann"), ("password", "x")];
            client.post(world, "/token", &form).await.refused(400, "unsupported_grant_type");
            false
        }
    }
}

async fn algorithm(world: &World, value: &str) -> bool {
    let mut new: NewApplication = serde_json::from_value(serde_json::json!({
        "name": "Coach", "type": "web", "redirect_uris": ["https://app.example/cb"],
    }))
    .unwrap();
    assert_eq!(new.kind, ApplicationType::Web);
    new.preferences.id_token_signed_response_alg = Some(value.to_owned());
    if registration::accept(&world.app, new).is_err() {
        return false;
    }
    let mut choice = web();
    choice.id_token_alg = Some(Box::leak(value.to_owned().into_boxed_str()));
    let client = world.application(choice).await;
    let token = signed_in(world).await.tokens(world, &client).await.member("id_token");
    verified(world, &token).await;
    token_header(&token)["alg"] == value
}

async fn authenticates(world: &World, endpoint: &str, value: &str) -> bool {
    let Ok(method) = value.parse::<AuthMethod>() else {
        let client = world.application(web()).await;
        let assertion = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", "a.b.c"),
            ("client_id", client.id.as_str()),
            ("grant_type", "refresh_token"),
            ("token", "x"),
        ];
        world.post(endpoint, &[], &assertion).await.refused(401, "invalid_client");
        return false;
    };
    let client = world.application(by(method)).await;
    let tokens = signed_in(world).await.tokens(world, &client).await;
    let (access, refresh) = (tokens.member("access_token"), tokens.member("refresh_token"));
    let answer = match endpoint {
        "/token" => client.refresh(world, &refresh).await,
        "/introspect" => client.introspect(world, &access).await,
        _ => client.revoke(world, &access).await,
    };
    if answer.status == 401 {
        answer.refused(401, "invalid_client");
        return false;
    }
    answer.status == 200 && (endpoint != "/introspect" || answer.json()["active"] == true)
}

async fn asserts(world: &World, endpoint: &str, alg: &str) -> bool {
    let client = world.application(with_key(web(), &Signer::of(alg))).await;
    let answer = client.post(world, endpoint, &[("grant_type", "refresh_token"), ("token", "x")]).await;
    if answer.status == 401 {
        answer.refused(401, "invalid_client");
    }
    answer.status != 401
}

async fn proves_possession(world: &World, alg: &str) -> bool {
    let client = world.application(machine()).await;
    let proof = Signer::of(alg).proof(world, "/token");
    let headers = [(http::HeaderName::from_static("dpop"), proof.as_str())];
    let answer = client.post_with(world, "/token", &headers, &[("grant_type", "client_credentials")]).await;
    if answer.status != 200 {
        answer.refused(400, "invalid_dpop_proof");
    }
    answer.status == 200
}

async fn signs_requests(world: &World, alg: &str) -> bool {
    let signer = Signer::of(alg);
    let client = world.application(with_registered(web(), &signer)).await;
    let parameters = serde_json::json!({
        "response_type": "code", "redirect_uri": client.redirect_uri, "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    });
    let object = signer.request_object(world, &client.id, &parameters);
    let answer = signed_in(world).await.get(world, &client.authorize(&[("request", &object)])).await;
    if answer.parameter("code").is_some() {
        return true;
    }
    answer.redirected_error(if alg == "none" { "request_not_supported" } else { "invalid_request_object" });
    false
}

async fn signed_introspection(world: &World, alg: &str) -> bool {
    let new = serde_json::json!({
        "name": "Coach", "type": "web", "redirect_uris": ["https://app.example/cb"],
        "preferences": { "introspection_signed_response_alg": alg },
    });
    if registration::accept(&world.app, serde_json::from_value(new).unwrap()).is_err() {
        return false;
    }
    let mut choice = web();
    choice.preferences.introspection_signed_response_alg = Some(alg.to_owned());
    let client = world.application(choice).await;
    let accept = [(header::ACCEPT, "application/token-introspection+jwt")];
    let answer = client.post_with(world, "/introspect", &accept, &[("token", "x")]).await.text();
    verified(world, &answer).await;
    token_header(&answer)["alg"] == alg
}

async fn subjects(world: &World, value: &str) -> bool {
    let Ok(subject_type) = serde_json::from_value::<SubjectType>(value.into()) else { return false };
    let mut choice = spa();
    choice.preferences.subject_type = Some(subject_type);
    let (one, two) = (world.application(web()).await, world.application(choice).await);
    let browser = signed_in(world).await;
    let sub = |answer: &crate::support::Answer| claims(&answer.member("id_token"))["sub"].clone();
    let same = sub(&browser.tokens(world, &one).await) == sub(&browser.tokens(world, &two).await);
    same == (subject_type == SubjectType::Public)
}

async fn signed_userinfo(world: &World, value: &str) -> bool {
    let mut new: NewApplication = serde_json::from_value(serde_json::json!({
        "name": "Coach", "type": "web", "redirect_uris": ["https://app.example/cb"],
    }))
    .unwrap();
    new.preferences.userinfo_signed_response_alg = Some(value.to_owned());
    if registration::accept(&world.app, new).is_err() {
        return false;
    }
    let mut choice = web();
    choice.preferences.userinfo_signed_response_alg = Some(value.to_owned());
    let client = world.application(choice).await;
    let token = signed_in(world).await.tokens(world, &client).await.member("access_token");
    let answer = world.get("/userinfo", &[(header::AUTHORIZATION, &format!("Bearer {token}"))]).await;
    verified(world, &answer.text()).await;
    token_header(&answer.text())["alg"] == value
}

async fn shown_in(world: &World, value: &str) -> bool {
    let client = world.application(web()).await;
    let browser = world.browser();
    let next = browser.get(world, &client.authorize(&[("ui_locales", value)])).await.location();
    let page = browser.get(world, &format!("{}?{}", next.path(), next.query().unwrap())).await;
    assert_eq!(page.status, 200, "an unknown language is no error (A16)");
    page.text().contains(&format!("<html lang=\"{value}\""))
}

#[tokio::test]
async fn a04_every_claim_that_is_listed_is_given_and_no_other() {
    on_each(|world| async move {
        let document = document(&world).await;
        assert_eq!(values(&document, "claim_types_supported"), ["normal"]);
        let mut listed = values(&document, "claims_supported");
        let client = world.application(web()).await;
        let browser = signed_in(&world).await;
        world
            .app
            .db
            .write(|tx| Box::pin(async move { tx.execute("UPDATE user_account SET locale = 'nl'", &[]).await }))
            .await
            .unwrap();
        let code = browser.code_with(&world, &client, &[("scope", "openid profile email roles")]).await;
        let tokens = client.redeem(&world, &code).await;
        let bearer = format!("Bearer {}", tokens.member("access_token"));
        let userinfo = world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await.json();
        let id_token = claims(&tokens.member("id_token"));
        let mut given: Vec<String> =
            [userinfo, id_token].iter().flat_map(|claims| claims.as_object().unwrap().keys().cloned()).collect();
        given.sort();
        given.dedup();
        listed.sort();
        assert_eq!(given, listed);
    })
    .await;
}

#[tokio::test]
async fn a04_b86_the_listed_acrs_are_asked_for_and_a_stronger_one_is_never_claimed() {
    on_each(|world| async move {
        let (client, browser) = (world.application(web()).await, signed_in(&world).await);
        let listed = values(&document(&world).await, "acr_values_supported");
        assert_eq!(
            listed,
            ["urn:polder:acr:connection", "urn:polder:acr:email", "urn:polder:acr:mfa", "urn:polder:acr:passkey"]
        );
        let (weakest, email) = (listed[0].as_str(), listed[1].as_str());
        for (wanted, acr) in [
            (weakest, weakest),
            (email, email),
            ("urn:example:gold", email),
            ("urn:example:gold phr urn:polder:acr:email", email),
        ] {
            let code = browser.code_with(&world, &client, &[("acr_values", wanted)]).await;
            let answered = claims(&client.redeem(&world, &code).await.member("id_token"))["acr"].clone();
            assert_eq!(answered.as_str(), Some(acr), "{wanted}");
        }
        // What an e-mail code does not reach is asked for on a page; how it is reached is the sign-in's to test.
        for wanted in [listed[2].as_str(), listed[3].as_str(), "mfa", "phr"] {
            let answer = browser.get(&world, &client.authorize(&[("acr_values", wanted)])).await;
            assert!(answer.location().path() == "/signin", "{wanted}: {}", answer.location());
            let silent = browser.get(&world, &client.authorize(&[("acr_values", wanted), ("prompt", "none")])).await;
            silent.redirected_error("login_required");
        }
    })
    .await;
}

#[tokio::test]
async fn a04_every_flag_says_what_happens() {
    on_each(|world| async move {
        let document = document(&world).await;
        let client: Client = world.application(web()).await;
        let browser = signed_in(&world).await;
        assert_eq!(document["request_uri_parameter_supported"], false);
        let by_reference = client.authorize(&[("request_uri", "https://app.example/r")]);
        browser.get(&world, &by_reference).await.redirected_error("request_uri_not_supported");
        assert_eq!(document["request_parameter_supported"], true);
        assert!(signs_requests(&world, "ES256").await);
        assert_eq!(document["require_pushed_authorization_requests"], false);
        assert_eq!(document["claims_parameter_supported"], true);
        let claims = ("claims", r#"{"id_token":{"email":null}}"#);
        let code = browser.code_with(&world, &client, &[claims]).await;
        let id_token = client.redeem(&world, &code).await.member("id_token");
        assert!(crate::support::token::claims(&id_token)["email"].is_string());
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        let answer = browser.get(&world, &client.authorize(&[])).await;
        assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
        // Every endpoint that is named is there; none answers 404.
        for (name, address) in document.as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                let path = address.as_str().unwrap().strip_prefix(ISSUER).unwrap();
                let status = world.post(path, &[], &[("code_verifier", VERIFIER)]).await.status;
                assert_ne!(status, 404, "{name}");
            }
        }
    })
    .await;
}
