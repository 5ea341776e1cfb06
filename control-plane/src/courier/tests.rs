//! The courier as tenants meet it: over its socket, with a mail server of its own behind it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::body::Body;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use hyper_util::service::TowerToHyperService;
use polder_kernel::{Clock, Entropy};
use polder_outbound::{Mail, Mailer, SendError, Sender};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::*;

const MESSAGE: &str =
    r#"{"id":"m1","to":"ann@example.test","subject":"Hi","text":"12345678","html":"<p>12345678</p>"}"#;

fn mailbox(folder: &std::path::Path) -> Arc<Mailbox> {
    Arc::new(Mailbox::open(folder.to_owned(), Clock::System).unwrap())
}

fn desk(courier: &Courier, slug: &str) -> Desk {
    let exit = match &courier.carrier {
        Carrier::Mailbox(mailbox) => Exit::Mailbox(Arc::clone(mailbox)),
        Carrier::Relay(relay) => Exit::Server(relay.mailer_of(slug).unwrap()),
    };
    Desk {
        tenant: TenantId::new(&Clock::System, &Entropy::System),
        slug: slug.parse().unwrap(),
        exit,
        turns: courier.turns.clone(),
        quotas: Arc::clone(&courier.quotas),
    }
}

async fn post(router: &axum::Router, body: String) -> Response<Body> {
    let request = Request::post("/messages").header("content-type", "application/json").body(Body::from(body)).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

async fn post_to(mailbox: &Arc<Mailbox>, body: &str) -> StatusCode {
    let courier = Courier::new(Carrier::Mailbox(Arc::clone(mailbox)), Clock::System);
    post(&desk::router(desk(&courier, "practice")), body.to_owned()).await.status()
}

#[tokio::test]
async fn p7_a_message_is_acknowledged_only_when_it_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    assert_eq!(post_to(&mailbox, MESSAGE).await, StatusCode::OK);
    // What was acknowledged is there for whoever opens the folder next, as after kill -9.
    let again = self::mailbox(folder.path());
    let found = again.to(Some("ann@example.test")).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id.as_str(), found[0].tenant.as_str()), ("m1", "practice"));

    std::fs::remove_dir_all(folder.path()).unwrap();
    let second = MESSAGE.replace("m1", "m2");
    assert_eq!(post_to(&mailbox, &second).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn p7_a_message_sent_again_is_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    for _ in 0..3 {
        assert_eq!(post_to(&mailbox, MESSAGE).await, StatusCode::OK);
    }
    assert_eq!(mailbox.to(None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn p7_what_is_no_message_is_refused_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    for wrong in ["{", "{}", &MESSAGE.replace("ann@", "ann"), &MESSAGE.replace("\"m1\"", "\"\"")] {
        assert!(post_to(&mailbox, wrong).await.is_client_error(), "{wrong}");
    }
    assert!(mailbox.to(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn g27_a_tenant_beyond_its_quota_is_told_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = Carrier::Mailbox(mailbox(folder.path()));
    let share = carrier.share();
    let courier = Courier::with(carrier, Clock::System, Quota { burst: 3, per_hour: 3600 }, share);
    let (a, b) = (desk::router(desk(&courier, "flooded")), desk::router(desk(&courier, "quiet")));
    for id in 0..3 {
        assert_eq!(post(&a, MESSAGE.replace("m1", &id.to_string())).await.status(), StatusCode::OK);
    }
    let refused = post(&a, MESSAGE.to_owned()).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[RETRY_AFTER], "1");
    assert_eq!(post(&b, MESSAGE.to_owned()).await.status(), StatusCode::OK);
}

/// A mail server that takes its time, and can be told to go away.
struct Server {
    relay: Relay,
    heard: Arc<Mutex<Vec<String>>>,
    taken: Arc<AtomicUsize>,
    gone: Arc<AtomicBool>,
}

impl Server {
    async fn start(pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap()).parse().unwrap();
        let sender: Sender = "Whoever <no-reply@polder.test>".parse().unwrap();
        let server = Self {
            relay: Relay::new(&url, None, sender).unwrap(),
            heard: Arc::default(),
            taken: Arc::default(),
            gone: Arc::default(),
        };
        let (heard, taken, gone) = (Arc::clone(&server.heard), Arc::clone(&server.taken), Arc::clone(&server.gone));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, pause, Arc::clone(&heard), (Arc::clone(&taken), Arc::clone(&gone))));
            }
        });
        server
    }
}

async fn converse(
    stream: TcpStream,
    pause: Duration,
    heard: Arc<Mutex<Vec<String>>>,
    (taken, gone): (Arc<AtomicUsize>, Arc<AtomicBool>),
) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut in_data = false;
    if gone.load(Ordering::SeqCst) || writer.write_all(b"220 stub\r\n").await.is_err() {
        return;
    }
    while let Ok(Some(line)) = lines.next_line().await {
        if gone.load(Ordering::SeqCst) {
            return;
        }
        heard.lock().unwrap().push(line.clone());
        let answer = match (in_data, line.as_str()) {
            (true, ".") => {
                tokio::time::sleep(pause).await;
                taken.fetch_add(1, Ordering::SeqCst);
                in_data = false;
                "250 taken"
            }
            (true, _) => continue,
            (false, "DATA") => {
                in_data = true;
                "354 go on"
            }
            (false, line) if line.contains("nobody@") => "550 not here",
            _ => "250 fine",
        };
        if writer.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A tenant's end of its socket.
fn tenant(courier: &Courier, folder: &std::path::Path, slug: &str) -> Mailer {
    let run = folder.join(slug);
    std::fs::create_dir(&run).unwrap();
    let socket = TenantSocket::bind(&run, SOCKET).unwrap();
    let service = TowerToHyperService::new(desk::router(desk(courier, slug)));
    tokio::spawn(socket.serve(service, CONNECTIONS, |_| true, Shutdown::new()));
    Mailer::Courier(polder_outbound::Courier::new(run.join(SOCKET)))
}

fn mail(id: usize, to: &str) -> Mail {
    Mail {
        id: format!("m-{id}"),
        to: to.parse().unwrap(),
        subject: "Your code".into(),
        text: "12345678".to_owned(),
        html: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g27_a_flood_of_one_tenant_does_not_delay_the_code_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Duration::from_millis(60)).await;
    let courier = Courier::with(
        Carrier::Relay(server.relay.clone()),
        Clock::System,
        Quota { burst: 10_000, per_hour: 3600 },
        Share { lanes: 4, per_tenant: 2, waiting: 64, patience: PATIENCE },
    );
    let (a, b) = (tenant(&courier, folder.path(), "flooded"), tenant(&courier, folder.path(), "quiet"));
    let mut flood = tokio::task::JoinSet::new();
    for id in 0..500 {
        let a = a.clone();
        flood.spawn(async move { a.send(&mail(id, "ann@example.test")).await });
    }
    while server.taken.load(Ordering::SeqCst) < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut slowest = Duration::ZERO;
    for id in 0..5 {
        let asked = Instant::now();
        b.send(&mail(id, "bob@example.test")).await.unwrap();
        slowest = slowest.max(asked.elapsed());
    }
    // Alone it takes 60 ms; all of the flood, two at a time, a quarter of a minute.
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    let before = server.taken.load(Ordering::SeqCst);
    assert!(before < 300, "the flood was still on: {before}");
    // Of the flood, everything that was not taken was told to come back.
    let mut later = 0;
    while let Some(sent) = flood.join_next().await {
        match sent.unwrap() {
            Ok(()) => {}
            Err(SendError::Later(_, after)) => {
                assert!(after >= Duration::from_secs(1));
                later += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(later > 100, "a line has an end: {later}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d27_a_mail_server_that_is_gone_is_waited_for_by_the_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Duration::ZERO).await;
    let carrier = Carrier::Relay(server.relay.clone());
    let share = carrier.share();
    let courier = Courier::with(carrier, Clock::System, Quota { burst: 2, per_hour: 1 }, share);
    let tenant = tenant(&courier, folder.path(), "practice");
    assert_eq!(tenant.send(&mail(1, "ann@example.test")).await, Ok(()));

    server.gone.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        let error = tenant.send(&mail(2, "ann@example.test")).await.unwrap_err();
        assert_eq!(error, SendError::Temporary("the courier answered 503".to_owned()), "and it costs no quota");
    }
    server.gone.store(false, Ordering::SeqCst);
    assert_eq!(tenant.send(&mail(2, "ann@example.test")).await, Ok(()), "without help");
    assert_eq!(server.taken.load(Ordering::SeqCst), 2, "taken once each");
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_the_mail_server_hears_from_the_sender_that_the_control_plane_fixed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Duration::ZERO).await;
    let courier = Courier::new(Carrier::Relay(server.relay.clone()), Clock::System);
    let tenant = tenant(&courier, folder.path(), "practice");
    tenant.send(&mail(1, "ann@example.test")).await.unwrap();
    let refused = tenant.send(&mail(2, "nobody@example.test")).await.unwrap_err();
    assert!(!refused.is_temporary(), "{refused}");
    let heard = server.heard.lock().unwrap().clone();
    assert!(heard.iter().any(|line| line == "From: practice <no-reply@polder.test>"), "{heard:?}");
    assert!(heard.iter().any(|line| line.starts_with("MAIL FROM:<no-reply@polder.test>")), "{heard:?}");
}
