//! The courier as tenants meet it: over its socket, with a mail server of its own behind it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::body::Body;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use hyper_util::service::TowerToHyperService;
use polder_db::testing::{TestDatabase, sqlite};
use polder_kernel::Clock;
use polder_outbound::{Mail, Mailer, SendError, Sender};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::*;
use crate::store::MIGRATIONS;
use crate::testing::World;

const MESSAGE: &str =
    r#"{"id":"m1","to":"ann@example.test","subject":"Hi","text":"12345678","html":"<p>12345678</p>"}"#;

fn mailbox(folder: &std::path::Path) -> Arc<Mailbox> {
    Arc::new(Mailbox::open(folder.to_owned(), Clock::System).unwrap())
}

fn of_slug(slug: &str) -> Tenant {
    crate::store::tests::tenant(slug, None)
}

fn desk(courier: &Courier, slug: &str) -> Arc<Desk> {
    let exit = match &courier.carrier {
        Carrier::Mailbox(mailbox) => Exit::Mailbox(Arc::clone(mailbox)),
        Carrier::Relay(relay) => Exit::server(relay.mailer_of(slug, None).unwrap()),
    };
    let tenant = of_slug(slug);
    Arc::new(courier.desk(Party::Tenant(tenant.id), (&tenant, tenant.short_id.clone()), exit))
}

/// Where messages are counted.
async fn counting() -> TestDatabase {
    let database = sqlite().await;
    database.db.migrate(MIGRATIONS, Clock::System.now()).await.unwrap();
    database
}

/// So many at once, and no other end.
fn quota(burst: u32, per_hour: u32) -> Quota {
    let (pace, tries) = (Pace { burst, per_hour }, Pace { burst: 100_000, per_hour: 100_000 });
    Quota { pace, tries, per_hour: 100_000, per_day: 100_000 }
}

async fn post(router: &axum::Router, body: String) -> Response<Body> {
    let request = Request::post("/messages").header("content-type", "application/json").body(Body::from(body)).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

async fn post_to(mailbox: &Arc<Mailbox>, body: &str) -> StatusCode {
    let counting = counting().await;
    let courier = Courier::new(Carrier::Mailbox(Arc::clone(mailbox)), Clock::System, counting.db.clone());
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
    let counting = counting().await;
    let courier = Courier::with(carrier, (Clock::System, counting.db.clone()), quota(3, 3600), share);
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
    let counting = counting().await;
    let courier = Courier::with(
        Carrier::Relay(server.relay.clone()),
        (Clock::System, counting.db.clone()),
        quota(10_000, 3600),
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
    let counting = counting().await;
    let courier = Courier::with(carrier, (Clock::System, counting.db.clone()), quota(2, 1), share);
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
    let counting = counting().await;
    let courier = Courier::new(Carrier::Relay(server.relay.clone()), Clock::System, counting.db.clone());
    let tenant = tenant(&courier, folder.path(), "practice");
    tenant.send(&mail(1, "ann@example.test")).await.unwrap();
    let refused = tenant.send(&mail(2, "nobody@example.test")).await.unwrap_err();
    assert!(!refused.is_temporary(), "{refused}");
    let heard = server.heard.lock().unwrap().clone();
    assert!(heard.iter().any(|line| line == "From: practice <no-reply@polder.test>"), "{heard:?}");
    assert!(heard.iter().any(|line| line.starts_with("MAIL FROM:<no-reply@polder.test>")), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g27_five_thousand_mails_of_one_tenant_do_not_keep_back_the_code_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Duration::from_millis(20)).await;
    let counting = counting().await;
    let carrier = Carrier::Relay(server.relay.clone());
    let share = carrier.share();
    let courier = Courier::with(carrier, (Clock::System, counting.db.clone()), quota(100_000, 3600), share);
    let (a, b) = (tenant(&courier, folder.path(), "flooded"), tenant(&courier, folder.path(), "quiet"));
    // A's outbox holds them all, and hands over as many at a time as the socket takes.
    let queued = Arc::new(Mutex::new((0..5000).collect::<Vec<usize>>()));
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (a, queued) = (a.clone(), Arc::clone(&queued));
        flood.spawn(async move {
            loop {
                let Some(id) = queued.lock().unwrap().pop() else { return };
                if a.send(&mail(id, "ann@example.test")).await.is_err() {
                    queued.lock().unwrap().insert(0, id);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        });
    }
    while server.taken.load(Ordering::SeqCst) < 50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut took = Vec::new();
    for id in 0..9 {
        let asked = Instant::now();
        b.send(&mail(id, "bob@example.test")).await.unwrap();
        took.push(asked.elapsed());
    }
    took.sort_unstable();
    assert!(took[4] < Duration::from_secs(1), "{took:?}");
    let taken = server.taken.load(Ordering::SeqCst);
    assert!(taken < 4000, "the flood was still on: {taken}");
}

/// What a process that connects to a socket hears, within a moment.
async fn heard_at(socket: &std::path::Path) -> String {
    use tokio::io::AsyncReadExt;
    let mut stream = tokio::net::UnixStream::connect(socket).await.unwrap();
    let request = format!(
        "POST /messages HTTP/1.1\r\nHost: courier\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{MESSAGE}",
        MESSAGE.len()
    );
    drop(stream.write_all(request.as_bytes()).await);
    let mut answer = Vec::new();
    drop(tokio::time::timeout(Duration::from_secs(2), stream.read_buf(&mut answer)).await);
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn g14_only_the_tenants_own_process_may_send_and_the_coaching_platform_at_a_socket_of_its_own() {
    let world = World::new().await;
    let (app, acme) = (&world.app, world.tenant("acme").await);
    let process = |pid: u32| Peer::from(Arc::new(std::sync::atomic::AtomicI32::new(pid.cast_signed())));
    app.courier.open(app, &acme).await.unwrap();
    app.courier.open_coaching(app, &acme).unwrap();
    let tenants = app.settings.layout.tenant_run(&acme.short_id).join(SOCKET);
    let coachings = app.settings.layout.coaching().join(SOCKET);
    for (party, socket) in [(Party::Tenant(acme.id), &tenants), (Party::Coaching, &coachings)] {
        for nobody in [None, Some(process(1)), Some(process(0))] {
            app.courier.admit(party, nobody);
            assert_eq!(heard_at(socket).await, "");
        }
        assert!(app.mailbox.to(None).await.unwrap().is_empty());
    }
    // Who may come in at one door may not at the other.
    app.courier.admit(Party::Coaching, Some(process(std::process::id())));
    assert_eq!(heard_at(&tenants).await, "");
    assert!(heard_at(&coachings).await.starts_with("HTTP/1.1 200 "));
    app.courier.admit(Party::Coaching, None);
    app.courier.admit(Party::Tenant(acme.id), Some(process(std::process::id())));
    assert!(heard_at(&tenants).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(heard_at(&coachings).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_mail_comes_from_a_tenants_own_domain_once_it_is_verified() {
    use crate::store::mail_domains::{Row, put};
    let server = Server::start(Duration::ZERO).await;
    let world = World::new().await;
    let (app, acme) = (&world.app, world.tenant("acme").await);
    let courier = Courier::new(Carrier::Relay(server.relay.clone()), app.clock.clone(), app.db.clone());
    courier.open(app, &acme).await.unwrap();
    let own = Arc::new(std::sync::atomic::AtomicI32::new(std::process::id().cast_signed()));
    courier.admit(Party::Tenant(acme.id), Some(own.into()));
    let socket = app.settings.layout.tenant_run(&acme.short_id).join(SOCKET);
    let mut tenant = Mailer::Courier(polder_outbound::Courier::new(&socket));
    let mut number = 0;
    let mut heard = async |tenant: &mut Mailer| {
        number += 1;
        server.heard.lock().unwrap().clear();
        tenant.send(&mail(number, "ann@example.test")).await.unwrap();
        let heard = server.heard.lock().unwrap().clone();
        let of = |start: &str| heard.iter().find(|line| line.starts_with(start)).unwrap().clone();
        let (from, envelope, id) = (of("From: "), of("MAIL FROM:"), of("Message-ID: "));
        assert!(id.contains(&acme.short_id), "another tenant cannot take this id: {id}");
        (from, envelope.split(' ').take(2).collect::<Vec<_>>().join(" "))
    };
    let record = async |verified_at| {
        let (id, now) = (acme.id, app.clock.now());
        let row = Row { domain: "mail.acme.example".to_owned(), verified_at };
        app.db.write(move |tx| Box::pin(async move { put(tx, id, &row, now).await })).await.unwrap();
        courier.reload(app, &acme).await.unwrap();
    };
    let installations =
        (format!("From: {} <no-reply@polder.test>", acme.name), "MAIL FROM:<no-reply@polder.test>".to_owned());
    assert_eq!(heard(&mut tenant).await, installations);
    record(None).await;
    assert_eq!(heard(&mut tenant).await, installations, "nobody has said that it is theirs");
    record(Some(app.clock.now())).await;
    let own = (
        format!("From: {} <no-reply@mail.acme.example>", acme.name),
        "MAIL FROM:<no-reply@mail.acme.example>".to_owned(),
    );
    assert_eq!(heard(&mut tenant).await, own);
    // And so it is after a restart.
    courier.open(app, &acme).await.unwrap();
    let again = Arc::new(std::sync::atomic::AtomicI32::new(std::process::id().cast_signed()));
    courier.admit(Party::Tenant(acme.id), Some(again.into()));
    assert_eq!(heard(&mut tenant).await, own);
}
