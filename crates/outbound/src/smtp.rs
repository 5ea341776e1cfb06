//! Mail by SMTP: where to, as whom, and how failures are told apart.

#[cfg(test)]
mod encrypted;
mod settings;

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters, TlsParametersBuilder};
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use polder_kernel::Email;

use crate::mail::Mail;
use crate::mailer::SendError;

pub use settings::{Credentials, Encryption, Sender, SettingsError, SmtpUrl};

/// How long the server may take for one step.
const STEP: Duration = Duration::from_secs(15);
/// How long one mail may take in all.
const TIME: Duration = Duration::from_secs(45);

/// An SMTP server and the one sender that mails come from.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Smtp")
    }
}

impl Smtp {
    /// A mailer over this server. Connections are made when mail is sent, encrypted unless the
    /// server is on this machine.
    ///
    /// # Errors
    /// [`SettingsError`] when the host has no name that a certificate could be for.
    pub fn new(url: &SmtpUrl, credentials: Option<&Credentials>, from: &Sender) -> Result<Self, SettingsError> {
        Self::trusting(&[], url, credentials, from)
    }

    /// The same, with further authorities that may vouch for the server.
    fn trusting(
        authorities: &[Certificate],
        url: &SmtpUrl,
        credentials: Option<&Credentials>,
        from: &Sender,
    ) -> Result<Self, SettingsError> {
        let parameters = || {
            let builder = TlsParameters::builder(url.host().to_owned());
            let add = |builder: TlsParametersBuilder, one: &Certificate| builder.add_root_certificate(one.clone());
            authorities.iter().fold(builder, add).build().map_err(|_| SettingsError::Host)
        };
        let tls = match url.encryption() {
            Encryption::None => Tls::None,
            Encryption::StartTls => Tls::Required(parameters()?),
            Encryption::Implicit => Tls::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(url.host())
            .port(url.port())
            .tls(tls)
            .timeout(Some(STEP))
            .pool_config(PoolConfig::new().max_size(4));
        if let Some(credentials) = credentials {
            builder = builder.credentials(credentials.to_lettre());
        }
        Ok(Self { transport: builder.build(), from: mailbox(from)? })
    }

    /// The same server, over the same connections, for mail from somebody else.
    ///
    /// # Errors
    /// [`SettingsError::Sender`] when the address cannot be written.
    pub fn sending_as(&self, from: &Sender) -> Result<Self, SettingsError> {
        Ok(Self { transport: self.transport.clone(), from: mailbox(from)? })
    }

    pub(crate) async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let message = self.message(mail)?;
        match tokio::time::timeout(TIME, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(classify(&error)),
            Err(_) => Err(SendError::Temporary("the mail server took too long".to_owned())),
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, SendError> {
        let refused = |why: &str| SendError::Permanent(why.to_owned());
        let to = address(&mail.to).map_err(|_| refused("the address cannot be written"))?;
        // The same row gives the same Message-ID, so that a mail sent twice can be shown once.
        let id: String = mail.id.bytes().filter(|b| b.is_ascii_alphanumeric() || *b == b'-').map(char::from).collect();
        let body = MultiPart::alternative()
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail.text.clone()))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(mail.html.clone()));
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.as_str())
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .multipart(body)
            .map_err(|_| refused("the mail cannot be written"))?;
        // RFC 3834: no out-of-office replies, please.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
        Ok(message)
    }
}

fn mailbox(sender: &Sender) -> Result<Mailbox, SettingsError> {
    Ok(Mailbox::new(sender.name().map(str::to_owned), address(sender.address())?))
}

fn address(email: &Email) -> Result<Address, SettingsError> {
    let (local, domain) = email.as_str().rsplit_once('@').ok_or(SettingsError::Sender)?;
    Address::new(local, domain).map_err(|_| SettingsError::Sender)
}

/// A reply of the 500s is the server's last word about this mail, except about us: a password it does
/// not take (RFC 4954) will be put right by somebody. What the server says often repeats the address,
/// so only its number is told on.
fn classify(error: &SmtpError) -> SendError {
    let Some(code) = error.status().map(u16::from) else {
        let why = if error.is_timeout() {
            "the mail server took too long"
        } else if error.is_tls() {
            "no encrypted connection to the mail server"
        } else if error.is_client() {
            "the mail server does not offer what is needed"
        } else {
            "no connection to the mail server"
        };
        return SendError::Temporary(why.to_owned());
    };
    let said = format!("the mail server answered {code}");
    let about_us = [530, 534, 535, 538].contains(&code);
    if error.is_permanent() && !about_us { SendError::Permanent(said) } else { SendError::Temporary(said) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, split};
    use tokio::net::TcpListener;

    /// Answers of a mail server that is out of sorts, by the command they answer.
    pub(in crate::smtp) type Answers = &'static [(&'static str, &'static str)];

    /// A tiny SMTP server: takes everything unless told otherwise, and keeps what it heard.
    async fn server(answers: Answers) -> (SmtpUrl, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap()).parse().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, answers, Arc::clone(&keep)));
            }
        });
        (url, heard)
    }

    async fn converse(stream: tokio::net::TcpStream, answers: Answers, heard: Arc<Mutex<Vec<String>>>) {
        let mut stream = stream;
        stream.write_all(b"220 stub\r\n").await.unwrap();
        go_on(stream, answers, heard).await;
    }

    /// Answers after the greeting.
    pub(in crate::smtp) async fn go_on(
        stream: impl AsyncRead + AsyncWrite,
        answers: Answers,
        heard: Arc<Mutex<Vec<String>>>,
    ) {
        let (reader, mut writer) = split(stream);
        let mut lines = BufReader::new(reader).lines();
        let mut in_data = false;
        while let Ok(Some(line)) = lines.next_line().await {
            heard.lock().unwrap().push(line.clone());
            if in_data && line != "." {
                continue;
            }
            let command = if in_data { "." } else { line.split([' ', ':']).next().unwrap_or_default() };
            let usual = if command == "DATA" { "354 go on" } else { "250 fine" };
            let answer = answers.iter().find(|(c, _)| *c == command).map_or(usual, |(_, answer)| answer);
            in_data = answer.starts_with("354");
            if writer.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                return;
            }
        }
    }

    pub(in crate::smtp) fn mail() -> Mail {
        Mail {
            id: "0198-a>\r\nX: y".to_owned(),
            to: "ann@example.test".parse().unwrap(),
            subject: "Je code\r\nBcc: eve@example.test é".into(),
            text: "Your code is 12345678\n.\nBcc: eve@example.test\n\r.\r\nMAIL FROM:<eve@example.test>\r\n\n.\r\n\r\n.\r\n".to_owned(),
            html: "<p>12345678</p>".to_owned(),
        }
    }

    async fn send(answers: Answers) -> (Result<(), SendError>, Vec<String>) {
        let (url, heard) = server(answers).await;
        let sender: Sender = "Practice <no-reply@polder.test>".parse().unwrap();
        let smtp = Smtp::new(&url, None, &sender).unwrap();
        let sent = smtp.send(&mail()).await;
        let heard = heard.lock().unwrap().clone();
        (sent, heard)
    }

    #[tokio::test]
    async fn a_mail_arrives_from_the_fixed_sender_and_at_one_address() {
        let (sent, heard) = send(&[]).await;
        assert_eq!(sent, Ok(()));
        assert!(heard.iter().any(|line| line.starts_with("MAIL FROM:<no-reply@polder.test>")), "{heard:?}");
        let recipients: Vec<_> = heard.iter().filter(|line| line.starts_with("RCPT")).collect();
        assert_eq!(recipients, ["RCPT TO:<ann@example.test>"]);
        for header in
            ["From: Practice <no-reply@polder.test>", "To: ann@example.test", "Auto-Submitted: auto-generated"]
        {
            assert!(heard.iter().any(|line| line == header), "{header} in {heard:?}");
        }
    }

    #[tokio::test]
    async fn f18_nothing_in_a_mail_becomes_a_header_or_ends_it() {
        let (_, heard) = send(&[]).await;
        let data = heard.iter().position(|line| line == "DATA").unwrap();
        let blank = heard.iter().skip(data).position(String::is_empty).unwrap();
        let headers = &heard[data..data + blank];
        assert!(headers.iter().all(|line| !line.starts_with("Bcc") && !line.starts_with("X:")), "{headers:?}");
        assert_eq!(heard.iter().filter(|line| *line == ".").count(), 1, "a dot in the text does not end the mail");
    }

    #[tokio::test]
    async fn refusals_are_told_from_troubles() {
        let cases: [(Answers, bool); 5] = [
            (&[("RCPT", "550 5.1.1 <ann@example.test>: nobody here")], false),
            (&[(".", "554 5.7.1 smells of spam")], false),
            (&[("RCPT", "451 4.7.1 greylisted")], true),
            (&[("MAIL", "530 5.7.0 who are you")], true),
            (&[(".", "452 4.3.1 full")], true),
        ];
        for (answers, temporary) in cases {
            let error = send(answers).await.0.unwrap_err();
            assert_eq!(error.is_temporary(), temporary, "{answers:?}: {error}");
            assert!(!error.to_string().contains("ann@"), "f16: {error}");
        }
    }

    #[tokio::test]
    async fn no_server_is_temporary() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("smtp://{free}").parse().unwrap();
        let smtp = Smtp::new(&url, None, &"no-reply@polder.test".parse().unwrap()).unwrap();
        assert!(smtp.send(&mail()).await.unwrap_err().is_temporary());
    }
}
