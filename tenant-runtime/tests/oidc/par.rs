//! Pushed authorization requests.

use std::sync::Arc;

use http::{Method, header};

use crate::support::client::{CHALLENGE, spa, web, with_key};
use crate::support::world::{on_each, request};
use crate::support::{Answer, Browser, Signer, World};

async fn signed_in(world: &World) -> Browser {
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    browser
}

fn pushed(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.member("request_uri")
}

#[tokio::test]
async fn b53_a_push_gives_a_name_that_opens_the_request() {
    on_each(|world| async move {
        for choice in [web(), with_key(web(), &Signer::new()), spa()] {
            let client = world.application(choice).await;
            let answer = client.push(&world, &[("state", "pushed")], None).await;
            assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")), "{}", answer.text());
            let name = pushed(&answer);
            let reference = name.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
            assert!(reference.len() >= 43 && (5..600).contains(&answer.json()["expires_in"].as_u64().unwrap()));
            let browser = world.browser();
            browser.sign_in(&world, world.user(&format!("{}@example.test", client.id)).await).await;
            let opened = browser.get(&world, &client.opens(&name)).await;
            assert_eq!(opened.parameter("state").as_deref(), Some("pushed"));
            let code = opened.parameter("code").unwrap();
            assert_eq!(client.redeem(&world, &code).await.status, 200);
        }
        let at_rest = "SELECT COUNT(*) AS n FROM pushed_request WHERE request_sealed LIKE '%openid%'";
        assert_eq!(world.rows(at_rest).await, 0, "what is pushed is sealed");
    })
    .await;
}

#[tokio::test]
async fn b54_what_authorize_refuses_is_refused_here() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        for (change, error) in [
            (("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
            (("redirect_uri", "https://evil.example/cb"), "invalid_request"),
            (("redirect_uri", ""), "invalid_request"),
            (("response_type", "token"), "unsupported_response_type"),
            (("response_type", "code id_token"), "unsupported_response_type"),
            (("scope", "openid admin"), "invalid_scope"),
            (("code_challenge", ""), "invalid_request"),
            (("code_challenge_method", "plain"), "invalid_request"),
            (("prompt", "none login"), "invalid_request"),
            (("request", "a.b.c"), "request_not_supported"),
            (("id_token_hint", "x"), "invalid_request"),
        ] {
            client.push(&world, &[change], None).await.refused(400, error);
        }
        let other = world.application(web()).await;
        let (mut wrong, form) = (client.clone(), [("client_id", other.id.as_str()), ("response_type", "code")]);
        client.post(&world, "/par", &form).await.refused(400, "invalid_request");
        wrong.secret = Some("wrong".to_owned());
        wrong.push(&world, &[], None).await.refused(401, "invalid_client");
        let twice = [("scope", "openid"), ("scope", "email"), ("redirect_uri", "https://app.example/cb")];
        client.post(&world, "/par", &twice).await.refused(400, "invalid_request");
        let get = world.get("/par", &[]).await;
        assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
        let (headers, _) = client.credentials(&world);
        let headers = [
            (headers[0].0.clone(), headers[0].1.as_str()),
            (header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
        ];
        let large = world.send(request(Method::POST, "/par", &headers, format!("state={}", "x".repeat(200_000)))).await;
        assert_eq!(large.status, 413);
        client.post(&world, "/par?scope=openid", &[]).await.refused(400, "invalid_request");
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM pushed_request").await, 0);
    })
    .await;
}

#[tokio::test]
async fn b54_strangers_cannot_push_without_end_in_the_name_of_who_keeps_no_secret() {
    on_each(|world| async move {
        let (public, own) = (world.application(spa()).await, world.application(web()).await);
        let ip = http::HeaderName::from_static("x-polder-client-ip");
        let mut refused = 0;
        for _ in 0..230 {
            let form = [
                ("client_id", public.id.as_str()),
                ("response_type", "code"),
                ("redirect_uri", public.redirect_uri.as_str()),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ];
            let answer = world.post("/par", &[(ip.clone(), "192.0.2.9")], &form).await;
            refused += u32::from(answer.status == 429 && answer.header("retry-after").is_some());
        }
        assert!((1..=130).contains(&refused), "a hundred at once pass, a flood does not: {refused}");
        assert_eq!(own.push(&world, &[], None).await.status, 201, "others have places of their own");
    })
    .await;
}

#[tokio::test]
async fn b55_a_name_is_its_applications_own_and_dies() {
    on_each(|world| async move {
        let (client, other) = (world.application(web()).await, world.application(web()).await);
        let browser = signed_in(&world).await;
        let name = pushed(&client.push(&world, &[], None).await);
        browser.get(&world, &other.opens(&name)).await.error_page();
        browser.get(&world, &client.opens(&format!("{name}x"))).await.error_page();
        browser.get(&world, &client.opens("urn:ietf:params:oauth:request_uri:")).await.error_page();
        let nobody = format!("/authorize?request_uri={name}");
        browser.get(&world, &nobody).await.error_page();
        // What else the browser brings is ignored.
        let extra = format!("{}&state=forged&redirect_uri=https%3A%2F%2Fevil.example&scope=email", client.opens(&name));
        let answer = browser.get(&world, &extra).await;
        assert_eq!(answer.parameter("state").as_deref(), Some("st-1"));
        assert!(answer.parameter("code").is_some());
        let used = browser.get(&world, &client.opens(&name)).await;
        let page = used.error_page().text();
        assert!(page.contains("The app sent something we can’t use"), "{page}");

        let name = pushed(&client.push(&world, &[], None).await);
        world.pass(60);
        browser.get(&world, &client.opens(&name)).await.error_page();
        let name = pushed(&client.push(&world, &[], None).await);
        world.switch_off(&client).await;
        browser.get(&world, &client.opens(&name)).await.error_page();
    })
    .await;
}

#[tokio::test]
async fn b55_a69_a_request_may_be_opened_again_until_it_is_answered_and_then_not() {
    on_each(|mut world| async move {
        let client = world.application(web()).await;
        let name = pushed(&client.push(&world, &[], None).await);
        let (one, two) = (world.browser(), world.browser());
        for browser in [&one, &one, &two] {
            assert_eq!(browser.get(&world, &client.opens(&name)).await.location().path(), "/signin", "A69");
        }
        let ann = world.user("ann@example.test").await;
        one.sign_in(&world, ann).await;
        world.restart().await;
        assert!(one.get(&world, &client.opens(&name)).await.parameter("code").is_some());
        world.restart().await;
        one.get(&world, &client.opens(&name)).await.error_page();
        // The other browser had opened it before: its flow ends without a code.
        two.sign_in(&world, ann).await;
        let flow = two.get(&world, &client.opens(&name)).await;
        flow.error_page();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b55_of_fifty_at_once_one_gets_a_code() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = signed_in(&world).await;
        let name = pushed(&client.push(&world, &[], None).await);
        let world = Arc::new(world);
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (world, browser, target) = (Arc::clone(&world), browser.clone(), client.opens(&name));
                tokio::spawn(async move { browser.get(&world, &target).await })
            })
            .collect();
        let mut codes = 0;
        for task in tasks {
            let answer = task.await.unwrap();
            if answer.status != 303 {
                answer.error_page();
            } else if answer.parameter("code").is_some() {
                codes += 1;
            } else {
                answer.redirected_error("invalid_request_uri");
            }
        }
        assert_eq!(codes, 1);
    })
    .await;
}

#[tokio::test]
async fn b55_who_declines_has_answered() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        let name = pushed(&client.push(&world, &[], None).await);
        let page = browser.get(&world, &client.opens(&name)).await.location();
        let target = format!("{}?{}", page.path(), page.query().unwrap());
        let text = browser.get(&world, &target).await.text();
        let field = |name: &str| {
            let document = scraper::Html::parse_document(&text);
            let selector =
                scraper::Selector::parse(&format!("form[action=\"/signin/cancel\"] input[name={name}]")).unwrap();
            document.select(&selector).next().and_then(|input| input.attr("value").map(str::to_owned))
        };
        let (Some(flow), Some(csrf)) = (field("flow"), field("csrf")) else { panic!("no way to cancel: {text}") };
        let answer = browser.post(&world, "/signin/cancel", &[("flow", &flow), ("csrf", &csrf)]).await;
        answer.redirected_error("access_denied");
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        browser.get(&world, &client.opens(&name)).await.redirected_error("invalid_request_uri");
    })
    .await;
}

#[tokio::test]
async fn b56_who_has_to_push_gets_nothing_through_the_browser() {
    on_each(|world| async move {
        let mut choice = web();
        choice.preferences.require_pushed_authorization_requests = true;
        let client = world.application(choice).await;
        let browser = signed_in(&world).await;
        browser.get(&world, &client.authorize(&[])).await.redirected_error("invalid_request");
        let name = pushed(&client.push(&world, &[], None).await);
        assert!(browser.get(&world, &client.opens(&name)).await.parameter("code").is_some());
    })
    .await;
}

#[tokio::test]
async fn b68_a60_a_proof_with_the_push_binds_the_code() {
    on_each(|world| async move {
        let (signer, other) = (Signer::new(), Signer::new());
        let client = world.application(web()).await;
        let browser = signed_in(&world).await;
        let proof = signer.proof(&world, "/par");
        let answer = client.push(&world, &[], Some(&proof)).await;
        assert!(answer.header("dpop-nonce").is_some());
        let code = browser.get(&world, &client.opens(&pushed(&answer))).await.parameter("code").unwrap();
        client.redeem(&world, &code).await.refused(400, "invalid_grant");
        client.redeem_with(&world, &code, &other.proof(&world, "/token")).await.refused(400, "invalid_grant");
        assert_eq!(client.redeem_with(&world, &code, &signer.proof(&world, "/token")).await.status, 200);

        client.push(&world, &[], Some(&proof)).await.refused(400, "invalid_dpop_proof");
        client.push(&world, &[], Some(&signer.proof(&world, "/token"))).await.refused(400, "invalid_dpop_proof");
        let jkt = other.jkt();
        let mismatch = client.push(&world, &[("dpop_jkt", &jkt)], Some(&signer.proof(&world, "/par"))).await;
        mismatch.refused(400, "invalid_dpop_proof");
        let agrees = signer.jkt();
        assert_eq!(
            client.push(&world, &[("dpop_jkt", &agrees)], Some(&signer.proof(&world, "/par"))).await.status,
            201
        );
    })
    .await;
}
