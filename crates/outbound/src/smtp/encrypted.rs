//! Mail servers on other machines: nothing is said to one that is not the one that was meant.

use std::sync::{Arc, Mutex};

use lettre::transport::smtp::client::Certificate;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::tests::{go_on, mail};
use super::{Credentials, Sender, Smtp, SmtpUrl};
use crate::mailer::SendError;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn certified(name: &str, by: &Authority) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, by).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let chain = vec![CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()))
}

/// How a server begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begins {
    /// With TLS (RFC 8314).
    Encrypted,
    /// In the clear, and offers TLS (RFC 3207).
    Offering,
    /// In the clear, and offers nothing: somebody in between may have taken the offer out.
    Bare,
    /// In the clear, and offers TLS but has the mail before it comes to that.
    Refusing,
}

/// What a server heard, in the clear and encrypted.
#[derive(Clone, Default)]
struct Heard {
    clear: Arc<Mutex<Vec<String>>>,
    encrypted: Arc<Mutex<Vec<String>>>,
}

async fn server(begins: Begins, acceptor: TlsAcceptor) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), Heard::default());
    let keep = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, begins, acceptor.clone(), keep.clone()));
        }
    });
    (port, heard)
}

async fn serve(stream: TcpStream, begins: Begins, acceptor: TlsAcceptor, heard: Heard) {
    let mut stream = BufReader::new(stream);
    if begins != Begins::Encrypted {
        stream.write_all(b"220 stub\r\n").await.unwrap();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_owned();
            heard.clear.lock().unwrap().push(line.clone());
            let answer: &[u8] = match (line.split(' ').next().unwrap_or_default(), begins) {
                ("EHLO", Begins::Offering | Begins::Refusing) => b"250-stub\r\n250 STARTTLS\r\n",
                ("STARTTLS", Begins::Offering) => b"220 go on\r\n",
                ("STARTTLS", _) => b"454 not now\r\n",
                ("DATA", _) => b"354 go on\r\n",
                _ => b"250 fine\r\n",
            };
            if stream.write_all(answer).await.is_err() {
                return;
            }
            if answer.starts_with(b"220") {
                break;
            }
        }
    }
    let Ok(mut encrypted) = acceptor.accept(stream.into_inner()).await else { return };
    if begins == Begins::Encrypted {
        encrypted.write_all(b"220 stub\r\n").await.unwrap();
    }
    go_on(encrypted, &[("EHLO", "250-stub\r\n250 AUTH PLAIN")], heard.encrypted).await;
}

/// Sends a mail, with a password, to a server that `trusted` may vouch for.
async fn send(begins: Begins, name: &str, (by, trusted): (&Authority, &Authority)) -> (Result<(), SendError>, Heard) {
    let (port, heard) = server(begins, certified(name, by)).await;
    let url = |scheme: &str| format!("{scheme}://localhost:{port}").parse::<SmtpUrl>().unwrap();
    let url = if begins == Begins::Encrypted { url("smtps") } else { url("smtp").elsewhere() };
    let credentials: Credentials = "polder:hunter2".parse().unwrap();
    let sender: Sender = "Practice <no-reply@polder.test>".parse().unwrap();
    let trusted = Certificate::from_pem(trusted.pem().as_bytes()).unwrap();
    let smtp = Smtp::trusting(&[trusted], &url, Some(&credentials), &sender).unwrap();
    (smtp.send(&mail()).await, heard)
}

#[tokio::test]
async fn d07_mail_to_another_machine_is_encrypted_and_so_is_the_password() {
    let ours = authority("ours");
    for begins in [Begins::Encrypted, Begins::Offering] {
        let (sent, heard) = send(begins, "localhost", (&ours, &ours)).await;
        assert_eq!(sent, Ok(()), "{begins:?}");
        let encrypted = heard.encrypted.lock().unwrap().clone();
        assert!(encrypted.iter().any(|line| line.starts_with("AUTH")), "{encrypted:?}");
        assert!(encrypted.iter().any(|line| line == "RCPT TO:<ann@example.test>"), "{encrypted:?}");
        let clear = heard.clear.lock().unwrap().clone();
        assert!(clear.iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"), "{clear:?}");
    }
}

#[tokio::test]
async fn d07_a_server_that_is_not_the_one_that_was_meant_hears_nothing() {
    let (ours, others) = (authority("ours"), authority("ours"));
    let cases = [
        ("another name", Begins::Encrypted, "mx.example", &ours),
        ("another name", Begins::Offering, "mx.example", &ours),
        ("another authority", Begins::Encrypted, "localhost", &others),
        ("another authority", Begins::Offering, "localhost", &others),
        ("no encryption", Begins::Bare, "localhost", &ours),
        ("no encryption after all", Begins::Refusing, "localhost", &ours),
    ];
    for (what, begins, name, by) in cases {
        let (sent, heard) = send(begins, name, (by, &ours)).await;
        // Somebody will put it right, and the mail waits for that.
        assert!(sent.as_ref().is_err_and(SendError::is_temporary), "{what}, {begins:?}: {sent:?}");
        let clear = heard.clear.lock().unwrap().clone();
        let harmless = |line: &String| ["EHLO", "STARTTLS", "QUIT"].contains(&line.split(' ').next().unwrap_or(""));
        assert!(clear.iter().all(harmless), "{what}, {begins:?}: {clear:?}");
        assert!(heard.encrypted.lock().unwrap().is_empty(), "{what}, {begins:?}");
    }
}
