//! Many people at once, from a file.

use askama::Template;
use polder_tenant_api::{UserImport, UserImportState};

use super::{Section, Shell, TenantHead};
use crate::texts::Texts;

/// The form for a file, what is wrong with one, and the imports so far.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/user_imports.html")]
pub struct UserImports<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The columns that a file may have beside the known ones.
    pub fields: &'a [String],
    /// The file that was just sent, where nothing became of it.
    pub checked: Option<&'a UserImport>,
    /// Why it could not even be read, in our words.
    pub problem: Option<ImportTrouble>,
    /// The imports so far, newest first.
    pub imports: &'a [UserImport],
}

/// Why a file was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportTrouble {
    /// None was chosen.
    NoFile,
    /// It is not UTF-8.
    NotUtf8,
    /// Another import is under way.
    UnderWay,
}

/// One import, which shows itself again while it is under way.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/user_import.html")]
pub struct UserImportPage<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The import.
    pub import: &'a UserImport,
}

impl UserImports<'_> {
    const fn section(&self) -> Section {
        Section::Users
    }

    fn problem_text(&self) -> Option<&'static str> {
        let t = &self.shell.t().imports;
        self.problem.map(|problem| match problem {
            ImportTrouble::NoFile => t.no_file,
            ImportTrouble::NotUtf8 => t.not_utf8,
            ImportTrouble::UnderWay => t.under_way,
        })
    }
}

impl UserImportPage<'_> {
    const fn section(&self) -> Section {
        Section::Users
    }

    fn is_running(&self) -> bool {
        self.import.state == UserImportState::Running
    }
}

/// How far it has come, in words.
pub(crate) const fn import_label(t: &Texts, state: &UserImportState) -> &'static str {
    match state {
        UserImportState::Checked => t.imports.checked,
        UserImportState::Running => t.imports.running,
        UserImportState::Done => t.imports.done,
        UserImportState::Cancelled => t.imports.cancelled,
    }
}

/// How it looks.
pub(crate) const fn import_look(state: &UserImportState) -> &'static str {
    match state {
        UserImportState::Running => "busy",
        UserImportState::Done => "good",
        UserImportState::Checked | UserImportState::Cancelled => "calm",
    }
}
