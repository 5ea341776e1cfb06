//! The way back for somebody who lost what a sign-in asks for (D18).

use askama::Template;

use crate::Frame;

/// Where a way back stands. `form#lost-form` posts to `/signin/lost`; `form#finish-form` posts to
/// `/signin/lost/finish`, with `gone-ID` for each passkey that is lost.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/lost.html")]
pub struct Lost<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// Where it stands.
    pub state: LostState<'a>,
}

/// Where a way back stands.
#[derive(Clone, Copy, Debug)]
pub enum LostState<'a> {
    /// It was not asked for yet.
    Ask {
        /// How many hours it takes.
        hours: u32,
    },
    /// It was, and takes time.
    Waits {
        /// Until when, for people.
        until: &'a str,
    },
    /// It can be used.
    Ready {
        /// The passkeys of the account, of which the lost ones are removed.
        passkeys: &'a [LostPasskey],
    },
}

/// A passkey that may be lost.
#[derive(Clone, Debug)]
pub struct LostPasskey {
    /// Names it in the form.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
}

/// Where the link in the notices leads: `form#stop-form` posts `recovery` to `/signin/lost/stop`. Opening
/// it changes nothing.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/stop_way_back.html")]
pub struct StopWayBack<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// Names the way back.
    pub recovery: &'a str,
}

impl Lost<'_> {
    const fn title(&self) -> &'static str {
        let t = &self.frame.t().lost;
        match self.state {
            LostState::Ask { .. } => t.title,
            LostState::Waits { .. } => t.waits_title,
            LostState::Ready { .. } => t.ready_title,
        }
    }
}
