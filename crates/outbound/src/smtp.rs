//! Mail by SMTP: where to, as whom, and how failures are told apart.

mod settings;

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::client::{Tls, TlsParameters};
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
        let parameters = || TlsParameters::new(url.host().to_owned()).map_err(|_| SettingsError::Host);
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
        let from = Mailbox::new(from.name().map(str::to_owned), address(from.address())?);
        Ok(Self { transport: builder.build(), from })
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
