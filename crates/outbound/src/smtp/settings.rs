//! What an operator says about an SMTP server.

use std::fmt;
use std::str::FromStr;

use polder_kernel::{Email, Secret};
use url::Url;

use crate::localhost;
use crate::mail::is_plain;

/// What is wrong with an operator's settings for mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not an SMTP URL.
    #[error("a mail server is `smtps://HOST[:PORT]` or `smtp://HOST[:PORT]`")]
    Url,
    /// A password in a URL ends up in process lists and logs.
    #[error("a mail server's user and password belong in a file, not in the URL")]
    CredentialsInUrl,
    /// No certificate can be checked for this host.
    #[error("the mail server's host name cannot be used with TLS")]
    Host,
    /// Not a sender.
    #[error("a sender is `name@example.org` or `Name <name@example.org>`")]
    Sender,
    /// Not credentials.
    #[error("a mail server's credentials are one line, `USER:PASSWORD`")]
    Credentials,
}

/// How the connection to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all: the server is on this machine.
    None,
    /// TLS begun within SMTP, and insisted on (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
}

/// An SMTP server: `smtps://HOST` (TLS, port 465) or `smtp://HOST` (STARTTLS, port 587; on this
/// machine without TLS).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpUrl {
    host: String,
    port: u16,
    encryption: Encryption,
}

impl SmtpUrl {
    /// The server's host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The server's port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// As if the server were on another machine, which is where nothing goes unencrypted.
    #[cfg(test)]
    pub(super) fn elsewhere(self) -> Self {
        Self { encryption: Encryption::StartTls, ..self }
    }

    /// How the connection is protected.
    pub const fn encryption(&self) -> Encryption {
        self.encryption
    }
}

impl FromStr for SmtpUrl {
    type Err = SettingsError;
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let url = Url::parse(text).map_err(|_| SettingsError::Url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SettingsError::CredentialsInUrl);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SettingsError::Url)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(SettingsError::Url);
        }
        let (encryption, port) = match url.scheme() {
            "smtps" => (Encryption::Implicit, 465),
            "smtp" if localhost::is_loopback(host) => (Encryption::None, 25),
            "smtp" => (Encryption::StartTls, 587),
            _ => return Err(SettingsError::Url),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port().unwrap_or(port), encryption })
    }
}

/// The user and password for an SMTP server.
#[derive(Clone, Debug)]
pub struct Credentials {
    user: String,
    password: Secret<String>,
}

impl Credentials {
    pub(super) fn to_lettre(&self) -> lettre::transport::smtp::authentication::Credentials {
        lettre::transport::smtp::authentication::Credentials::new(self.user.clone(), self.password.expose().clone())
    }
}

/// From the text of a file: one line, `USER:PASSWORD`.
impl FromStr for Credentials {
    type Err = SettingsError;
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (user, password) = line.split_once(':').ok_or(SettingsError::Credentials)?;
        if user.is_empty() || password.is_empty() || line.contains(char::is_control) {
            return Err(SettingsError::Credentials);
        }
        Ok(Self { user: user.to_owned(), password: Secret::new(password.to_owned()) })
    }
}

/// Whom mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    name: Option<String>,
    address: Email,
}

impl Sender {
    /// A sender without a name.
    pub const fn new(address: Email) -> Self {
        Self { name: None, address }
    }

    /// The same address under a name, such as the tenant's. What could begin another header becomes a
    /// space, and so does what would make the name look like another address: many programs show the
    /// name alone.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        let misleading = |c: char| !is_plain(c) || matches!(c, '@' | '＠' | '﹫' | '<' | '>' | '"');
        let name: String = name.chars().take(100).map(|c| if misleading(c) { ' ' } else { c }).collect();
        self.name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        self
    }

    /// The name, if any.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address.
    pub const fn address(&self) -> &Email {
        &self.address
    }
}

impl FromStr for Sender {
    type Err = SettingsError;
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let parse = |address: &str| address.parse().map(Self::new).map_err(|_| SettingsError::Sender);
        match text.trim().strip_suffix('>').and_then(|text| text.split_once('<')) {
            Some((name, address)) => Ok(parse(address)?.named(name.trim().trim_matches('"'))),
            None => parse(text),
        }
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address.as_str()),
            None => f.write_str(self.address.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_on_this_machine_is_spoken_to_in_the_clear() {
        let parsed = |text: &str| text.parse::<SmtpUrl>().map(|url| (url.encryption, url.port));
        assert_eq!(parsed("smtp://127.0.0.1:2525"), Ok((Encryption::None, 2525)));
        assert_eq!(parsed("smtp://[::1]"), Ok((Encryption::None, 25)));
        assert_eq!(parsed("smtp://mail.localhost"), Ok((Encryption::None, 25)));
        assert_eq!(parsed("smtp://mx.example"), Ok((Encryption::StartTls, 587)));
        assert_eq!(parsed("smtps://mx.example"), Ok((Encryption::Implicit, 465)));
        for wrong in
            ["", "mx.example", "http://mx.example", "smtp://", "smtp://mx.example/x", "smtp://mx.example?tls=no"]
        {
            assert_eq!(parsed(wrong), Err(SettingsError::Url), "{wrong}");
        }
    }

    #[test]
    fn f16_a_password_in_a_url_is_refused_and_not_repeated() {
        let error = "smtps://me:hunter2@mx.example".parse::<SmtpUrl>().unwrap_err();
        assert_eq!(error, SettingsError::CredentialsInUrl);
        assert!(!error.to_string().contains("hunter2"));
        let credentials: Credentials = "me:hunter2:x\n".parse().unwrap();
        assert!(!format!("{credentials:?}").contains("hunter2"));
        assert_eq!(credentials.password.expose(), "hunter2:x");
        for wrong in ["", "me", ":x", "me:", "me:x\ny"] {
            assert!(wrong.parse::<Credentials>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_sender_has_an_address_and_may_have_a_name() {
        let sender: Sender = "\"Practice\" <no-reply@example.test>".parse().unwrap();
        assert_eq!((sender.name(), sender.address().as_str()), (Some("Practice"), "no-reply@example.test"));
        assert_eq!("no-reply@example.test".parse::<Sender>().unwrap().name(), None);
        assert_eq!(sender.named("a\r\nBcc: x").name(), Some("a  Bcc: x"));
        assert!("Practice".parse::<Sender>().is_err());
    }

    #[test]
    fn f18_a_senders_name_does_not_look_like_another_address() {
        let named = |name: &str| Sender::new("no-reply@polder.test".parse().unwrap()).named(name);
        for name in
            ["security@bank.example", "Bank <security@bank.example>", "Bank\" <x＠bank.example>", "\u{202e}knab@x"]
        {
            let shown = named(name).to_string();
            assert_eq!(shown.matches('@').count(), 1, "{shown}");
            assert!(shown.ends_with("<no-reply@polder.test>") && !shown.contains(['\u{202e}', '"', '＠']), "{shown}");
        }
        assert_eq!(named("Praktijk Smit & Zn.").name(), Some("Praktijk Smit & Zn."));
    }
}
