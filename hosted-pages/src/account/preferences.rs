//! Language and look (R7).

use askama::Template;
use polder_kernel::Locale;

use super::Shell;
use crate::Look;

/// `form#preferences-form` posts `language` and `look` to `/account/preferences`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/preferences.html")]
pub struct Preferences<'a> {
    /// Around the page; its frame holds what is chosen now.
    pub shell: Shell<'a>,
}

impl Preferences<'_> {
    fn has(&self, look: &Look) -> bool {
        self.shell.frame.look.as_ref() == Some(look)
    }
}
