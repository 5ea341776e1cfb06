//! The gate as a tenant meets it: over its socket. Nothing but this machine is ever contacted.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};

use super::allow_list::{AllowError, allow, list, withdraw};
use super::*;
use crate::audit::ActingFor;
use crate::model::{Actor, EgressRuleId, MemberId};
use crate::testing::World;

const SHORT: Limits = Limits {
    tunnels: 2,
    lookups: 2,
    resolve: Duration::from_millis(300),
    connect: Duration::from_millis(500),
    idle: Duration::from_secs(5),
    total: Duration::from_secs(20),
    bytes: 1_000_000,
    pace: Pace { burst: 1000, per_hour: 1000 },
    kibibytes: Pace { burst: 1_000_000, per_hour: 1000 },
};

/// A tenant with a way out.
struct Stage {
    world: World,
    egress: Egress,
    tenant: Tenant,
    socket: PathBuf,
    lookups: Arc<AtomicUsize>,
}

impl Stage {
    /// Names lead to what `found` says.
    async fn new(found: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static, limits: Limits) -> Self {
        let world = World::new().await;
        let tenant = world.tenant("acme").await;
        let lookups = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&lookups);
        let answer = move |name: &str| {
            counting.fetch_add(1, Ordering::SeqCst);
            found(name)
        };
        let egress = Egress::new(Names::Told(Arc::new(answer)), limits, true);
        egress.open(&world.app, &tenant).await.unwrap();
        egress.admit(tenant.id, Some(process(std::process::id().cast_signed())));
        let socket = world.app.settings.layout.tenant_run(&tenant.short_id).join(SOCKET);
        Self { world, egress, tenant, socket, lookups }
    }

    async fn allow(&self, host: &str) -> EgressRuleId {
        let rule = allow(&self.world.app, &self.tenant, &ActingFor::system(), host).await.unwrap().id;
        // The application knows its own gates.
        self.egress.reload(&self.world.app.db, self.tenant.id).await.unwrap();
        rule
    }

    async fn ask(&self, request: &str) -> UnixStream {
        let mut stream = UnixStream::connect(&self.socket).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// The answer to CONNECT, as far as its head and a short body go.
    async fn connect(&self, to: &str) -> (UnixStream, String) {
        let mut stream = self.ask(&format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n")).await;
        let answer = head_of(&mut stream).await;
        (stream, answer)
    }

    fn counted(&self) -> Counted {
        self.egress.counted(self.tenant.id).unwrap()
    }
}

async fn head_of(stream: &mut UnixStream) -> String {
    let (mut answer, mut buffer) = (String::new(), [0; 4096]);
    while !answer.contains("\r\n\r\n") {
        let n = stream.read(&mut buffer).await.unwrap();
        answer.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
        if n == 0 {
            break;
        }
    }
    answer
}

fn process(pid: i32) -> Peer {
    Arc::new(AtomicI32::new(pid)).into()
}

/// A host on this machine that says back what it hears.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut reads, mut writes) = stream.split();
                drop(tokio::io::copy(&mut reads, &mut writes).await);
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_what_is_not_on_the_list_is_refused_with_a_problem() {
    let stage = Stage::new(|_| vec![], SHORT).await;
    stage.allow("api.example.org").await;
    for to in ["evil.example:443", "api.example.org:80", "1.1.1.1:443", "127.0.0.1:443", "[::1]:443", "x.localhost:443"]
    {
        let (_, answer) = stage.connect(to).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{to}: {answer}");
        assert!(answer.to_lowercase().contains("content-type: application/problem+json"), "{answer}");
    }
    assert_eq!(stage.lookups.load(Ordering::SeqCst), 0, "nobody is asked about a name that is not on the list");
    for (request, status) in [
        ("GET http://api.example.org/ HTTP/1.1\r\nHost: api.example.org\r\n\r\n", "405"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405"),
        ("CONNECT api.example.org HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("CONNECT me@api.example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("CONNECT 0x7f.1:443 HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("CONNECT 2130706433:443 HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
    ] {
        let answer = head_of(&mut stage.ask(request).await).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    let counted = stage.counted();
    assert_eq!((counted.opened, counted.failed), (0, 0));
    assert!(counted.refused >= 10, "{counted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_name_that_leads_inside_is_refused() {
    let inside = [
        "127.0.0.1",
        "10.0.0.5",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "168.63.129.16",
        "::1",
        "fd00:ec2::254",
        "fe80::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
    ];
    let ips: Vec<IpAddr> = inside.iter().map(|ip| ip.parse().unwrap()).collect();
    let public: IpAddr = "1.1.1.1".parse().unwrap();
    let found = move |name: &str| {
        let (kind, number) = name.split_once('.').unwrap().0.split_once('-').unwrap();
        let inner = ips[number.parse::<usize>().unwrap()];
        match kind {
            "only" => vec![inner],
            "first" => vec![inner, public],
            _ => vec![public, inner],
        }
    };
    let stage = Stage::new(found, SHORT).await;
    stage.allow(".example.org").await;
    for (number, ip) in inside.iter().enumerate() {
        for kind in ["only", "first", "last"] {
            let (_, answer) = stage.connect(&format!("{kind}-{number}.example.org:443")).await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{kind} {ip}: {answer}");
        }
    }
    assert_eq!(stage.counted().opened, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_name_server_that_does_not_answer_holds_up_nothing_else() {
    let slow = |name: &str| {
        if name.starts_with("slow") {
            std::thread::sleep(Duration::from_millis(900));
        }
        vec![]
    };
    let stage = Stage::new(slow, Limits { tunnels: 8, lookups: 2, ..SHORT }).await;
    stage.allow(".example.org").await;
    let begun = Instant::now();
    let (one, two, three) = tokio::join!(
        stage.connect("slow1.example.org:443"),
        stage.connect("slow2.example.org:443"),
        stage.connect("slow3.example.org:443")
    );
    for (_, answer) in [one, two, three] {
        assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    }
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
    assert_eq!(stage.lookups.load(Ordering::SeqCst), 2, "a third lookup waits for a place");
    assert_eq!(stage.counted().failed, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a52_a_port_of_this_machine_is_reached_where_it_is_allowed_and_no_longer() {
    let stage = Stage::new(|_| vec![], SHORT).await;
    let host = echo().await.to_string();
    let rule = stage.allow(&host).await;
    let (mut tunnel, answer) = stage.connect(&host).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    tunnel.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    tunnel.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
    drop(tunnel);
    while stage.counted().bytes_back == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let counted = stage.counted();
    assert_eq!((counted.opened, counted.bytes_out, counted.bytes_back), (1, 5, 5));

    assert!(withdraw(&stage.world.app, &stage.tenant, &ActingFor::system(), rule).await.unwrap());
    stage.egress.reload(&stage.world.app.db, stage.tenant.id).await.unwrap();
    assert!(stage.connect(&host).await.1.starts_with("HTTP/1.1 403 "));
    assert!(!withdraw(&stage.world.app, &stage.tenant, &ActingFor::system(), rule).await.unwrap());
    // In production such a rule is no rule, even where one was stored.
    stage.allow(&host).await;
    let strict = Egress::new(Names::System, SHORT, false);
    strict.open(&stage.world.app, &stage.tenant).await.unwrap();
    strict.admit(stage.tenant.id, Some(process(std::process::id().cast_signed())));
    assert!(stage.connect(&host).await.1.starts_with("HTTP/1.1 403 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_tunnel_has_limits() {
    let host = echo().await.to_string();
    let limits =
        Limits { idle: Duration::from_millis(400), total: Duration::from_millis(2000), bytes: 100_000, ..SHORT };
    let stage = Stage::new(|_| vec![], limits).await;
    stage.allow(&host).await;

    let (mut silent, _) = stage.connect(&host).await;
    let begun = Instant::now();
    assert_eq!(silent.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert!((350..2000).contains(&begun.elapsed().as_millis()), "idle: {:?}", begun.elapsed());

    let (mut busy, _) = stage.connect(&host).await;
    let begun = Instant::now();
    while busy.write_all(b"x").await.is_ok() && busy.read(&mut [0; 8]).await.is_ok_and(|n| n > 0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!((1800..10_000).contains(&begun.elapsed().as_millis()), "total: {:?}", begun.elapsed());

    let (big, _) = stage.connect(&host).await;
    let (mut reads, mut writes) = tokio::io::split(big);
    let sending = tokio::spawn(async move { writes.write_all(&vec![0; 1_000_000]).await.is_ok() });
    let mut back = Vec::new();
    drop(reads.read_to_end(&mut back).await);
    assert!(back.len() < 100_000, "bytes: {}", back.len());
    drop(sending.await);

    let (first, second) = (stage.connect(&host).await, stage.connect(&host).await);
    assert!(first.1.starts_with("HTTP/1.1 200 ") && second.1.starts_with("HTTP/1.1 200 "));
    let (_, third) = stage.connect(&host).await;
    assert!(third.starts_with("HTTP/1.1 429 ") && third.to_lowercase().contains("retry-after: 1"), "{third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g14_only_the_tenants_own_process_is_let_out() {
    let host = echo().await.to_string();
    let stage = Stage::new(|_| vec![], SHORT).await;
    stage.allow(&host).await;
    let answer = async || {
        let mut stream = UnixStream::connect(&stage.socket).await.unwrap();
        drop(stream.write_all(format!("CONNECT {host} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await);
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_millis(300), stream.read_buf(&mut answer)).await;
        drop(read);
        answer
    };
    for nobody in [None, Some(process(1)), Some(process(0))] {
        stage.egress.admit(stage.tenant.id, nobody);
        assert!(answer().await.is_empty());
    }
    assert_eq!((stage.counted().strangers, stage.counted().opened), (3, 0));
    stage.egress.admit(stage.tenant.id, Some(process(std::process::id().cast_signed())));
    assert!(answer().await.starts_with(b"HTTP/1.1 200 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn g14_a_tenant_that_stops_takes_its_tunnels_with_it() {
    let host = echo().await.to_string();
    let stage = Stage::new(|_| vec![], SHORT).await;
    stage.allow(&host).await;
    let (mut tunnel, _) = stage.connect(&host).await;
    stage.egress.close(stage.tenant.id);
    let ended = tokio::time::timeout(Duration::from_secs(2), tunnel.read(&mut [0; 8])).await;
    assert_eq!(ended.unwrap().unwrap_or(0), 0);
    assert!(UnixStream::connect(&stage.socket).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn k15_the_list_is_changed_by_somebody_and_written_down() {
    let world = World::new().await;
    let (acme, foreign) = (world.tenant("acme").await, world.tenant("foreign").await);
    let member = Actor::Member(MemberId::new(&world.app.clock, &world.app.entropy));
    let by = ActingFor { actor: member, ..ActingFor::system() };
    let rule = allow(&world.app, &acme, &by, "Accounts.Example.org").await.unwrap();
    assert!(matches!(allow(&world.app, &acme, &by, "accounts.example.org").await, Err(AllowError::There)), "twice");
    assert!(matches!(allow(&world.app, &acme, &by, "169.254.169.254").await, Err(AllowError::Rule(_))));
    assert_eq!(list(&world.app, &acme).await.unwrap(), std::slice::from_ref(&rule));
    assert!(list(&world.app, &foreign).await.unwrap().is_empty());
    assert!(!withdraw(&world.app, &foreign, &by, rule.id).await.unwrap(), "another tenant's rule");
    assert!(withdraw(&world.app, &acme, &by, rule.id).await.unwrap());
    let log = world.log().await;
    let told: Vec<_> = log.iter().filter(|(action, _, _)| action.starts_with("egress.")).collect();
    assert_eq!(told.len(), 2);
    for ((action, kind, details), expected) in told.into_iter().zip(["egress.allowed", "egress.withdrawn"]) {
        assert_eq!((action.as_str(), kind.as_str()), (expected, "member"));
        assert_eq!(details["host"], "accounts.example.org");
        assert_eq!(details["tenant"], "acme");
    }
    for number in 0..crate::store::egress_rules::MOST {
        allow(&world.app, &acme, &by, &format!("h{number}.example.org")).await.unwrap();
    }
    assert!(matches!(allow(&world.app, &acme, &by, "one-more.example.org").await, Err(AllowError::TooMany)));
}

#[tokio::test(flavor = "multi_thread")]
async fn k15_a_rule_that_is_withdrawn_closes_its_tunnels_and_no_others() {
    let world = World::new().await;
    let (acme, by) = (world.tenant("acme").await, ActingFor::system());
    let (gone, kept) = (echo().await.to_string(), echo().await.to_string());
    world.app.egress.open(&world.app, &acme).await.unwrap();
    world.app.egress.admit(acme.id, Some(process(std::process::id().cast_signed())));
    let socket = world.app.settings.layout.tenant_run(&acme.short_id).join(SOCKET);
    let connect = async |to: &str| {
        let mut stream = UnixStream::connect(&socket).await.unwrap();
        stream.write_all(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes()).await.unwrap();
        let answer = head_of(&mut stream).await;
        (stream, answer.starts_with("HTTP/1.1 200 "))
    };
    assert!(!connect(&gone).await.1, "nothing is allowed yet");
    let rule = allow(&world.app, &acme, &by, &gone).await.unwrap();
    allow(&world.app, &acme, &by, &kept).await.unwrap();
    let ((mut closing, first), (mut staying, second)) = (connect(&gone).await, connect(&kept).await);
    assert!(first && second, "allowed from now on");
    assert!(withdraw(&world.app, &acme, &by, rule.id).await.unwrap());
    let ended = tokio::time::timeout(Duration::from_secs(5), closing.read(&mut [0; 8])).await;
    assert_eq!(ended.unwrap().unwrap_or(0), 0);
    assert!(!connect(&gone).await.1);
    staying.write_all(b"hello").await.unwrap();
    assert_eq!(staying.read(&mut [0; 8]).await.unwrap(), 5, "another rule's tunnel stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_what_a_tenant_takes_through_many_tunnels_has_an_end() {
    let host = echo().await.to_string();
    let stage = Stage::new(|_| vec![], Limits { tunnels: 8, pace: Pace { burst: 3, per_hour: 3600 }, ..SHORT }).await;
    stage.allow(&host).await;
    for _ in 0..3 {
        assert!(stage.connect(&host).await.1.starts_with("HTTP/1.1 200 "));
    }
    let (_, refused) = stage.connect(&host).await;
    assert!(refused.starts_with("HTTP/1.1 429 ") && refused.to_lowercase().contains("retry-after: "), "{refused}");
    stage.world.app.clock.advance(Duration::from_secs(3));
    assert!(stage.connect(&host).await.1.starts_with("HTTP/1.1 200 "));

    let stage =
        Stage::new(|_| vec![], Limits { tunnels: 8, kibibytes: Pace { burst: 100, per_hour: 3600 }, ..SHORT }).await;
    stage.allow(&host).await;
    let (mut tunnel, _) = stage.connect(&host).await;
    tunnel.write_all(&[0; 100 * 1024]).await.unwrap();
    tunnel.read_exact(&mut [0; 100 * 1024]).await.unwrap();
    drop(tunnel);
    while stage.counted().bytes_back == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(stage.connect(&host).await.1.starts_with("HTTP/1.1 429 "), "200 KiB are two minutes' worth");
    stage.world.app.clock.advance(Duration::from_secs(120));
    assert!(stage.connect(&host).await.1.starts_with("HTTP/1.1 200 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_the_tenants_own_client_goes_through_the_gate_and_is_told_when_it_may_not() {
    use polder_outbound::{Egress as Client, EgressError, egress::Limits as Patience};
    let host = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/.well-known/openid-configuration", host.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = host.accept().await {
            drop(stream.read(&mut [0; 4096]).await);
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await);
        }
    });
    let stage = Stage::new(|_| vec!["127.0.0.1".parse().unwrap()], SHORT).await;
    let client = Client::through(&stage.socket).unwrap();
    let ask = async |url: &str| client.get(url, Patience::default()).await;
    assert!(matches!(ask(&url).await, Err(EgressError::Closed(status)) if status == 403));
    stage.allow(url.split('/').nth(2).unwrap()).await;
    assert_eq!(ask(&url).await.unwrap().body().as_ref(), b"{}");
    stage.allow("rebound.example.org").await;
    let refused = ask("https://rebound.example.org/").await.unwrap_err();
    assert!(matches!(refused, EgressError::Closed(status) if status == 403) && !refused.is_temporary(), "{refused}");
    stage.egress.close(stage.tenant.id);
    assert!(ask(&url).await.unwrap_err().is_temporary(), "the control plane may come back");
}
