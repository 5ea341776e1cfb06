//! What a tenant sent, and how far it has come.

use askama::Template;
use polder_tenant_api::{Message, MessageState};

use super::{Section, Shell, Sorting, TenantHead};
use crate::texts::Texts;

/// The log of messages, newest first.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/messages.html")]
pub struct Messages<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// How the table is sorted.
    pub sorting: &'a Sorting,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The messages.
    pub messages: &'a [Message],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
    /// The state that is filtered by.
    pub state: Option<MessageState>,
    /// The person that is filtered by; empty for all.
    pub user_id: &'a str,
}

impl Messages<'_> {
    const fn section(&self) -> Section {
        Section::Messages
    }

    /// Value, words and whether it is chosen.
    fn states(&self) -> Vec<(&'static str, &'static str, bool)> {
        let t = self.shell.t();
        let all = std::iter::once(("", t.messages.any_state, self.state.is_none()));
        let each = MessageState::ALL.map(|state| (state.as_str(), state_label(t, &state), self.state == Some(state)));
        all.chain(each).collect()
    }
}

/// Which mail it is, in words.
pub(crate) fn kind_label<'a>(t: &Texts, kind: &'a str) -> &'a str {
    match kind {
        "sign_in_code" => t.messages.kind_code,
        "security_notice" => t.messages.kind_notice,
        "invitation" => t.messages.kind_invitation,
        other => other,
    }
}

/// How far it has come, in words.
pub(crate) const fn state_label(t: &Texts, state: &MessageState) -> &'static str {
    match state {
        MessageState::Waiting => t.messages.waiting,
        MessageState::Sent => t.messages.sent,
        MessageState::Failed => t.messages.failed,
    }
}

/// How it looks: `good`, `busy` or `bad`.
pub(crate) const fn state_look(state: &MessageState) -> &'static str {
    match state {
        MessageState::Waiting => "busy",
        MessageState::Sent => "good",
        MessageState::Failed => "bad",
    }
}
