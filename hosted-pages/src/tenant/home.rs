//! The tenant's front door.

use askama::Template;

use crate::Frame;

/// What `/` shows: whose sign-in this is, and who is signed in. `form#sign-out-form` posts to `/end_session`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/home.html")]
pub struct Home<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The tenant's issuer, for developers.
    pub issuer: &'a str,
    /// Who is signed in on this browser.
    pub person: Option<Person<'a>>,
}

/// Who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The person's name; may be empty.
    pub name: &'a str,
    /// The person's address, masked or whole.
    pub address: &'a str,
}
