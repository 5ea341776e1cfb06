//! Letting in a program on another device (RFC 8628).

use askama::Template;

use super::Asked;
use crate::Frame;

/// Asks for the code that the other device shows: `form#device-form` posts `user_code` to `/device`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/device_enter.html")]
pub struct DeviceEnter<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// What is in the field already; it approves nothing.
    pub code: &'a str,
    /// What was wrong.
    pub error: Option<DeviceError>,
}

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceError {
    /// None that waits: wrong, used, or ten minutes old.
    Unknown,
    /// Wrong too often.
    TooOften,
    /// The application is not for this person.
    NotAllowed,
}

/// Shows which application asks, for what and for whom: `form#allow-form` and `form#refuse-form` post `decision` to
/// `/device`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/device_confirm.html")]
pub struct DeviceConfirm<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that asks.
    pub application: &'a str,
    /// The code, as the other device shows it.
    pub code: &'a str,
    /// The person's name; may be empty.
    pub name: &'a str,
    /// The person's address, masked.
    pub masked_address: &'a str,
    /// What is asked for.
    pub asked: &'a [Asked<'a>],
}

/// Says that it was decided.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/device_done.html")]
pub struct DeviceDone<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that asked.
    pub application: &'a str,
    /// Whether the person said yes.
    pub allowed: bool,
}

impl DeviceEnter<'_> {
    fn problem(&self) -> Option<&'static str> {
        let t = &self.frame.t().device_code;
        self.error.map(|error| match error {
            DeviceError::Unknown => t.error_unknown,
            DeviceError::TooOften => t.error_too_often,
            DeviceError::NotAllowed => t.error_not_allowed,
        })
    }
}

impl DeviceConfirm<'_> {
    fn line(&self, asked: Asked<'_>) -> &'static str {
        asked.line(self.frame.t())
    }
}
