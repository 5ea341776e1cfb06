//! What applications were told of ended sessions.

use askama::Template;
use polder_tenant_api::{LogoutDelivery, LogoutDeliveryState};

use super::{Section, Shell, Sorting, TenantHead};

/// The log of what applications were told of ended sessions; a button has one that failed tried again.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/logouts.html")]
pub struct Logouts<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// How the table is sorted.
    pub sorting: &'a Sorting,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The deliveries, newest first.
    pub deliveries: &'a [LogoutDelivery],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
    /// `state`: which ones are shown; all where it is none.
    pub state: Option<LogoutDeliveryState>,
    /// `application_id`: whose are shown; empty for everybody's.
    pub application_id: &'a str,
}

const STATES: [LogoutDeliveryState; 3] =
    [LogoutDeliveryState::Pending, LogoutDeliveryState::Delivered, LogoutDeliveryState::Failed];

impl Logouts<'_> {
    const fn section(&self) -> Section {
        Section::Logouts
    }

    const fn words(&self, state: LogoutDeliveryState) -> &'static str {
        let t = &self.shell.t().logouts;
        match state {
            LogoutDeliveryState::Pending => t.pending,
            LogoutDeliveryState::Delivered => t.delivered,
            LogoutDeliveryState::Failed => t.failed,
        }
    }

    /// How far it has come, in words and in looks.
    const fn state_of(&self, delivery: &LogoutDelivery) -> (&'static str, &'static str) {
        let look = match delivery.state {
            LogoutDeliveryState::Pending => "busy",
            LogoutDeliveryState::Delivered => "good",
            LogoutDeliveryState::Failed => "bad",
        };
        (self.words(delivery.state), look)
    }

    fn is_failed(&self, delivery: &LogoutDelivery) -> bool {
        delivery.state == LogoutDeliveryState::Failed
    }

    /// The choices of the filter: value, words and whether it is chosen.
    fn states(&self) -> Vec<(&'static str, &'static str, bool)> {
        let one = |state: LogoutDeliveryState| (state.as_str(), self.words(state), self.state == Some(state));
        let all = ("", self.shell.t().logouts.any, self.state.is_none());
        std::iter::once(all).chain(STATES.map(one)).collect()
    }

    fn is_filtered(&self) -> bool {
        self.state.is_some() || !self.application_id.is_empty()
    }
}
