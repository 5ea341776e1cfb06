//! `/user-imports`: many people at once, from a file.

use polder_kernel::id_kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

id_kind!(
    /// Names an import of people.
    UserImportId,
    UserImportKind
);

/// What a file of people is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImportFormat {
    /// Comma-separated values with a header (RFC 4180).
    #[default]
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

/// What becomes of people who have an account already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExistingPeople {
    /// They stay as they are.
    #[default]
    Skip,
    /// They get what their line says; what it leaves out stays.
    Update,
}

/// A file of people.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserImport {
    /// What it is written in.
    #[serde(default)]
    pub format: ImportFormat,
    /// The file: 10,000 people and 5 MiB at most. Columns: `email`, and where wanted `name`, `locale`, `roles` (separated
    /// by spaces), and the tenant's own fields by name.
    pub content: String,
    /// What becomes of people who have an account already.
    #[serde(default)]
    pub existing: ExistingPeople,
    /// Whether lines that are wrong are left out; otherwise one of them stops the import before it begins.
    #[serde(default)]
    pub skip_wrong: bool,
    /// Whether those who are added get an invitation by mail. They leave a hundred a minute.
    #[serde(default)]
    pub invite: bool,
    /// Whether the file is only checked.
    #[serde(default)]
    pub check_only: bool,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserImportState {
    /// The file was looked at and nothing else.
    Checked,
    /// It is under way; after a restart it goes on where it was.
    Running,
    /// Every line was dealt with.
    Done,
    /// It was ended before that.
    Cancelled,
}

/// What is wrong with a line. It never repeats what the line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportProblem {
    /// The line of the file, from 1.
    pub line: u64,
    /// The column, where it is one.
    pub column: Option<String>,
    /// What is wrong, in English.
    pub detail: String,
}

/// An import, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UserImport {
    /// Names it; null where the file was only checked.
    #[schema(value_type = Option<String>)]
    pub id: Option<UserImportId>,
    /// How far it has come.
    pub state: UserImportState,
    /// People in the file whose lines are right.
    pub total: u32,
    /// Of those, how many were dealt with.
    pub done: u32,
    /// People who were added.
    pub created: u32,
    /// People who were there and changed.
    pub updated: u32,
    /// People who were there and stayed as they were.
    pub skipped: u32,
    /// Lines that are wrong.
    pub wrong: u32,
    /// What is wrong with the first hundred of them.
    pub problems: Vec<ImportProblem>,
    /// When it began.
    pub created_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
}
