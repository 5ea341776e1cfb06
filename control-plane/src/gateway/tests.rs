//! The gateway against an upstream of its own on a Unix socket.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use polder_kernel::{Clock, Entropy};
use tokio::net::UnixListener;
use tower::Service;

use super::fair::turns::Turns;
use super::pool::Pool;
use super::routes::finish;
use super::socket::{PUBLIC, Socket};
use super::{InUse, Route, proxy};
use crate::model::TenantId;
use crate::provision::tests::control_plane;
use crate::router::Front;
use crate::testing::Ground;

struct Upstream {
    folder: tempfile::TempDir,
    connections: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

/// Serves `router` as a tenant does, counting connections.
fn upstream(router: Router) -> Upstream {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("run")).unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let task = tokio::spawn(accept(folder.path().join("run/public.sock"), router, Arc::clone(&connections)));
    Upstream { folder, connections, task }
}

async fn accept(path: std::path::PathBuf, router: Router, connections: Arc<AtomicUsize>) {
    let listener = UnixListener::bind(path).unwrap();
    let mut serving = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.fetch_add(1, Ordering::SeqCst);
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        serving.spawn(async move {
            drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

fn route(tenant_folder: &Path) -> Route {
    let owner = Arc::new(AtomicI32::new(std::process::id().cast_signed()));
    let socket = Socket::new(tenant_folder, PUBLIC, Arc::clone(&owner)).unwrap();
    Route {
        tenant_id: TenantId::new(&Clock::System, &Entropy::System),
        authority: HeaderValue::from_static("practice.localhost:8600"),
        public: Arc::new(Pool::new(socket, Duration::from_millis(250))),
        process: owner.into(),
        turns: Turns::default(),
        in_use: InUse::new(Clock::System.now(), None),
    }
}

async fn send(route: &Route, request: Request) -> (StatusCode, Bytes) {
    let answer = proxy::forward(route, request, (None, "id"), Duration::from_millis(500)).await;
    let status = answer.status();
    (status, answer.into_body().collect().await.unwrap().to_bytes())
}

fn get_path(path: &str) -> Request {
    Request::get(path).header("host", "practice.localhost:8600").body(Body::empty()).unwrap()
}

#[tokio::test]
async fn connections_to_a_tenant_are_used_again() {
    let tenant = upstream(Router::new().route("/", get(|| async { "hello" })));
    let route = route(tenant.folder.path());
    for _ in 0..50 {
        assert_eq!(send(&route, get_path("/")).await, (StatusCode::OK, Bytes::from("hello")));
    }
    assert_eq!(tenant.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_that_is_given_up_takes_its_connection_with_it() {
    let body = || async {
        let endless = futures_util::stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from(vec![b'x'; 4096])));
        Body::from_stream(endless)
    };
    let tenant = upstream(Router::new().route("/endless", get(body)).route("/", get(|| async { "hello" })));
    let route = route(tenant.folder.path());
    let mut answer = proxy::forward(&route, get_path("/endless"), (None, "id"), Duration::from_secs(1)).await;
    assert!(answer.body_mut().frame().await.unwrap().is_ok(), "it streams: the first part comes before the last");
    drop(answer);
    assert_eq!(send(&route, get_path("/")).await, (StatusCode::OK, Bytes::from("hello")));
    assert_eq!(tenant.connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn b42_what_a_tenant_sees_is_what_the_gateway_says() {
    let seen = any(|request: Request| async move {
        let mut lines: Vec<String> =
            request.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.push(request.uri().to_string());
        lines.join("\n")
    });
    let tenant = upstream(Router::new().fallback(seen));
    let route = route(tenant.folder.path());
    let request = Request::get("http://PRACTICE.localhost:8600/a%2Fb?x=1&x=2")
        .header("host", "PRACTICE.localhost:8600")
        .header("x-forwarded-host", "evil.test")
        .header("x-polder-client-ip", "6.6.6.6")
        .header("forwarded", "host=evil.test")
        .header("connection", "close, cookie")
        .header("cookie", "a=1")
        .header("accept", "*/*")
        .body(Body::empty())
        .unwrap();
    let client = "192.0.2.1".parse().ok();
    let answer = proxy::forward(&route, request, (client, "0123456789abcdef"), Duration::from_secs(1)).await;
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    let mut lines: Vec<&str> = std::str::from_utf8(&text).unwrap().lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "/a%2Fb?x=1&x=2",
            "accept: */*",
            "host: practice.localhost:8600",
            "x-polder-client-ip: 192.0.2.1",
            "x-polder-request-id: 0123456789abcdef",
        ]
    );
}

#[tokio::test]
async fn f09_a_body_beyond_the_limit_is_refused_whether_its_length_is_said_or_not() {
    let tenant = upstream(Router::new().route(
        "/",
        any(|body: Body| async move {
            match body.collect().await {
                Ok(_) => StatusCode::OK,
                Err(_) => StatusCode::BAD_REQUEST,
            }
        }),
    ));
    let route = route(tenant.folder.path());
    let large = vec![0_u8; 1024 * 1024 + 1];
    let said = Request::post("/").header("content-length", large.len()).body(Body::from(large.clone())).unwrap();
    assert_eq!(send(&route, said).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let parts: Vec<Result<Bytes, Infallible>> =
        large.chunks(65536).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    let unsaid = Request::post("/").body(Body::from_stream(futures_util::stream::iter(parts))).unwrap();
    assert!(send(&route, unsaid).await.0.is_client_error());
    let two = Request::post("/").header("content-length", "1").header("content-length", "2").body(Body::from("a"));
    assert_eq!(send(&route, two.unwrap()).await.0, StatusCode::BAD_REQUEST);
    let small = Request::post("/").body(Body::from("small")).unwrap();
    assert_eq!(send(&route, small).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_tenant_that_is_slow_or_gone_is_said_so_neutrally() {
    let hits = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&hits);
    let slow = get(|| async { tokio::time::sleep(Duration::from_secs(5)).await });
    let broken = any(move || {
        count.fetch_add(1, Ordering::SeqCst);
        async {
            // Without the hook: writing a backtrace takes longer than the gateway's patience here.
            if true {
                std::panic::resume_unwind(Box::new("as a crash does"));
            }
        }
    });
    let tenant = upstream(Router::new().route("/slow", slow).route("/broken", broken));
    let route = route(tenant.folder.path());
    assert_eq!(send(&route, get_path("/slow")).await.0, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(send(&route, get_path("/broken")).await.0, StatusCode::BAD_GATEWAY);
    assert_eq!(hits.load(Ordering::SeqCst), 1, "what was sent once is never repeated");

    tenant.task.abort();
    assert!(tenant.task.await.is_err());
    let (status, page) = send(&route, get_path("/")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(page.contains("One moment") && !page.contains("practice"), "{page}");
}

#[tokio::test]
async fn a_request_waits_for_a_tenant_that_is_just_starting() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("run")).unwrap();
    let route = route(folder.path());
    let path = folder.path().join("run/public.sock");
    let later = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        accept(path, Router::new().fallback(|| async { "awake" }), Arc::default()).await;
    });
    assert_eq!(send(&route, get_path("/")).await, (StatusCode::OK, Bytes::from("awake")));
    later.abort();
}

#[tokio::test]
async fn a_closed_kept_connection_is_replaced_without_the_client_noticing() {
    let closing = get(|| async { ([("connection", "close")], "bye").into_response() });
    let tenant = upstream(Router::new().route("/", closing));
    let route = route(tenant.folder.path());
    for _ in 0..20 {
        assert_eq!(send(&route, get_path("/")).await.0, StatusCode::OK);
    }
}

async fn through(front: &mut Front, host: &str) -> (StatusCode, String, Bytes) {
    let request = Request::get("/").header("host", host).body(Body::empty()).unwrap();
    let answer: Response = front.call(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    (parts.status, format!("{:?}", parts.headers), body.collect().await.unwrap().to_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn g25_who_is_under_way_is_answered_before_a_tenant_is_stopped() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let (began, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (seen, done) = (Arc::clone(&began), Arc::clone(&answered));
    let slow = move || {
        let (seen, done) = (Arc::clone(&seen), Arc::clone(&done));
        async move {
            seen.store(true, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(300)).await;
            done.store(true, Ordering::SeqCst);
            "hello"
        }
    };
    let tenant = upstream(Router::new().fallback(slow));
    app.routes.open("practice", route(tenant.folder.path()));
    let mut front = Front::new(&app);
    let asked = tokio::spawn(async move { through(&mut front, "practice.localhost:8600").await });
    while !began.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let before = app.routes.close("practice");
    assert!(before.is_some() && !answered.load(Ordering::SeqCst));
    finish(before).await;
    assert!(answered.load(Ordering::SeqCst), "it was waited for");
    assert_eq!(asked.await.unwrap().2, "hello");
    finish(app.routes.close("practice")).await;
    app.db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g07_an_unknown_host_and_a_disabled_tenant_look_the_same() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = upstream(Router::new().fallback(|| async { "hello" }));
    app.routes.open("practice", route(tenant.folder.path()));
    let mut front = Front::new(&app);
    assert_eq!(through(&mut front, "practice.localhost:8600").await.2, "hello");
    app.routes.close("practice");
    let disabled = through(&mut front, "practice.localhost:8600").await;
    assert_eq!(disabled.0, StatusCode::MISDIRECTED_REQUEST);
    for unknown in ["nobody.localhost:8600", "practice.localhost.:8600", "127.0.0.1:8600", "evil.test"] {
        assert_eq!(through(&mut front, unknown).await, disabled, "{unknown}");
    }
    app.db.close().await;
}
