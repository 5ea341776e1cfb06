//! `GET` and `POST /authorize`: which requests are answered, and where.

use polder_protocol::ApplicationType;

use crate::support::client::{REDIRECT, native, spa, web};
use crate::support::token::claims;
use crate::support::world::on_each;
use crate::support::{Browser, Client, ISSUER, World};

/// An application and a browser in which somebody is signed in: a sound request gets its code at once.
async fn ready(world: &World) -> (Client, Browser) {
    let client = world.application(web()).await;
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    (client, browser)
}

#[tokio::test]
async fn a09_b04_only_the_code_flow_is_offered() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let missing = browser.get(&world, &client.authorize(&[("response_type", "")])).await;
        missing.redirected_error("invalid_request");
        for other in ["token", "id_token", "code token", "code id_token", "none", "Code"] {
            let answer = browser.get(&world, &client.authorize(&[("response_type", other)])).await;
            answer.redirected_error("unsupported_response_type");
        }
        let fragment = browser.get(&world, &client.authorize(&[("response_mode", "fragment")])).await;
        fragment.redirected_error("invalid_request");
        assert_eq!(fragment.location().fragment(), None);
    })
    .await;
}

#[tokio::test]
async fn a15_a16_order_wishes_and_unknown_parameters_never_matter() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        for wish in [
            ("scope", "offline_access email profile openid"),
            ("display", "page"),
            ("display", "popup"),
            ("display", "hologram"),
            ("ui_locales", "nl en"),
            ("ui_locales", "tlh"),
            ("claims_locales", "nl"),
            ("login_hint", "ann@example.test"),
            ("login_hint", "nobody in particular"),
            ("acr_values", "urn:example:gold 1"),
            ("foo", "bar"),
        ] {
            browser.code_with(&world, &client, &[wish]).await;
        }
        // A hint at somebody else is no error either: the person is asked who they are.
        let asked = browser.get(&world, &client.authorize(&[("login_hint", "bob@example.test")])).await;
        assert!(asked.location().as_str().contains("/signin?flow="), "{}", asked.location());
        assert_eq!(browser.get(&world, &asked.location()[url::Position::BeforePath..]).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a22_a31_b01_without_a_verified_client_and_redirect_nothing_is_redirected() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let gone = world.application(web()).await;
        world.switch_off(&gone).await;
        for changes in [
            [("redirect_uri", "https://evil.example/cb")],
            [("redirect_uri", "")],
            [("client_id", "")],
            [("client_id", "018f0000-0000-7000-8000-000000000000")],
            [("client_id", "' OR 1=1 --")],
            [("client_id", gone.id.as_str())],
        ] {
            browser.get(&world, &client.authorize(&changes)).await.error_page();
        }
    })
    .await;
}

#[tokio::test]
async fn a23_a_form_from_another_site_goes_on_by_get_and_finds_the_session() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let address = client.authorize(&[]);
        let (path, query) = address.split_once('?').unwrap();
        let form: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.post_from_elsewhere(&world, path, &form).await;
        let again = answer.location();
        assert_eq!(again.path(), "/authorize");
        let answer = browser.get(&world, &format!("{}?{}", again.path(), again.query().unwrap())).await;
        assert!(answer.parameter("code").is_some());
        assert_eq!(answer.parameter("state").as_deref(), Some("st-1"));
        let wrong = browser.post_from_elsewhere(&world, path, &[("client_id", "nobody")]).await.location();
        let wrong = browser.get(&world, &format!("{}?{}", wrong.path(), wrong.query().unwrap())).await;
        wrong.error_page();
    })
    .await;
}

#[tokio::test]
async fn a24_a25_request_objects_are_refused_never_ignored() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let object = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS9jYiJ9.";
        let by_value = browser.get(&world, &client.authorize(&[("request", object)])).await;
        by_value.redirected_error("request_not_supported");
        let by_reference = client.authorize(&[("request_uri", "https://app.example/request")]);
        browser.get(&world, &by_reference).await.redirected_error("request_uri_not_supported");
        assert_eq!(by_value.location().host_str(), Some("app.example"));
    })
    .await;
}

#[tokio::test]
async fn a29_error_texts_keep_to_their_characters() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let many = [
            ("response_type", "x\"\r\ny"),
            ("scope", "a\"b"),
            ("prompt", "none login"),
            ("max_age", "-1"),
            ("code_challenge", "short"),
            ("request", "x"),
            ("resource", "not a uri"),
        ];
        for change in many {
            let answer = browser.get(&world, &client.authorize(&[change])).await;
            let description = answer.parameter("error_description").unwrap();
            let allowed = |c: char| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
            assert!(description.chars().all(allowed), "{description}");
            let names: Vec<_> = answer.location().query_pairs().map(|(name, _)| name.into_owned()).collect();
            assert_eq!(names, ["error", "error_description", "state", "iss"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a32_a_query_is_part_of_the_redirect_uri() {
    on_each(|world| async move {
        let mut choice = web();
        choice.wish.redirect_uris = vec!["https://app.example/cb?tenant=1".to_owned()];
        let client = world.application(choice).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let answer = browser.get(&world, &client.authorize(&[])).await;
        assert_eq!(answer.parameter("tenant").as_deref(), Some("1"));
        assert!(answer.parameter("code").is_some());
        for other in
            ["https://app.example/cb", "https://app.example/cb?tenant=2", "https://app.example/cb?tenant=1&x=1"]
        {
            browser.get(&world, &client.authorize(&[("redirect_uri", other)])).await.error_page();
        }
    })
    .await;
}

#[tokio::test]
async fn b02_b03_a_parameter_twice_is_refused_and_an_empty_one_is_absent() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let base = client.authorize(&[]);
        browser.get(&world, &format!("{base}&scope=openid")).await.redirected_error("invalid_request");
        browser.get(&world, &format!("{base}&nonce=other")).await.redirected_error("invalid_request");
        browser.get(&world, &format!("{base}&redirect_uri=https%3A%2F%2Fevil.example")).await.error_page();
        browser.get(&world, &format!("{base}&client_id=other")).await.error_page();
        let mixed = browser.post_from_elsewhere(&world, &base, &[("scope", "openid")]).await;
        mixed.redirected_error("invalid_request");
        let answer = browser.get(&world, &format!("{}&state=&prompt=", client.authorize(&[("state", "")]))).await;
        assert!(answer.parameter("code").is_some() && answer.parameter("state").is_none());
    })
    .await;
}

#[tokio::test]
async fn b05_an_unknown_or_malformed_scope_is_refused() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        for scope in ["openid a\"b", "openid admin", "openid\nprofile", "read"] {
            let answer = browser.get(&world, &client.authorize(&[("scope", scope)])).await;
            answer.redirected_error("invalid_scope");
        }
    })
    .await;
}

#[tokio::test]
async fn b06_state_comes_back_byte_for_byte() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let long = "s".repeat(2048);
        for state in ["a b+c%20&d=e#f", "é漢字🌊", "\"><script>", "a\0b", "\r\nSet-Cookie: x=y", long.as_str()] {
            let answer = browser.get(&world, &client.authorize(&[("state", state)])).await;
            assert_eq!(answer.parameter("state").as_deref(), Some(state));
        }
        assert_eq!(browser.get(&world, &client.authorize(&[("state", "")])).await.parameter("state"), None);
    })
    .await;
}

#[tokio::test]
async fn b27_b28_b29_pkce_with_s256_is_required_of_everyone() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let public = world.application(spa()).await;
        let padded = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=";
        let (short, long) = ("a".repeat(42), "a".repeat(129));
        for changes in [
            vec![("code_challenge", ""), ("code_challenge_method", "")],
            vec![("code_challenge", "")],
            vec![("code_challenge_method", "")],
            vec![("code_challenge_method", "plain")],
            vec![("code_challenge_method", "s256")],
            vec![("code_challenge", padded)],
            vec![("code_challenge", short.as_str())],
            vec![("code_challenge", long.as_str())],
        ] {
            for client in [&client, &public] {
                browser.get(&world, &client.authorize(&changes)).await.redirected_error("invalid_request");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn b33_a_redirect_uri_is_matched_as_text() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        for other in [
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://APP.example/cb",
            "HTTPS://app.example/cb",
            "http://app.example/cb",
            "https://app.example:443/cb",
            "https://app.example:8443/cb",
            "https://app.example/cb?",
            "https://app.example/cb?x=1",
            "https://app.example/cb#",
            "https://app.example/cb#f",
            "https://app.example/x/../cb",
            "https://app.example/./cb",
            "https://app.example/%63b",
            "https://app.example/cb%2f",
            "https://app.example/cb%00",
            "https://app.example/cb%0d%0a",
            "https://app.example//cb",
            "https://app.example\\cb",
            "https://app.example/\\cb",
            "https://app.example@evil.example/cb",
            "https://app.example:@evil.example/cb",
            "https://user@app.example/cb",
            "https://evil.example/https://app.example/cb",
            "https://sub.app.example/cb",
            "https://app.example.evil.example/cb",
            "https://xapp.example/cb",
            "https://app.examplе/cb",
            "https://app.example./cb",
            "https:app.example/cb",
            "https:///app.example/cb",
            "//app.example/cb",
            "/cb",
            "cb",
            " https://app.example/cb",
            "https://app.example/cb ",
            "https://app.example/cb\t",
            "https://app.example/cb\n",
            "https://app.example/cb;x",
            "https://app.example/cb/..;/x",
            "https%3A%2F%2Fapp.example%2Fcb",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            let answer = browser.get(&world, &client.authorize(&[("redirect_uri", other)])).await;
            assert_eq!(answer.error_page().status, 400, "{other}");
        }
        browser.code_with(&world, &client, &[("redirect_uri", REDIRECT)]).await;
    })
    .await;
}

#[tokio::test]
async fn b95_a_native_application_may_listen_on_any_loopback_port() {
    on_each(|world| async move {
        let client = world.application(native()).await;
        let browser = world.browser();
        let asked = |uri: String| {
            let (world, client, browser) = (&world, &client, &browser);
            async move { browser.get(world, &client.authorize(&[("redirect_uri", &uri)])).await }
        };
        for port in [1, 80, 49_152, 65_535] {
            let answer = asked(format!("http://127.0.0.1:{port}/cb")).await;
            assert_eq!(answer.location().path(), "/signin", "port {port}");
        }
        for other in
            ["http://127.0.0.1:80/other", "http://localhost:80/cb", "http://[::1]:80/cb", "http://127.0.0.2:80/cb"]
        {
            asked(other.to_owned()).await.error_page();
        }
        asked("http://127.0.0.1:65536/cb".to_owned()).await.error_page();
        assert_eq!(client.redirect_uri, "http://127.0.0.1/cb");
        let web = world.application(web()).await;
        let port = browser.get(&world, &web.authorize(&[("redirect_uri", "https://app.example:81/cb")])).await;
        port.error_page();
        assert_eq!(ApplicationType::Native.as_str(), "native");
    })
    .await;
}

#[tokio::test]
async fn b35_b41_b52_the_answer_is_a_303_with_a_code_state_and_iss_and_no_token() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let answer = browser.get(&world, &client.authorize(&[])).await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "F06");
        let mut names: Vec<_> = answer.location().query_pairs().map(|(name, _)| name.into_owned()).collect();
        names.sort();
        assert_eq!(names, ["code", "iss", "state"]);
        assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
        let tokens = client.redeem(&world, &answer.parameter("code").unwrap()).await;
        assert_eq!(claims(&tokens.member("id_token"))["iss"], ISSUER);
    })
    .await;
}

#[tokio::test]
async fn b92_there_is_no_cors_at_the_authorization_endpoint() {
    on_each(|world| async move {
        let (client, _) = ready(&world).await;
        let answer = world.get(&client.authorize(&[]), &[(http::header::ORIGIN, "https://app.example")]).await;
        assert_eq!(answer.header("access-control-allow-origin"), None);
    })
    .await;
}

#[tokio::test]
async fn f19_a_login_hint_sends_nothing_and_looks_nobody_up() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        world.user("ann@example.test").await;
        let browser = world.browser();
        for hint in ["ann@example.test", "nobody@example.test"] {
            let signin = browser.get(&world, &client.authorize(&[("login_hint", hint)])).await.location();
            let page = browser.get(&world, &format!("{}?{}", signin.path(), signin.query().unwrap())).await;
            assert!(page.text().contains(hint));
        }
        assert!(world.app.mailer.captured().is_empty());
    })
    .await;
}

#[tokio::test]
async fn b06_a_nul_in_state_comes_back_and_in_a_nonce_is_refused() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let answer = browser.get(&world, &client.authorize(&[("state", "a\0b")])).await;
        assert_eq!(answer.parameter("state").as_deref(), Some("a\0b"));
        assert!(answer.parameter("code").is_some());
        browser.get(&world, &client.authorize(&[("nonce", "a\0b")])).await.redirected_error("invalid_request");
        for value in ["a\0b", "\0"] {
            client.redeem(&world, value).await.refused(400, "invalid_grant");
            client.refresh(&world, value).await.refused(400, "invalid_grant");
            assert_eq!(client.revoke(&world, value).await.status, 200);
        }
    })
    .await;
}
