//! Which origins may read which answers.

use http::{HeaderName, Method, header};

use crate::support::client::spa;
use crate::support::world::{on_each, request};
use crate::support::{Answer, World};

const ALLOWED: &str = "access-control-allow-origin";

async fn preflight(world: &World, address: &str, origin: &str) -> Answer {
    let method = HeaderName::from_static("access-control-request-method");
    let headers = [(header::ORIGIN, origin), (method, "POST")];
    world.send(request(Method::OPTIONS, address, &headers, String::new())).await
}

#[tokio::test]
async fn b92_discovery_and_jwks_are_for_everyone() {
    on_each(|world| async move {
        for address in ["/.well-known/openid-configuration", "/jwks.json"] {
            let answer = world.get(address, &[(header::ORIGIN, "https://anyone.example")]).await;
            assert_eq!(answer.header(ALLOWED), Some("*"));
            assert_eq!(preflight(&world, address, "https://anyone.example").await.status, 204);
        }
    })
    .await;
}

#[tokio::test]
async fn b92_tokens_are_for_the_applications_own_origin_and_never_with_credentials() {
    on_each(|world| async move {
        let client = world.application(spa()).await;
        let mut choice = spa();
        choice.wish.redirect_uris = vec!["https://other.example/cb".to_owned()];
        world.application(choice).await;
        for (origin, allowed) in [
            ("https://app.example", true),
            ("https://evil.example", false),
            ("https://app.example.evil.example", false),
            ("http://app.example", false),
            ("null", false),
            ("https:", false),
            ("https:/", false),
            ("https://app.example/", false),
            ("https://app.example/c", false),
            ("", false),
        ] {
            for address in ["/token", "/par", "/userinfo", "/revoke"] {
                let asked = preflight(&world, address, origin).await;
                assert_eq!(asked.header(ALLOWED), allowed.then_some(origin), "{origin} {address}");
                assert_eq!(asked.header("access-control-allow-credentials"), None);
            }
            let form = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", client.id.as_str())];
            let answer = world.post("/token", &[(header::ORIGIN, origin)], &form).await;
            assert_eq!(answer.header(ALLOWED), allowed.then_some(origin), "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert_eq!(answer.header("vary"), Some("Origin"));
        }
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", client.id.as_str())];
        let answer = world.post("/token", &[(header::ORIGIN, "https://other.example")], &form).await;
        assert_eq!(answer.header(ALLOWED), None, "another application's origin");
    })
    .await;
}

#[tokio::test]
async fn f20_endpoints_with_cookies_have_no_cors() {
    on_each(|world| async move {
        world.application(spa()).await;
        for address in ["/", "/authorize", "/end_session", "/signin", "/introspect"] {
            assert_eq!(preflight(&world, address, "https://app.example").await.header(ALLOWED), None, "{address}");
            let answer = world.get(address, &[(header::ORIGIN, "https://app.example")]).await;
            assert_eq!(answer.header(ALLOWED), None, "{address}");
        }
    })
    .await;
}
