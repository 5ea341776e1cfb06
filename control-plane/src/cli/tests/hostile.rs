//! Servers that answer what no API does: bounded, and nothing of it reaches the terminal as it is.

use axum::body::{Body, Bytes};
use axum::response::Redirect;
use futures_util::{StreamExt as _, stream};
use http::Method;

use super::*;

/// A server that gives everybody the same answer.
async fn server(answer: fn(usize, &Request) -> Response) -> (Stub, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let router = Router::new().fallback(move |request: Request| {
        let mut seen = seen.lock().unwrap();
        let said = answer(seen.len(), &request);
        seen.push(request.uri().to_string());
        std::future::ready(said)
    });
    (Stub::serving(router, Arc::clone(&asked)).await, asked)
}

async fn refused(stub: &Stub, line: &str) -> (u8, String) {
    let Err(refused) = stub.run(line).await else { panic!("{line} went well") };
    (refused.0, refused.to_string())
}

fn endless(start: &'static str, kind: &'static str) -> Response {
    let pieces = stream::iter(std::iter::once(start).chain(std::iter::repeat("aaaaaaaaaaaaaaaa")))
        .map(|piece| Ok::<_, std::convert::Infallible>(Bytes::from(piece.repeat(4_096))));
    let body = Body::from_stream(pieces);
    ([("content-type", kind)], body).into_response()
}

#[tokio::test]
async fn g06_the_key_does_not_follow_a_redirect() {
    let (elsewhere, asked_elsewhere) = server(|_, _| axum::Json(json!({"items": []})).into_response()).await;
    *ELSEWHERE.lock().unwrap() = elsewhere.api.clone();
    let (stub, asked) = server(|_, request| {
        Redirect::temporary(&format!("{}{}", ELSEWHERE.lock().unwrap(), request.uri())).into_response()
    })
    .await;
    for line in ["tenant list", "audit export acme --format csv", "tenant create acme"] {
        let (code, why) = refused(&stub, line).await;
        assert!(code == 1 && why.contains("not sent on"), "{line}: {why}");
    }
    assert!(asked_elsewhere.lock().unwrap().is_empty() && !asked.lock().unwrap().is_empty());
}

/// Where the redirects go.
static ELSEWHERE: Mutex<String> = Mutex::new(String::new());

#[tokio::test]
async fn g06_an_answer_without_end_is_not_read_to_its_end() {
    let (stub, _) = server(|_, _| endless("{\"a\":\"", "application/json")).await;
    for line in ["tenant list", "tenant show acme", &format!("user export acme {ID}")] {
        let (code, why) = refused(&stub, line).await;
        assert!(code == 1 && why.contains("longer than any"), "{line}: {why}");
    }
    let (stub, _) = server(|_, request| {
        if request.method() == Method::POST {
            axum::Json(json!({"slug": "acme"})).into_response()
        } else {
            endless("data: ", "text/event-stream")
        }
    })
    .await;
    let (code, why) = refused(&stub, "tenant create acme").await;
    assert!(code == 1 && why.contains("no end"), "{why}");
}

#[tokio::test]
async fn g06_a_list_without_end_is_not_followed() {
    // The same place again and again, ever new places without anything, and more than was asked for.
    let lists: [fn(usize, &Request) -> Response; 3] = [
        |_, _| axum::Json(json!({"items": [{"id": "1"}], "next": "same"})).into_response(),
        |number, _| axum::Json(json!({"items": [], "next": number.to_string()})).into_response(),
        |_, _| axum::Json(json!({"items": vec![json!({"id": "1"}); 201], "next": null})).into_response(),
    ];
    for list in lists {
        let (stub, asked) = server(list).await;
        let (code, why) = refused(&stub, "user list acme --limit 0").await;
        assert!(code == 1 && why.contains("no end"), "{why}");
        assert!(asked.lock().unwrap().len() <= 502);
    }
    // Two empty pages and then one with something is what the log of a tenant may answer.
    let rare = |number: usize, _: &Request| {
        let items = if number == 2 { vec![json!({"at": "x"})] } else { Vec::new() };
        let next = (number < 2).then(|| number.to_string());
        axum::Json(json!({"items": items, "next": next})).into_response()
    };
    let (stub, _) = server(rare).await;
    let (found, _) = stub.run("audit list acme --action rare.thing").await.unwrap();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn g06_what_is_not_the_api_is_said_not_to_be() {
    let strange: [fn(usize, &Request) -> Response; 3] = [
        |_, _| ([("content-type", "text/html")], "<p>Welcome</p>").into_response(),
        |_, _| ([("content-type", "application/json")], "{\"items\":").into_response(),
        |_, _| ([("content-type", "text/plain")], "{\"items\":[]}").into_response(),
    ];
    for answer in strange {
        let (stub, _) = server(answer).await;
        for line in ["tenant list", "audit export acme --format chain", "user disable acme x"] {
            let (code, why) = refused(&stub, line).await;
            assert!(code == 1 && why.contains("is not the API"), "{line}: {why}");
        }
    }
    let (stub, _) =
        server(|_, _| (StatusCode::BAD_GATEWAY, [("content-type", "text/html")], "<p>x").into_response()).await;
    let (code, why) = refused(&stub, "tenant list").await;
    assert!(code == 1 && why.starts_with("the API answered 502"), "{why}");
}

#[tokio::test]
async fn f18_nothing_a_server_says_acts_upon_the_terminal() {
    let (stub, _) = server(|_, _| {
        let evil = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}";
        let problem = json!({"title": evil, "detail": evil, "errors": [{"pointer": evil, "detail": evil}]});
        (StatusCode::CONFLICT, [("content-type", "application/problem+json")], problem.to_string()).into_response()
    })
    .await;
    for line in ["tenant list", "tenant create acme", "audit export acme --format csv"] {
        let (code, why) = refused(&stub, line).await;
        assert_eq!(code, 4, "{line}");
        assert!(why.contains("owned"), "{line}: {why}");
        assert!(!why.chars().any(|letter| letter.is_control() || letter == '\u{202e}'), "{line}: {why:?}");
    }
}

#[tokio::test]
async fn g06_the_key_does_not_leave_this_machine_in_the_open() {
    let stub = Stub::start().await;
    let open = Stub { api: "http://192.0.2.1/api/v1".to_owned(), key: stub.key, asked: stub.asked };
    let (code, why) = refused(&open, "tenant list").await;
    assert!(code == 2 && why.contains("https"), "{why}");
}
