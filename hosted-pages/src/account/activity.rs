//! What happened with an account.

use askama::Template;

use super::Shell;
use crate::Device;
use crate::texts::Texts;

/// `/account/activity`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/activity.html")]
pub struct Activity<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// Newest first.
    pub events: &'a [Happened<'a>],
    /// Where the next page begins.
    pub next: Option<&'a str>,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Happened<'a> {
    /// The action in the audit log.
    pub action: &'a str,
    /// When, for people.
    pub at: &'a str,
    /// When, for programs.
    pub at_rfc3339: &'a str,
    /// What kind of actor did it.
    pub actor_kind: &'a str,
    /// The application it concerns.
    pub application: Option<&'a str>,
    /// Where from: a network address.
    pub address: Option<&'a str>,
    /// With which browser.
    pub device: Option<Device>,
}

impl Happened<'_> {
    fn what(&self, t: &Texts) -> String {
        let a = &t.activity;
        let text = match self.action {
            "sign_in.code_requested" => a.code_requested,
            "sign_in.failed" => a.sign_in_failed,
            "session.started" => a.session_started,
            "session.renewed" => a.session_renewed,
            "session.ended" => a.session_ended,
            "code.issued" => {
                return self.application.map_or_else(|| a.code_issued_plain.to_owned(), |name| a.code_issued(name));
            }
            "grant.revoked" | "consent.withdrawn" => a.grant_revoked,
            "consent.given" => a.consent_given,
            "user.created" => a.user_created,
            "user.changed" => a.user_changed,
            "email_change.requested" => a.email_change_asked,
            "email.changed" => a.email_changed,
            "email_change.undone" => a.email_undone,
            "totp.added" => a.totp_added,
            "totp.replaced" => a.totp_replaced,
            "totp.removed" => a.totp_removed,
            "totp.failed" => a.totp_failed,
            "recovery_codes.made" => a.recovery_made,
            "recovery_code.used" => a.recovery_used,
            "recovery_code.failed" => a.recovery_failed,
            "recovery.requested" => a.way_back_asked,
            "recovery.cancelled" => a.way_back_stopped,
            "recovery.finished" => a.way_back_done,
            "factors.reset" => a.factors_reset,
            "session.stepped_up" => a.session_stepped_up,
            "data.downloaded" => a.data_downloaded,
            "passkey.added" => a.passkey_added,
            "passkey.removed" => a.passkey_removed,
            "passkey.changed" => a.passkey_changed,
            "connection.added" => a.connection_added,
            "connection.removed" => a.connection_removed,
            other => return a.other(other),
        };
        text.to_owned()
    }

    fn who(&self, t: &Texts) -> &'static str {
        match self.actor_kind {
            "user" | "anonymous" => t.activity.by_you,
            "system" => t.activity.by_system,
            _ => t.activity.by_admin,
        }
    }

    fn place(&self, t: &Texts) -> Option<String> {
        let from = self.address.map(|address| t.activity.from(address));
        let device = self.device.filter(|device| *device != Device::default()).map(|device| device.describe(t));
        match (device, from) {
            (Some(device), Some(from)) => Some(format!("{device}, {from}")),
            (device, from) => device.or(from),
        }
    }
}
