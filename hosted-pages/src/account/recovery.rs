//! Codes on paper (D17).

use askama::Template;
use polder_kernel::Locale;

use super::Shell;
use crate::clean;
use crate::texts::texts;

/// `form#make-form` posts to `/account/recovery-codes`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/recovery_codes.html")]
pub struct RecoveryCodes<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The set there is.
    pub set: Option<RecoverySet<'a>>,
    /// Whether there is an app they could stand in for.
    pub available: bool,
}

/// A set of codes.
#[derive(Clone, Copy, Debug)]
pub struct RecoverySet<'a> {
    /// How many were not used yet.
    pub left: usize,
    /// When it was made.
    pub made: &'a str,
}

/// The codes, the only time they are shown. `form#download-form` posts them back to
/// `/account/recovery-codes/file`, which gives them as a file.
#[derive(Clone, Copy, Template)]
#[template(path = "account/recovery_codes_shown.html")]
pub struct RecoveryCodesShown<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The codes.
    pub codes: &'a [String],
}

/// The file with the codes, as text.
pub fn recovery_file(locale: Locale, tenant_name: &str, address: &str, codes: &[String]) -> String {
    let t = &texts(locale).recovery;
    let (title, text) = (t.file_title(clean::line(tenant_name)), t.file_text(clean::line(address)));
    format!("{title}\n\n{}\n\n{text}\n", codes.join("\n"))
}

impl RecoveryCodes<'_> {
    fn left(&self) -> String {
        let t = &self.shell.frame.t().recovery;
        match self.set {
            None => t.none.to_owned(),
            Some(RecoverySet { left: 1, made }) => t.left_one(made),
            Some(RecoverySet { left, made }) => t.left_many(left, made),
        }
    }
}

impl RecoveryCodesShown<'_> {
    fn joined(&self) -> String {
        self.codes.join(" ")
    }
}
