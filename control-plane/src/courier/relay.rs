//! The mail server that all tenants' mail goes to, and as whom.

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

    /// The mailer of the tenant with this name: From and envelope are the installation's address, under
    /// the name that the control plane knows the tenant by.
    ///
    /// # Errors
    /// [`SettingsError`], which the address was checked for before.
    pub fn mailer_of(&self, name: &str) -> Result<Mailer, SettingsError> {
        let sender = Sender::new(self.sender.address().clone()).named(name);
        Ok(Mailer::Smtp(self.smtp.sending_as(&sender)?))
    }
}
