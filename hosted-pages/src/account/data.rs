//! Taking everything along, and leaving.

use askama::Template;

use super::Shell;
use crate::texts::texts;

/// `form#download-form` posts to `/account/data/download`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/data.html")]
pub struct Data<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
}

/// `form#delete-form` posts `confirm` to `/account/delete`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/delete.html")]
pub struct Delete<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// Whether another word was typed than the one asked for.
    pub wrong: bool,
}

impl Delete<'_> {
    /// Whether this is the word that confirms, in any of our languages.
    pub fn is_confirmed_by(typed: &str) -> bool {
        let typed = typed.trim().to_lowercase();
        polder_kernel::Locale::ALL.into_iter().any(|locale| typed == texts(locale).delete_account.word)
    }
}
