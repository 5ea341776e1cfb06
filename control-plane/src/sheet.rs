//! Rows for spreadsheets (RFC 4180), as answers. A cell that a spreadsheet would take for a formula gets an
//! apostrophe before it: what people and applications are called is written by strangers.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

/// The media type.
pub const CSV: &str = "text/csv; charset=utf-8";

/// Rows as they are written.
#[derive(Debug)]
pub struct Sheet(csv::Writer<Vec<u8>>);

impl Default for Sheet {
    fn default() -> Self {
        Self::ending(csv::Terminator::CRLF)
    }
}

impl Sheet {
    /// Rows that end with a line feed alone.
    pub fn of_lines() -> Self {
        Self::ending(csv::Terminator::Any(b'\n'))
    }

    fn ending(end: csv::Terminator) -> Self {
        Self(csv::WriterBuilder::new().terminator(end).flexible(true).from_writer(Vec::new()))
    }

    /// Begins with a row of names.
    pub fn with(names: &[&str]) -> Self {
        let mut sheet = Self::default();
        sheet.row(names.iter().copied());
        sheet
    }

    /// Adds a row.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        // Into memory, and as many cells as there are: nothing fails.
        let cells = cells.into_iter().map(harmless);
        if let Err(error) = self.0.write_record(cells) {
            tracing::error!(%error, "a row was not written");
        }
    }

    /// What was written.
    pub fn into_bytes(self) -> Bytes {
        self.0.into_inner().map(Bytes::from).unwrap_or_default()
    }

    /// As a file that the browser saves.
    pub fn answer(self, name: &str) -> Response {
        download(CSV, name, Body::from(self.into_bytes()))
    }
}

/// A file that the browser saves under this name, which is ours.
pub fn download(media_type: &'static str, name: &str, body: Body) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, media_type.to_owned()), (CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// A cell that stays text wherever it is opened. One that begins so behind apostrophes gets another: whoever takes one off
/// has what was there.
fn harmless(cell: &str) -> String {
    if cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_no_cell_is_taken_for_a_formula_and_every_row_has_its_cells() {
        let mut sheet = Sheet::with(&["name", "n"]);
        sheet.row(["=HYPERLINK(\"https://evil.example\")", "1"]);
        sheet.row(["+1", "-2"]);
        sheet.row(["@x", "\tcmd"]);
        sheet.row(["a,b \"c\"\r\nd", ""]);
        let text = String::from_utf8(sheet.into_bytes().to_vec()).unwrap();
        let expected = "name,n\r\n\"'=HYPERLINK(\"\"https://evil.example\"\")\",1\r\n'+1,'-2\r\n'@x,'\tcmd\r\n\
                        \"a,b \"\"c\"\"\r\nd\",\r\n";
        assert_eq!(text, expected);
    }
}
