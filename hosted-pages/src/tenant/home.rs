//! The tenant's front door.

use askama::Template;

use crate::Frame;

/// What `/` shows: whose sign-in this is, and who is signed in. `form#sign-out-form` posts to `/end_session`,
/// for one person with `account`; with several, `form#sign-out-all-form` is for everybody and
/// `/account/switch` makes one of them the one whose account pages are shown.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/home.html")]
pub struct Home<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The tenant's issuer, for developers.
    pub issuer: &'a str,
    /// Who is signed in on this browser; whoever's account pages it shows first.
    pub people: &'a [Person<'a>],
}

/// Who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The person's name; may be empty.
    pub name: &'a str,
    /// The person's address.
    pub address: &'a str,
    /// Names their session in a form.
    pub session: &'a str,
}
