//! HTTPS to hosts outside, for what a tenant needs from them: discovery, tokens and keys of outside
//! identity providers, and the like.
//!
//! Behind a control plane the way leads through its socket ([`Egress::through`]): asked for by CONNECT,
//! granted to hosts on the tenant's list. The control plane sees a host name and encrypted bytes. A tenant
//! that stands by itself connects on its own ([`Egress::direct`]), by the same rules for addresses: port
//! 443 of public hosts, nothing that leads inside. Certificates are checked against roots in the program
//! (there is no file to read), redirects are not followed, and answers have limits (F13).
//!
//! ```no_run
//! # async fn example(outbound: &polder_outbound::Egress) -> Result<(), polder_outbound::EgressError> {
//! use polder_outbound::egress::Limits;
//!
//! // A small document, within the usual limits.
//! let keys = outbound.get("https://idp.example/jwks.json", Limits::default()).await?;
//! if keys.status().is_success() {
//!     println!("{} bytes", keys.body().len());
//! }
//! // A form.
//! let form = "token=abc&token_type_hint=refresh_token";
//! outbound.post("https://idp.example/revoke", ("application/x-www-form-urlencoded", form), Limits::default()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! It is the HTTP client that `openidconnect` and `oauth2` ask for: pass a reference to it.
//!
//! ```text
//! CoreProviderMetadata::discover_async(issuer, &app.outbound).await?;
//! client.exchange_code(code)?.request_async(&app.outbound).await?;
//! ```

mod error;
mod target;
mod way;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::resolve::{Names, Resolver};
pub use error::EgressError;
use target::Target;
use way::{Direct, Way};

/// Some hosts answer nobody who does not say what they are.
const AGENT: HeaderValue = HeaderValue::from_static("polder");

/// Names that are looked up at a time where there is no control plane to do it.
const LOOKUPS: usize = 16;

/// How much an exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all, from asking for the way out to the last byte of the answer.
    pub time: Duration,
    /// Of the answer's body, in bytes.
    pub bytes: usize,
}

/// What is plenty for a document or a token: ten seconds and a mebibyte.
impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(10), bytes: 1024 * 1024 }
    }
}

/// A way out. Clones share it.
#[derive(Clone)]
pub struct Egress {
    way: Way,
    tls: TlsConnector,
}

impl std::fmt::Debug for Egress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.way {
            Way::Socket(_) => "Egress through a socket",
            Way::Direct(_) => "Egress",
        })
    }
}

impl Egress {
    /// The way out behind this socket.
    ///
    /// # Errors
    /// When TLS cannot be set up, which is a fault of the build.
    pub fn through(socket: impl Into<PathBuf>) -> Result<Self, EgressError> {
        Self::trusting(Way::Socket(socket.into()), well_known())
    }

    /// Connects by itself: to port 443 of hosts whose every address is public and, where `loopback`
    /// holds, to this machine. That is for development.
    ///
    /// # Errors
    /// When TLS cannot be set up, which is a fault of the build.
    pub fn direct(loopback: bool) -> Result<Self, EgressError> {
        let places = vec![Arc::new(Semaphore::new(LOOKUPS))];
        let resolver = Resolver::new(Names::System, places, Limits::default().time);
        Self::trusting(Way::Direct(Direct { resolver, loopback }), well_known())
    }

    fn trusting(way: Way, roots: RootCertStore) -> Result<Self, EgressError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| EgressError::Tls(std::io::Error::other(error)))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { way, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Asks for what is at `url`.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn get(&self, url: &str, limits: Limits) -> Result<Response<Bytes>, EgressError> {
        self.send(Request::get(address(url)?).body(Bytes::new())?, limits).await
    }

    /// Posts a body of this content type to `url`.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn post(
        &self,
        url: &str,
        (content_type, body): (&str, impl Into<Bytes>),
        limits: Limits,
    ) -> Result<Response<Bytes>, EgressError> {
        let request = Request::post(address(url)?).header(CONTENT_TYPE, content_type);
        self.send(request.body(body.into())?, limits).await
    }

    /// One exchange, over a connection of its own. The answer is what the host says, whatever its status:
    /// a redirect is an answer, too.
    ///
    /// # Errors
    /// [`EgressError`] when there is none.
    pub async fn send(&self, request: Request<Bytes>, limits: Limits) -> Result<Response<Bytes>, EgressError> {
        let exchange = self.exchange(request, limits.bytes);
        tokio::time::timeout(limits.time, exchange).await.map_err(|_| EgressError::TimedOut)?
    }

    async fn exchange(&self, request: Request<Bytes>, most: usize) -> Result<Response<Bytes>, EgressError> {
        let target = Target::of(request.uri()).ok_or(EgressError::Address)?;
        match &self.way {
            Way::Socket(path) => {
                let tunnel = way::tunnel(path, &target.to).await?;
                self.over(TokioIo::new(tunnel), target, request, most).await
            }
            Way::Direct(direct) => {
                let stream = direct.connect(&target.to).await?;
                self.over(stream, target, request, most).await
            }
        }
    }

    async fn over(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        target: Target,
        request: Request<Bytes>,
        most: usize,
    ) -> Result<Response<Bytes>, EgressError> {
        let (mut parts, body) = request.into_parts();
        parts.uri = Uri::builder().path_and_query(target.path).build()?;
        parts.headers.insert(HOST, target.header);
        parts.headers.entry(USER_AGENT).or_insert(AGENT);
        let request = Request::from_parts(parts, Full::new(body));
        let Some(name) = target.name else { return talk(TokioIo::new(stream), request, most).await };
        let encrypted = self.tls.connect(name, stream).await.map_err(EgressError::Tls)?;
        talk(TokioIo::new(encrypted), request, most).await
    }
}

/// For `openidconnect` and `oauth2`, within the usual limits.
impl<'c> AsyncHttpClient<'c> for Egress {
    type Error = EgressError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, EgressError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move { Ok(self.send(request.map(Bytes::from), Limits::default()).await?.map(Vec::from)) })
    }
}

fn well_known() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

fn address(url: &str) -> Result<Uri, EgressError> {
    url.parse().map_err(|_| EgressError::Address)
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
