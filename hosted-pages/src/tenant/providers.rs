//! Outside identity providers: their buttons, connecting an account, and the accounts a person connected.

use askama::Template;

use crate::Frame;
use crate::account::Shell;

/// The button of a provider, a link that leads there.
#[derive(Clone, Copy, Debug)]
pub struct ProviderButton<'a> {
    /// The provider's name.
    pub name: &'a str,
    /// The connection's id.
    pub connection: &'a str,
}

/// Why a provider signed nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderTrouble<'a> {
    /// The person, or the provider, would rather not.
    Cancelled {
        /// The provider's name.
        provider: &'a str,
    },
    /// What it answered was not to be believed.
    Failed {
        /// The provider's name.
        provider: &'a str,
    },
    /// It does not answer.
    Unavailable {
        /// The provider's name.
        provider: &'a str,
    },
}

/// An account that waits to be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingAccount<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// What the person is called there.
    pub account: Option<&'a str>,
}

/// Asks whether to connect an account. `form#connect-form` and `form#leave-form` post to `/signin/connect`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/connect_account.html")]
pub struct ConnectAccount<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The account.
    pub account: WaitingAccount<'a>,
    /// The person's name; may be empty.
    pub name: &'a str,
    /// The person's address.
    pub address: &'a str,
    /// Stands for this person and this account in the form: the answer counts for no others.
    pub token: &'a str,
}

/// Shown while the browser goes to a provider, with a link for those that wait to be told.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/on_the_way.html")]
pub struct OnTheWay<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The provider's name.
    pub provider: &'a str,
    /// Where its sign-in begins.
    pub href: &'a str,
}

/// The accounts a person connected. `form`s post `account` to `/account/connections/disconnect`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/connected_accounts.html")]
pub struct ConnectedAccounts<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// What is connected.
    pub accounts: &'a [Connected<'a>],
    /// What could be connected.
    pub providers: &'a [ProviderButton<'a>],
    /// What just happened.
    pub news: Option<ConnectedNews<'a>>,
}

/// An account that a person connected.
#[derive(Clone, Copy, Debug)]
pub struct Connected<'a> {
    /// Its id.
    pub id: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// What the person is called there.
    pub account: Option<&'a str>,
    /// Since when, as people read it.
    pub since: &'a str,
}

/// What just happened to the accounts a person connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectedNews<'a> {
    /// One was connected.
    Connected,
    /// One was disconnected.
    Disconnected,
    /// It is connected to somebody, perhaps to this person.
    Taken,
    /// It is the only way in.
    LastWay,
    /// The provider signed nobody in.
    Trouble(ProviderTrouble<'a>),
}

impl ProviderTrouble<'_> {
    /// What is said about it.
    pub(super) fn text(self, frame: &Frame<'_>) -> String {
        let t = &frame.t().providers;
        match self {
            Self::Cancelled { provider } => t.cancelled(provider),
            Self::Failed { provider } => t.failed(provider),
            Self::Unavailable { provider } => t.unavailable(provider),
        }
    }
}

impl WaitingAccount<'_> {
    /// What is said on the page that asks for another proof.
    pub(super) fn text(self, frame: &Frame<'_>) -> String {
        frame.t().providers.waits(self.provider, frame.tenant_name)
    }
}

impl ConnectedAccounts<'_> {
    fn good_news(&self) -> Option<&'static str> {
        let t = &self.shell.frame.t().providers;
        match self.news? {
            ConnectedNews::Connected => Some(t.connected),
            ConnectedNews::Disconnected => Some(t.disconnected),
            _ => None,
        }
    }

    fn bad_news(&self) -> Option<String> {
        let t = &self.shell.frame.t().providers;
        match self.news? {
            ConnectedNews::Taken => Some(t.taken.to_owned()),
            ConnectedNews::LastWay => Some(t.last_way.to_owned()),
            ConnectedNews::Trouble(trouble) => Some(trouble.text(&self.shell.frame)),
            ConnectedNews::Connected | ConnectedNews::Disconnected => None,
        }
    }
}
