//! The mail server that all tenants' mail goes to, and as whom.

use polder_kernel::Email;
use polder_outbound::smtp::SettingsError;
use polder_outbound::{Credentials, Mailer, Sender, Smtp, SmtpUrl};

/// A mail server, and the address that mail comes from.
#[derive(Clone, Debug)]
pub struct Relay {
    smtp: Smtp,
    sender: Sender,
}

impl Relay {
    /// The server at `url`. Nothing is connected to yet.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(url: &SmtpUrl, credentials: Option<&Credentials>, sender: Sender) -> Result<Self, SettingsError> {
        Ok(Self { smtp: Smtp::new(url, credentials, &sender)?, sender })
    }

    /// The mailer of the tenant with this name: From and envelope are the installation's address, or the
    /// same below a verified domain of the tenant's `own`, under the name that the control plane knows the
    /// tenant by.
    ///
    /// # Errors
    /// [`SettingsError`], when the domain makes no address.
    pub fn mailer_of(&self, name: &str, own: Option<&str>) -> Result<Mailer, SettingsError> {
        let address = self.sender.address();
        let address = match own {
            Some(domain) => address_below(address, domain).ok_or(SettingsError::Sender)?,
            None => address.clone(),
        };
        let sender = Sender::new(address).named(name);
        Ok(Mailer::Smtp(self.smtp.sending_as(&sender)?))
    }
}

fn address_below(address: &Email, domain: &str) -> Option<Email> {
    let (local, _) = address.as_str().rsplit_once('@')?;
    format!("{local}@{domain}").parse().ok()
}
