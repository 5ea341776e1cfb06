//! Room for one more session.

use askama::Template;

use crate::texts::Texts;
use crate::{Device, Frame};

/// Says that the person has as many sessions as they may, and lets them end one (E18): a form each posts
/// `session` to `/signin/room`; `form#again-form` posts without, for who ended one elsewhere.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/make_room.html")]
pub struct MakeRoom<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that waits.
    pub application: &'a str,
    /// The person's sessions, whichever was not used for the longest time first.
    pub taken: &'a [RoomTaken<'a>],
}

/// One of their sessions.
#[derive(Clone, Copy, Debug)]
pub struct RoomTaken<'a> {
    /// Names it.
    pub id: &'a str,
    /// Browser and system.
    pub device: Device,
    /// The country it was last used from, in words; empty when not known.
    pub country: &'a str,
    /// When it was last used.
    pub last_seen: &'a str,
}

impl RoomTaken<'_> {
    fn device(&self, t: &Texts) -> String {
        self.device.title(t)
    }
}
