//! The relay's own side towards the server.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use polder_crypto::scram::{ClientExchange, MECHANISM};
use polder_db::server::{Endpoint, Server};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use super::Shared;
use super::bytes::{self, Key, Message, authentication, malformed, message, send};
use super::encrypt::Encrypter;

const OK: u32 = 0;
const SASL: u32 = 10;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

/// A connection to the server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How the server took it.
pub(super) enum Welcome {
    /// The session is open.
    Open,
    /// It said no, in a message for the client.
    Refused(Vec<u8>),
}

/// The way to the server: where it is, and what is asked of the connection.
#[derive(Clone)]
pub struct Upstream {
    endpoint: Endpoint,
    encrypter: Option<Encrypter>,
}

impl Upstream {
    /// The way to `server`, encrypted as its address asks.
    ///
    /// # Errors
    /// When what its address asks for cannot be had: no such file of roots, or none in it.
    pub fn to(server: &Server) -> io::Result<Self> {
        let endpoint = server.endpoint();
        let encrypter = match &endpoint {
            Endpoint::Tcp(host, _) => Encrypter::new(server.encryption(), host)?,
            Endpoint::Unix(_) => None,
        };
        Ok(Self { endpoint, encrypter })
    }

    /// Opens a connection.
    pub(super) async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        match &self.endpoint {
            Endpoint::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                match &self.encrypter {
                    Some(encrypter) => Ok(Box::new(encrypter.encrypt(stream).await?)),
                    None => Ok(Box::new(stream)),
                }
            }
            Endpoint::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        }
    }

    /// Asks the server to cancel. It never answers such a request.
    pub(super) async fn cancel(&self, key: Key) -> io::Result<()> {
        let mut server = self.connect().await?;
        server.write_all(&bytes::cancel(key)).await?;
        server.shutdown().await
    }
}

/// Begins the session as the tenant's role. A server that wants the password itself, or half of it,
/// does not get it.
pub(super) async fn begin(
    server: &mut Box<dyn Stream>,
    parameters: &[(String, String)],
    shared: &Shared,
) -> io::Result<Welcome> {
    server.write_all(&bytes::startup(parameters)).await?;
    let (number, rest) = match asked(message(server).await?)? {
        Asked::For(number, rest) => (number, rest),
        Asked::Refused(body) => return Ok(Welcome::Refused(body)),
    };
    match number {
        OK => {
            warn_of_trust();
            return Ok(Welcome::Open);
        }
        SASL if rest.split(|byte| *byte == 0).any(|offer| offer == MECHANISM.as_bytes()) => {}
        _ => return Ok(Welcome::Refused(bytes::error("28000", "the server does not use scram-sha-256"))),
    }
    let (exchange, first) = ClientExchange::start(&shared.entropy);
    let length = u32::try_from(first.len()).unwrap_or(u32::MAX).to_be_bytes();
    send(server, b'p', [MECHANISM.as_bytes(), &[0], &length, first.as_bytes()].concat()).await?;
    let answer = match expect(server, SASL_CONTINUE).await? {
        Ok(answer) => answer,
        Err(body) => return Ok(Welcome::Refused(body)),
    };
    let Ok((end, last)) = exchange.answer(&shared.password, &answer) else { return Err(malformed()) };
    send(server, b'p', last.into_bytes()).await?;
    let proof = match expect(server, SASL_FINAL).await? {
        Ok(proof) => proof,
        Err(body) => return Ok(Welcome::Refused(body)),
    };
    if end.check(&proof).is_err() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the server does not know the password"));
    }
    match expect(server, OK).await? {
        Ok(_) => Ok(Welcome::Open),
        Err(body) => Ok(Welcome::Refused(body)),
    }
}

enum Asked {
    For(u32, Vec<u8>),
    Refused(Vec<u8>),
}

fn asked(message: Message) -> io::Result<Asked> {
    match message.tag {
        b'R' => {
            let (number, rest) = message.body.split_first_chunk::<4>().ok_or_else(malformed)?;
            Ok(Asked::For(u32::from_be_bytes(*number), rest.to_vec()))
        }
        b'E' => Ok(Asked::Refused(message.body)),
        _ => Err(malformed()),
    }
}

async fn expect(server: &mut Box<dyn Stream>, wanted: u32) -> io::Result<Result<String, Vec<u8>>> {
    match asked(message(server).await?)? {
        Asked::For(number, rest) if number == wanted => Ok(Ok(String::from_utf8(rest).map_err(|_| malformed())?)),
        Asked::For(..) => Err(malformed()),
        Asked::Refused(body) => Ok(Err(body)),
    }
}

/// Tells the client that it is in.
pub(super) async fn welcome(client: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    send(client, b'R', authentication(OK, &[])).await
}

/// Said once: the tenants are kept apart all the same, by their sockets.
fn warn_of_trust() {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "the PostgreSQL server lets roles in without a password: whoever reaches it can be anybody; \
             set scram-sha-256 in its pg_hba.conf"
        );
    }
}
