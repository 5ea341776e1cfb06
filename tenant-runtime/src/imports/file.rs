//! A file of people, read wholly before anything is done. What is wrong is said by line and column, in words that do
//! not repeat what stands there.

use std::collections::HashMap;

use polder_tenant_api::{ImportFormat, ImportProblem};

use super::row::{Line, Reading, Row};
use crate::fields::Field;

/// The most people of a file.
pub const MOST: usize = 10_000;
/// The largest file, in bytes.
pub const LARGEST: usize = 5 * 1024 * 1024;
/// The most problems that are named; further ones are counted.
const NAMED: usize = 100;
/// Columns that every import may have.
const COLUMNS: [&str; 4] = ["email", "name", "locale", "roles"];
/// Columns of a list that was exported: they are not for an import, and may stand there.
const PASSED_OVER: [&str; 6] = ["id", "email_verified", "disabled", "created_at", "updated_at", "last_sign_in_at"];

/// What a cell begins with that a spreadsheet would calculate, as exports take it.
const CALCULATED: [char; 9] = ['=', '+', '-', '@', '\t', '\r', '\n', '|', '%'];

/// Whether a column of this name is one that every list of people has.
pub fn is_column(name: &str) -> bool {
    COLUMNS.contains(&name) || PASSED_OVER.contains(&name)
}

/// A file that was read.
#[derive(Debug, Default)]
pub struct Checked {
    /// People whose lines are right, each address once.
    pub rows: Vec<Row>,
    /// How many lines are wrong.
    pub wrong: u32,
    /// What is wrong with the first of them.
    pub problems: Vec<ImportProblem>,
    /// Whether nothing of the file can be used.
    pub hopeless: bool,
    seen: HashMap<String, u64>,
}

/// Reads a file.
pub fn check(format: ImportFormat, content: &str, fields: &[Field]) -> Checked {
    let mut checked = Checked::default();
    if content.len() > LARGEST {
        checked.refuse(1, "the file is larger than 5 MiB: send it in parts");
        return checked;
    }
    let content = content.trim_start_matches('\u{feff}');
    match format {
        ImportFormat::Csv => checked.csv(content, fields),
        ImportFormat::Jsonl => checked.json_lines(content, fields),
    }
    if checked.rows.is_empty() && checked.wrong == 0 && !checked.hopeless {
        checked.refuse(1, "there is nobody in the file");
    }
    checked
}

impl Checked {
    fn csv(&mut self, content: &str, fields: &[Field]) {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(content))
            .flexible(true)
            .trim(csv::Trim::Headers)
            .from_reader(content.as_bytes());
        let Ok(header) = reader.headers().cloned() else {
            return self.refuse(1, "the first line does not name the columns");
        };
        let columns: Vec<String> = header.iter().map(|name| name.to_lowercase()).collect();
        if !columns.iter().any(|name| name == "email") {
            return self.refuse(1, "no column is called email: the first line names the columns");
        }
        for (at, name) in columns.iter().enumerate() {
            let known = is_column(name) || fields.iter().any(|field| field.name == *name);
            if !known {
                let detail = "is neither email, name, locale, roles nor one of the tenant's fields";
                return self.refuse(1, &format!("column {} {detail}", at + 1));
            }
            if columns[..at].contains(name) {
                return self.refuse(1, &format!("column {} has the name of one before it", at + 1));
            }
        }
        let mut record = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => return,
                Ok(true) => {}
                Err(_) => return self.refuse(reader.position().line(), "the line cannot be read"),
            }
            let line = record.position().map_or(0, csv::Position::line);
            // Spreadsheets end a list with rows of nothing.
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if record.len() > columns.len() {
                self.problem(line, None, "has more cells than there are columns");
                continue;
            }
            let mut reading = Reading::default();
            for (column, cell) in columns.iter().zip(record.iter()) {
                reading.cell(column, plain(cell), fields);
            }
            if !self.take(line, reading) {
                return;
            }
        }
    }

    fn json_lines(&mut self, content: &str, fields: &[Field]) {
        for (line, text) in (1_u64..).zip(content.lines()) {
            if text.trim().is_empty() {
                continue;
            }
            let mut reading = Reading::default();
            match serde_json::from_str::<Line>(text) {
                Ok(said) => reading.line(said, fields),
                Err(_) => {
                    self.problem(line, None, "is no JSON object with email, name, locale, roles and fields");
                    continue;
                }
            }
            if !self.take(line, reading) {
                return;
            }
        }
    }

    /// `false` when the file holds too many.
    fn take(&mut self, line: u64, reading: Reading) -> bool {
        match reading.done() {
            Err(wrong) => {
                self.wrong += 1;
                for wrong in wrong {
                    self.name_problem(line, Some(wrong.column), wrong.detail);
                }
            }
            Ok(row) => {
                if let Some(first) = self.seen.get(&row.email) {
                    let detail = format!("the address stands on line {first} already");
                    self.problem(line, Some("email"), &detail);
                } else {
                    self.seen.insert(row.email.clone(), line);
                    self.rows.push(row);
                }
            }
        }
        if self.rows.len() > MOST {
            self.refuse(line, "the file holds more than 10,000 people: send it in parts");
            return false;
        }
        true
    }

    fn problem(&mut self, line: u64, column: Option<&str>, detail: &str) {
        self.wrong += 1;
        self.name_problem(line, column.map(str::to_owned), detail.to_owned());
    }

    fn name_problem(&mut self, line: u64, column: Option<String>, detail: String) {
        if self.problems.len() < NAMED {
            self.problems.push(ImportProblem { line, column, detail });
        }
    }

    /// Nothing of the file is used.
    fn refuse(&mut self, line: u64, detail: &str) {
        self.rows.clear();
        self.hopeless = true;
        self.problems.truncate(NAMED - 1);
        self.problem(line, None, detail);
    }
}

/// What stands between cells: spreadsheets of half the world write semicolons.
fn delimiter(content: &str) -> u8 {
    let header = content.lines().next().unwrap_or_default();
    *b",;\t".iter().max_by_key(|mark| header.bytes().filter(|byte| byte == *mark).count()).unwrap_or(&b',')
}

/// A cell without the apostrophe that an export puts before what a spreadsheet would calculate.
fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(CALCULATED) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(content: &str) -> Checked {
        check(ImportFormat::Csv, content, &[])
    }

    fn said(checked: &Checked) -> Vec<(u64, Option<&str>, &str)> {
        checked.problems.iter().map(|p| (p.line, p.column.as_deref(), p.detail.as_str())).collect()
    }

    #[test]
    fn k17_files_of_every_spreadsheet_are_read() {
        for content in [
            "email,name,roles\nANN@example.test,\"de Vries, Ann\",staff coach\n\n",
            "\u{feff}Name;Email;Roles\r\nde Vries, Ann;ann@Example.test;coach,staff\r\n;;\r\n",
            "roles\temail\tname\nstaff coach staff\tann@example.test\t de Vries,  Ann \n",
        ] {
            let checked = csv(content);
            assert_eq!((checked.wrong, checked.rows.len()), (0, 1), "{content:?} {:?}", checked.problems);
            let row = &checked.rows[0];
            assert_eq!((row.email.as_str(), row.name.as_deref()), ("ann@example.test", Some("de Vries, Ann")));
            assert_eq!(row.roles.as_deref(), Some(&["coach".to_owned(), "staff".to_owned()][..]));
        }
        let checked = csv("email,name\nann@example.test,\n");
        assert_eq!((checked.rows[0].name.as_ref(), checked.rows[0].roles.as_ref()), (None, None), "says nothing");
        assert_eq!(csv("email,name\na@b.test,'=Ann\n").rows[0].name.as_deref(), Some("=Ann"), "as it was exported");
    }

    #[test]
    fn k17_what_is_wrong_is_said_by_line_and_column_and_not_repeated() {
        let content = "email,name,locale,roles\nann@example.test,Ann,en,a\nhunter2,Bo,xx,a/b\n\
                       \"ANN@example.test\",\"An\u{202e}n\",,\na@b.test,,,,hunter2\n,Bo,,\n";
        let checked = csv(content);
        assert_eq!((checked.rows.len(), checked.wrong), (1, 4));
        assert_eq!(
            said(&checked),
            [
                (3, Some("email"), "is not an e-mail address"),
                (3, Some("locale"), "is none of en, nl"),
                (3, Some("roles"), "are up to 32 words of letters, digits, '-', '_', '.' and ':'"),
                (4, Some("name"), "has characters that are no part of a name"),
                (5, None, "has more cells than there are columns"),
                (6, Some("email"), "is missing"),
            ]
        );
        assert!(!format!("{:?}", checked.problems).contains("hunter2"));
        let twice = csv("email\na@b.test\nA@B.test\n");
        assert_eq!(said(&twice), [(3, Some("email"), "the address stands on line 2 already")]);
    }

    #[test]
    fn k17_a_file_of_another_kind_is_refused_as_a_whole() {
        for (content, why) in [
            ("", "no column is called email: the first line names the columns"),
            ("ann@example.test,Ann\n", "no column is called email: the first line names the columns"),
            (
                "email,password\na@b.test,x\n",
                "column 2 is neither email, name, locale, roles nor one of the tenant's fields",
            ),
            ("email,email\n", "column 2 has the name of one before it"),
            ("email\n", "there is nobody in the file"),
        ] {
            let checked = csv(content);
            assert!(checked.hopeless && checked.rows.is_empty(), "{content:?}");
            assert_eq!(said(&checked), [(1, None, why)], "{content:?}");
        }
        let mut many = String::from("email\n");
        (0..=MOST).for_each(|n| many.push_str(&format!("p{n}@example.test\n")));
        assert!(csv(&many).hopeless);
        assert!(csv(&"x".repeat(LARGEST + 1)).hopeless);
        let broken =
            check(ImportFormat::Jsonl, "{\"email\":\"a@b.test\"}\n[]\n{\"email\":\"b@b.test\",\"admin\":1}\n", &[]);
        assert_eq!((broken.rows.len(), broken.wrong, broken.hopeless), (1, 2, false));
    }
}
