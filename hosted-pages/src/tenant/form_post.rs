//! The answer to an application as a form (OAuth 2.0 Form Post Response Mode).

use askama::Template;

use crate::Frame;

/// Takes the person to the application: `form#answer-form` posts the answer to it. A script sends it at once;
/// where that does not run, or does not arrive, the button does.
#[derive(Clone, Copy, Template)]
#[template(path = "tenant/form_post.html")]
pub struct FormPost<'a> {
    /// Around the page. It has no path: whoever asks for the page again asks for another answer.
    pub frame: Frame<'a>,
    /// The application's name.
    pub application: &'a str,
    /// Where the answer goes: its redirect URI, as verified.
    pub action: &'a str,
    /// The answer, by name.
    pub fields: &'a [(&'static str, String)],
}
