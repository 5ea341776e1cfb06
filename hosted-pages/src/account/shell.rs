//! What every account page has around it, and the pages that say one thing.

use askama::Template;

use super::{SECTIONS, Section};
use crate::Frame;
use crate::texts::Texts;

/// Around every account page.
#[derive(Clone, Copy, Debug)]
pub struct Shell<'a> {
    /// Language, tenant, token of the page's own forms.
    pub frame: Frame<'a>,
    /// Which part of the account this is.
    pub current: Section,
    /// The token of the form that signs out.
    pub sign_out_csrf: &'a str,
    /// Whose account it is, where others are signed in on this browser as well.
    pub address: Option<&'a str>,
    /// Whether there are outside providers to connect accounts of.
    pub connections: bool,
    /// What was just done.
    pub said: Option<Outcome<'a>>,
    /// Whether to offer that sessions elsewhere end, now that a factor changed (E12).
    pub offer_end: bool,
}

impl Shell<'_> {
    /// The parts that there are for this person, in order.
    pub(crate) fn sections(&self) -> impl Iterator<Item = Section> {
        let (all, current) = (self.connections, self.current);
        SECTIONS.iter().copied().filter(move |it| all || *it == current || *it != Section::Connections)
    }
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Stored.
    Saved,
    /// The address was changed; for how many days that can be undone.
    EmailChanged(u64),
    /// The second step was switched off.
    SecondFactorRemoved,
    /// A device was signed out.
    SessionEnded,
    /// Every other device was signed out.
    OthersEnded,
    /// An application has no access any more.
    Withdrawn(&'a str),
}

impl Outcome<'_> {
    pub(crate) fn text(&self, t: &Texts) -> String {
        match self {
            Self::Saved => t.account.saved.to_owned(),
            Self::EmailChanged(days) => t.address.changed(days),
            Self::SecondFactorRemoved => t.second_factor.removed.to_owned(),
            Self::SessionEnded => t.devices.ended.to_owned(),
            Self::OthersEnded => t.devices.ended_others.to_owned(),
            Self::Withdrawn(application) => t.apps.withdrawn(application),
        }
    }
}

/// A page that says one thing to somebody who is not, or no longer, signed in.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/said.html")]
pub struct Said<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// What it says.
    pub what: What,
}

/// What such a page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The account is gone.
    Deleted,
    /// The change of address is undone.
    AddressUndone,
    /// The change of address cannot be undone any more.
    UndoGone,
    /// A way back without the account's factors is stopped.
    WayBackStopped,
    /// There is nothing to stop any more.
    WayBackGone,
}

impl Said<'_> {
    fn title(&self) -> &'static str {
        let t = self.frame.t();
        match self.what {
            What::Deleted => t.delete_account.done_title,
            What::AddressUndone => t.address.undone_title,
            What::UndoGone => t.address.undo_gone_title,
            What::WayBackStopped => t.lost.stopped_title,
            What::WayBackGone => t.lost.gone_title,
        }
    }

    fn text(&self) -> &'static str {
        let t = self.frame.t();
        match self.what {
            What::Deleted => t.delete_account.done_text,
            What::AddressUndone => t.address.undone_text,
            What::UndoGone => t.address.undo_gone_text,
            What::WayBackStopped => t.lost.stopped_text,
            What::WayBackGone => t.lost.gone_text,
        }
    }
}
