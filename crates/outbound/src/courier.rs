//! The courier: what a tenant asks its control plane to send, and the tenant's end of the asking.
//!
//! `POST /messages` over a Unix socket, with a [`Message`] as JSON; holding the socket is the right to
//! ask. The answer comes only after the mail was handed on: 2xx when it was, 4xx when it never will be,
//! anything else when it is worth trying again; 429 and 503 may say when, by `Retry-After` in seconds
//! (RFC 9110, 10.2.3). The courier keeps nothing.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use polder_kernel::Email;
use polder_kernel::email::NotAnEmail;
use serde::{Deserialize, Serialize};

use crate::mail::Mail;
use crate::mailer::SendError;
use crate::socket;

/// Where messages are posted.
pub const PATH: &str = "/messages";

/// How long an answer may take: an SMTP server's patience, and some.
const TIME: Duration = Duration::from_secs(60);

/// The longest that an answer can put off the next try: its sender may be wrong about the time.
const LONGEST_PAUSE: u64 = 300;

/// A mail on the wire between a tenant and the courier.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The outbox row.
    pub id: String,
    /// The address.
    pub to: String,
    /// The subject; cleaned again at the courier's end.
    pub subject: String,
    /// The body as text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
}

impl From<&Mail> for Message {
    fn from(mail: &Mail) -> Self {
        Self {
            id: mail.id.clone(),
            to: mail.to.as_str().to_owned(),
            subject: mail.subject.as_str().to_owned(),
            text: mail.text.clone(),
            html: mail.html.clone(),
        }
    }
}

/// The courier believes nothing: the address is parsed again and the subject cleaned again.
impl TryFrom<Message> for Mail {
    type Error = NotAnEmail;
    fn try_from(message: Message) -> Result<Self, NotAnEmail> {
        let to: Email = message.to.parse()?;
        Ok(Self { id: message.id, to, subject: message.subject.into(), text: message.text, html: message.html })
    }
}

/// The tenant's end.
#[derive(Clone, Debug)]
pub struct Courier {
    socket: PathBuf,
}

impl Courier {
    /// A courier behind this socket.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into() }
    }

    pub(crate) async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let (status, headers) =
            tokio::time::timeout(TIME, self.post(mail)).await.map_err(|_| temporary("the courier took too long"))??;
        if status.is_success() {
            return Ok(());
        }
        let said = format!("the courier answered {}", status.as_u16());
        if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
            return Err(match pause(&headers) {
                Some(pause) => SendError::Later(said, pause),
                None => SendError::Temporary(said),
            });
        }
        if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
            Err(SendError::Permanent(said))
        } else {
            Err(SendError::Temporary(said))
        }
    }

    async fn post(&self, mail: &Mail) -> Result<(StatusCode, HeaderMap), SendError> {
        let body = serde_json::to_vec(&Message::from(mail)).map_err(|_| temporary("the mail is not JSON"))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(PATH)
            .header(HOST, "courier")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| temporary("the request is malformed"))?;
        let stream = socket::connect(&self.socket).await.map_err(|error| temporary(&format!("no courier: {error}")))?;
        let broken = |error: hyper::Error| temporary(&format!("the courier's connection broke: {error}"));
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // The connection must be driven for the answer to come; both end together.
        let answer = sender.send_request(request);
        tokio::pin!(connection, answer);
        tokio::select! {
            answered = &mut answer => answered.map(head).map_err(broken),
            ended = &mut connection => match ended {
                Ok(()) => answer.await.map(head).map_err(broken),
                Err(error) => Err(broken(error)),
            },
        }
    }
}

fn head<B>(response: http::Response<B>) -> (StatusCode, HeaderMap) {
    let (parts, _) = response.into_parts();
    (parts.status, parts.headers)
}

fn pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds.clamp(1, LONGEST_PAUSE)))
}

fn temporary(why: &str) -> SendError {
    SendError::Temporary(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    fn mail() -> Mail {
        Mail {
            id: "0198-a".to_owned(),
            to: "ann@example.test".parse().unwrap(),
            subject: "Your code".into(),
            text: "12345678".to_owned(),
            html: "<p>12345678</p>".to_owned(),
        }
    }

    /// A courier that gives one answer to each connection and keeps what it was asked.
    fn courier(folder: &std::path::Path, answer: &'static str) -> (Courier, Arc<Mutex<String>>) {
        let socket = folder.join("courier.sock");
        let (listener, asked) = (UnixListener::bind(&socket).unwrap(), Arc::new(Mutex::new(String::new())));
        let keep = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = vec![0; 65536];
                let mut request = String::new();
                while !request.contains("</p>") {
                    let n = stream.read(&mut buffer).await.unwrap();
                    request.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
                }
                *keep.lock().unwrap() = request;
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (Courier::new(socket), asked)
    }

    #[tokio::test]
    async fn a_mail_goes_out_as_json_and_comes_back_as_the_same_mail() {
        let folder = tempfile::tempdir().unwrap();
        let (courier, asked) = courier(folder.path(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        courier.send(&mail()).await.unwrap();
        let request = asked.lock().unwrap().clone();
        assert!(request.starts_with("POST /messages HTTP/1.1\r\n"), "{request}");
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let message: Message = serde_json::from_str(body).unwrap();
        assert_eq!(Mail::try_from(message), Ok(mail()));
    }

    #[tokio::test]
    async fn answers_say_whether_to_try_again() {
        for (answer, temporary) in [
            ("HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n", false),
            ("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n", true),
            ("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", true),
            ("nonsense\r\n\r\n", true),
            ("", true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (courier, _) = courier(folder.path(), answer);
            let error = courier.send(&mail()).await.unwrap_err();
            assert_eq!(error.is_temporary(), temporary, "{answer:?}: {error}");
        }
    }

    #[tokio::test]
    async fn g27_a_courier_that_has_too_much_to_do_says_when_to_come_back() {
        for (answer, seconds) in [
            ("HTTP/1.1 429 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", Some(7)),
            ("HTTP/1.1 503 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n", Some(1)),
            ("HTTP/1.1 503 No\r\nRetry-After: 99999999\r\nContent-Length: 0\r\n\r\n", Some(LONGEST_PAUSE)),
            ("HTTP/1.1 503 No\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (courier, _) = courier(folder.path(), answer);
            let error = courier.send(&mail()).await.unwrap_err();
            let expected = "the courier answered ".to_owned() + &answer[9..12];
            match seconds {
                Some(seconds) => assert_eq!(error, SendError::Later(expected, Duration::from_secs(seconds))),
                None => assert_eq!(error, SendError::Temporary(expected)),
            }
        }
    }

    #[tokio::test]
    async fn no_courier_is_temporary() {
        let folder = tempfile::tempdir().unwrap();
        let error = Courier::new(folder.path().join("courier.sock")).send(&mail()).await.unwrap_err();
        assert!(error.is_temporary(), "{error}");
    }

    #[tokio::test]
    async fn a_socket_deeper_than_108_bytes_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("x".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        std::os::unix::fs::symlink(&deep, folder.path().join("d")).unwrap();
        let (_, asked) = courier(&folder.path().join("d"), "HTTP/1.1 204 OK\r\n\r\n");
        Courier::new(deep.join("courier.sock")).send(&mail()).await.unwrap();
        assert!(!asked.lock().unwrap().is_empty());
    }

    #[test]
    fn f18_the_courier_believes_neither_addresses_nor_subjects() {
        let message = |to: &str, subject: &str| Message {
            id: "1".to_owned(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: String::new(),
            html: String::new(),
        };
        assert!(Mail::try_from(message("ann@example.test\r\nBcc: eve@example.test", "x")).is_err());
        let cleaned = Mail::try_from(message("ann@example.test", "x\r\nBcc: eve@example.test")).unwrap();
        assert_eq!(cleaned.subject.as_str(), "x  Bcc: eve@example.test");
    }
}
