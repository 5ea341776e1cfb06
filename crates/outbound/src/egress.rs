//! The tenant's end of its way out: HTTPS to hosts that the control plane allows, through a socket.
//!
//! It asks by CONNECT, and speaks TLS with the host through the tunnel: the control plane sees a host
//! name and encrypted bytes. Certificates are checked against roots in the program (there is no file
//! to read). Redirects are not followed, and answers have limits (F13).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::{localhost, socket};

/// How much an exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all, from asking for the way out to the last byte of the answer.
    pub time: Duration,
    /// Of the answer's body, in bytes.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(15), bytes: 1024 * 1024 }
    }
}

/// Why there is no answer. The messages hold nothing of request and answer.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// Not an https address. In development, http to this machine will do.
    #[error("only https addresses can be reached")]
    Address,
    /// There is no way out: the control plane is not there.
    #[error("there is no way out: {0}")]
    NoWay(std::io::Error),
    /// The control plane does not let this out, or could not reach it.
    #[error("the way out answered {0}")]
    Closed(StatusCode),
    /// No encrypted connection to the host that was named.
    #[error("no encrypted connection to the host: {0}")]
    Tls(std::io::Error),
    /// The exchange broke.
    #[error("the exchange broke: {0}")]
    Broken(#[from] hyper::Error),
    /// The request cannot be written.
    #[error("the request is malformed")]
    Malformed(#[from] http::Error),
    /// It took longer than it may.
    #[error("the host took too long")]
    TimedOut,
    /// The answer is larger than it may be.
    #[error("the answer is too large")]
    TooLarge,
}

impl EgressError {
    /// Whether trying again later could help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::NoWay(_) | Self::Broken(_) | Self::TimedOut => true,
            Self::Closed(status) => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            Self::Address | Self::Tls(_) | Self::Malformed(_) | Self::TooLarge => false,
        }
    }
}

/// A way out.
#[derive(Clone)]
pub struct Egress {
    socket: PathBuf,
    tls: TlsConnector,
}

impl Egress {
    /// The way out behind this socket, for hosts that the well-known authorities vouch for.
    ///
    /// # Errors
    /// When TLS cannot be set up, which is a fault of the build.
    pub fn new(socket: impl Into<PathBuf>) -> Result<Self, EgressError> {
        Self::trusting(socket, RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }

    fn trusting(socket: impl Into<PathBuf>, roots: RootCertStore) -> Result<Self, EgressError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| EgressError::Tls(std::io::Error::other(error)))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { socket: socket.into(), tls: TlsConnector::from(Arc::new(config)) })
    }

    /// One exchange. The answer is what the host says, whatever its status.
    ///
    /// # Errors
    /// [`EgressError`] when there is none.
    pub async fn send(&self, request: Request<Bytes>, limits: Limits) -> Result<Response<Bytes>, EgressError> {
        let exchange = self.exchange(request, limits.bytes);
        tokio::time::timeout(limits.time, exchange).await.map_err(|_| EgressError::TimedOut)?
    }

    async fn exchange(&self, request: Request<Bytes>, most: usize) -> Result<Response<Bytes>, EgressError> {
        let to = Target::of(request.uri()).ok_or(EgressError::Address)?;
        let tunnel = TokioIo::new(self.tunnel(&to.authority).await?);
        let (mut parts, body) = request.into_parts();
        parts.uri = Uri::builder().path_and_query(to.path.as_str()).build()?;
        parts.headers.insert(HOST, to.header.clone());
        let request = Request::from_parts(parts, Full::new(body));
        let Some(name) = to.name else { return talk(TokioIo::new(tunnel), request, most).await };
        let encrypted = self.tls.connect(name, tunnel).await.map_err(EgressError::Tls)?;
        talk(TokioIo::new(encrypted), request, most).await
    }

    /// Asks to be let out (RFC 9110, 9.3.6).
    async fn tunnel(&self, authority: &str) -> Result<Upgraded, EgressError> {
        let stream = socket::connect(&self.socket).await.map_err(EgressError::NoWay)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the tunnel: when the last of it is dropped.
        tokio::spawn(connection.with_upgrades());
        let request = Request::builder().method(Method::CONNECT).uri(authority).header(HOST, authority);
        let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        if !answer.status().is_success() {
            return Err(EgressError::Closed(answer.status()));
        }
        Ok(hyper::upgrade::on(answer).await?)
    }
}

/// Where a request goes.
struct Target {
    authority: String,
    header: HeaderValue,
    path: String,
    /// Whom the certificate must be for; `None` without TLS.
    name: Option<ServerName<'static>>,
}

impl Target {
    fn of(uri: &Uri) -> Option<Self> {
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let encrypted = match scheme {
            "https" => true,
            "http" if localhost::is_loopback(authority.host()) => false,
            _ => return None,
        };
        // A user in an address is never wanted, and often meant to mislead.
        let header = HeaderValue::from_str(authority.as_str()).ok().filter(|_| !authority.as_str().contains('@'))?;
        let port = authority.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        let name = match encrypted {
            true => Some(ServerName::try_from(authority.host().to_owned()).ok()?),
            false => None,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Some(Self { authority: format!("{}:{port}", authority.host()), header, path, name })
    }
}

async fn talk(
    stream: impl Read + Write + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
    most: usize,
) -> Result<Response<Bytes>, EgressError> {
    let (mut sender, connection) = http1::handshake(stream).await?;
    let exchange = async {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        Ok(Response::from_parts(parts, whole(body, most).await?))
    };
    tokio::pin!(connection, exchange);
    // The connection must be driven for the answer to come, and is given up with it. How it ended does not
    // matter: an answer that is whole is whole, and one that is not says so.
    tokio::select! {
        answer = &mut exchange => answer,
        _ = &mut connection => exchange.await,
    }
}

async fn whole(body: Incoming, most: usize) -> Result<Bytes, EgressError> {
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(EgressError::TooLarge),
        Err(error) => Err(match error.downcast::<hyper::Error>() {
            Ok(error) => EgressError::Broken(*error),
            Err(_) => EgressError::TimedOut,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Mutex;

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
        (Egress::trusting(socket, roots).unwrap(), heard)
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
        let strict = Egress::new(folder.path().join("egress.sock")).unwrap();
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
        let nobody = Egress::new(folder.path().join("egress.sock")).unwrap();
        assert!(nobody.send(get("https://api.example.org/"), LIMITS).await.unwrap_err().is_temporary());
    }

    #[tokio::test]
    async fn f13_only_https_is_spoken_beyond_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let answer = "HTTP/1.1 204 No Content\r\n\r\n".to_owned();
        let (egress, heard) = stage(folder.path(), OPEN, answer);
        for uri in [
            "http://api.example.org/",
            "http://localhost.example/",
            "https://me@api.example.org/",
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
}
