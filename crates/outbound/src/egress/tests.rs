//! A host behind a way out, and everything that can be wrong with either.

use std::path::Path;
use std::sync::Mutex;

use http::StatusCode;
use polder_kernel::encoding::from_base64url;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::*;

/// A certificate of the host `api.example.org`, which vouches for itself; made for these tests.
const CERTIFICATE: &str = "MIIBWjCCAQCgAwIBAgIBATAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDAR0ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIwOTkxMjMxMjM1\
    OTU5WjAPMQ0wCwYDVQQDDAR0ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE39BXqsA1hOCeO_p1c0pqe6aOGmOcju7R2kJt\
    zubJmzNzCv3N16PeTclB1ZiwYhKsqsXC_WLn_Y_LAfYKn30pcKNLMEkwDAYDVR0TAQH_BAIwADAaBgNVHREEEzARgg9hcGkuZXhh\
    bXBsZS5vcmcwHQYDVR0OBBYEFFs_vR9NqbTQqgEsgzyEFUb0ZkV1MAoGCCqGSM49BAMCA0gAMEUCICK766xntEeUaWmxNhhCUjkr\
    mkRkvr2A4bByxvUYWQkbAiEApt_AMtcLAPZXxOPaLairsr50VIDebiQzqJaUxTIjnyY";
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTBrthVcGmqckYtyHwYVGgeFnAzpCzqU0s74Y_XQp3DGhRANCAATf\
    0FeqwDWE4J47-nVzSmp7po4aY5yO7tHaQm3O5smbM3MK_c3Xo95NyUHVmLBiEqyqxcL9Yuf9j8sB9gqffSlw";

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from(from_base64url(CERTIFICATE).unwrap())
}

fn acceptor() -> TlsAcceptor {
    let key = PrivatePkcs8KeyDer::from(from_base64url(KEY).unwrap()).into();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate()], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A control plane that answers CONNECT with `way`, and behind it a host that answers with `answer`.
fn stage(folder: &Path, way: &'static str, answer: String) -> (Egress, Arc<Mutex<Vec<String>>>) {
    let socket = folder.join("egress.sock");
    let (listener, heard) = (UnixListener::bind(&socket).unwrap(), Arc::new(Mutex::new(Vec::new())));
    let keep = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (keep, answer) = (Arc::clone(&keep), answer.clone());
            tokio::spawn(async move {
                let asked = head(&mut stream).await;
                let encrypted = asked.starts_with("CONNECT api");
                keep.lock().unwrap().push(asked);
                stream.write_all(format!("HTTP/1.1 {way}\r\n\r\n").as_bytes()).await.unwrap();
                if !encrypted {
                    return serve(stream, &keep, &answer).await;
                }
                if let Ok(stream) = acceptor().accept(stream).await {
                    serve(stream, &keep, &answer).await;
                }
            });
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(certificate()).unwrap();
    (Egress::trusting(Way::Socket(socket), roots).unwrap(), heard)
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, heard: &Mutex<Vec<String>>, answer: &str) {
    let asked = head(&mut stream).await;
    heard.lock().unwrap().push(asked);
    if answer.is_empty() {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    drop(stream.write_all(answer.as_bytes()).await);
    drop(stream.shutdown().await);
}

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => text.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(text).unwrap()
}

fn get(uri: &str) -> Request<Bytes> {
    Request::get(uri).body(Bytes::new()).unwrap()
}

const LIMITS: Limits = Limits { time: Duration::from_secs(5), bytes: 1000 };

const OPEN: &str = "200 OK";

#[tokio::test]
async fn f14_https_goes_through_the_socket_and_the_control_plane_sees_a_host_alone() {
    let folder = tempfile::tempdir().unwrap();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_owned();
    let (egress, heard) = stage(folder.path(), OPEN, answer);
    let answer = egress.send(get("https://api.example.org/secret?code=1"), LIMITS).await.unwrap();
    assert_eq!((answer.status(), answer.body().as_ref()), (StatusCode::OK, b"hello".as_slice()));
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard[0], "CONNECT api.example.org:443 HTTP/1.1\r\nhost: api.example.org:443\r\n\r\n");
    assert!(heard[1].starts_with("GET /secret?code=1 HTTP/1.1\r\n"), "{}", heard[1]);
    assert!(heard[1].contains("host: api.example.org\r\n"), "{}", heard[1]);
}

#[tokio::test]
async fn f13_a_redirect_is_an_answer_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let answer = "HTTP/1.1 302 Found\r\nLocation: http://localhost/\r\nContent-Length: 0\r\n\r\n".to_owned();
    let (egress, heard) = stage(folder.path(), OPEN, answer);
    let answer = egress.send(get("https://api.example.org/"), LIMITS).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(heard.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn f13_another_hosts_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (egress, heard) = stage(folder.path(), OPEN, String::new());
    let error = egress.send(get("https://api2.example.org/"), LIMITS).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls(_)), "{error}");
    let strict = Egress::through(folder.path().join("egress.sock")).unwrap();
    let error = strict.send(get("https://api.example.org/"), LIMITS).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls(_)), "nobody vouches for it: {error}");
    assert!(heard.lock().unwrap().iter().all(|asked| asked.starts_with("CONNECT ")), "nothing was said to it");
}

#[tokio::test]
async fn f13_an_answer_has_limits() {
    let folder = tempfile::tempdir().unwrap();
    let body = "x".repeat(1001);
    let (egress, _) = stage(folder.path(), OPEN, format!("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n{body}"));
    let error = egress.send(get("https://api.example.org/"), LIMITS).await.unwrap_err();
    assert!(matches!(error, EgressError::TooLarge), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let (egress, _) = stage(folder.path(), OPEN, String::new());
    let short = Limits { time: Duration::from_millis(200), ..LIMITS };
    let error = egress.send(get("https://api.example.org/"), short).await.unwrap_err();
    assert!(matches!(error, EgressError::TimedOut), "{error}");
}

#[tokio::test]
async fn f14_a_closed_way_out_is_told_from_a_troubled_one() {
    for (way, temporary) in [
        ("403 No\r\nContent-Length: 0", false),
        ("429 No\r\nContent-Length: 0", true),
        ("502 No\r\nContent-Length: 0", true),
        ("504 No\r\nContent-Length: 0", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (egress, _) = stage(folder.path(), way, String::new());
        let error = egress.send(get("https://api.example.org/"), LIMITS).await.unwrap_err();
        assert!(matches!(error, EgressError::Closed(_)), "{way}: {error}");
        assert_eq!(error.is_temporary(), temporary, "{way}");
    }
    let folder = tempfile::tempdir().unwrap();
    let nobody = Egress::through(folder.path().join("egress.sock")).unwrap();
    assert!(nobody.send(get("https://api.example.org/"), LIMITS).await.unwrap_err().is_temporary());
}

#[tokio::test]
async fn f14_only_https_of_public_hosts_is_asked_for_beyond_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let answer = "HTTP/1.1 204 No Content\r\n\r\n".to_owned();
    let (egress, heard) = stage(folder.path(), OPEN, answer);
    for uri in [
        "http://api.example.org/",
        "http://localhost.example/",
        "https://me@api.example.org/",
        "https://api.example.org:8443/",
        "https://8.8.8.8/",
        "https://2130706433/",
        "https://metadata.google.internal/",
        "https://intranet/",
        "/",
        "ftp://a.example/",
    ] {
        let error = egress.send(get(uri), LIMITS).await.unwrap_err();
        assert!(matches!(error, EgressError::Address), "{uri}: {error}");
    }
    assert!(heard.lock().unwrap().is_empty());
    let answer = egress.send(get("http://127.0.0.1:9000/logout"), LIMITS).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(heard.lock().unwrap()[0].starts_with("CONNECT 127.0.0.1:9000 "));
}

/// A host on this machine, without TLS.
async fn plain(answer: &'static str) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move { serve(stream, &Mutex::default(), answer).await });
        }
    });
    address
}

fn direct(loopback: bool, ip: &'static str) -> Egress {
    let names = Names::Told(Arc::new(move |_| vec![ip.parse().unwrap()]));
    let resolver = Resolver::new(names, vec![], LIMITS.time);
    Egress::trusting(Way::Direct(Direct { resolver, loopback }), RootCertStore::empty()).unwrap()
}

#[tokio::test]
async fn f13_without_a_control_plane_the_rules_for_addresses_are_the_same() {
    for inside in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fd00::1"] {
        for loopback in [false, true] {
            let error = direct(loopback, inside).get("https://api.example.org/", LIMITS).await.unwrap_err();
            assert!(matches!(error, EgressError::Unresolved(_)) && !error.is_temporary(), "{inside}: {error}");
        }
    }
}

#[tokio::test]
async fn a52_this_machine_is_reached_directly_in_development_alone() {
    let host = plain("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let url = format!("http://rp.localhost:{}/x", host.port());
    let answer = direct(true, "1.1.1.1").get(&url, LIMITS).await.unwrap();
    assert_eq!(answer.body().as_ref(), b"hi");
    let form = ("application/x-www-form-urlencoded", "a=b");
    assert!(direct(true, "1.1.1.1").post(&url, form, LIMITS).await.unwrap().status().is_success());
    let error = direct(false, "1.1.1.1").get(&url, LIMITS).await.unwrap_err();
    assert!(matches!(error, EgressError::Address), "{error}");
}

#[tokio::test]
async fn the_libraries_take_it_for_their_client() {
    let host = plain("HTTP/1.1 418 Teapot\r\nContent-Length: 2\r\n\r\nhi").await;
    let request = Request::get(format!("http://{host}/")).body(Vec::new()).unwrap();
    let answer = AsyncHttpClient::call(&direct(true, "1.1.1.1"), request).await.unwrap();
    assert_eq!((answer.status(), answer.body().as_slice()), (StatusCode::IM_A_TEAPOT, b"hi".as_slice()));
}
