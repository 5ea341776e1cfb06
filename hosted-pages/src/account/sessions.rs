//! Where somebody is signed in (E10, P6).

use askama::Template;

use super::Shell;
use crate::Device;
use crate::texts::Texts;

/// Forms post `session` to `/account/sessions/end`; `form#end-others-form` posts to
/// `/account/sessions/end-others`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/sessions.html")]
pub struct Sessions<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The live sessions, this one first.
    pub sessions: &'a [SessionItem<'a>],
}

/// A live session.
#[derive(Clone, Copy, Debug)]
pub struct SessionItem<'a> {
    /// Names it.
    pub id: &'a str,
    /// Browser and system.
    pub device: Device,
    /// The country it was last used from, in words; empty when not known.
    pub country: &'a str,
    /// Network address; empty when not known.
    pub address: &'a str,
    /// How the person signed in.
    pub method: Method,
    /// When it began.
    pub first_seen: &'a str,
    /// When it was last used.
    pub last_seen: &'a str,
    /// Whether it is the one that looks.
    pub current: bool,
}

/// How somebody signed in, as far as people call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A code by e-mail.
    Email,
    /// A code by e-mail and a second step.
    SecondStep,
    /// A passkey.
    Passkey,
    /// Anything else.
    Other,
}

impl SessionItem<'_> {
    fn device(&self, t: &Texts) -> String {
        self.device.title(t)
    }

    fn method(&self, t: &Texts) -> &'static str {
        match self.method {
            Method::Email => t.devices.method_email,
            Method::SecondStep => t.devices.method_app,
            Method::Passkey => t.devices.method_passkey,
            Method::Other => t.devices.method_other,
        }
    }
}
