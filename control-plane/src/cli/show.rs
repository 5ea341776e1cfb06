//! How answers are shown: as JSON, as a table that fits the terminal, or fact by fact.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::Value;

use super::reach::Reach;

/// A column of a table: the name of the field, which is also its heading.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The field.
    pub name: &'static str,
    /// Whether it is cut where the terminal is narrow: what is copied from a table, such as an id, is not.
    pub shrinks: bool,
}

/// How an answer is shown to people.
#[derive(Clone, Copy, Debug)]
pub enum Look {
    /// A line for each of `items`.
    Table(&'static [Column]),
    /// A line for each of these fields that is there.
    Facts(&'static [&'static str]),
    /// As this says.
    Text(fn(&Value) -> String),
    /// What only makes sense as a whole.
    Json,
    /// Nothing: it is done.
    Done,
}

/// A column that may be cut.
pub const fn wide(name: &'static str) -> Column {
    Column { name, shrinks: true }
}

/// A column that is not cut.
pub const fn whole(name: &'static str) -> Column {
    Column { name, shrinks: false }
}

/// Writes an answer to standard output. Whoever reads may stop when they have seen enough.
///
/// # Errors
/// When it cannot be written.
pub fn show(reach: &Reach, look: Look, answer: &Value) -> io::Result<()> {
    let text = match look {
        // What is streamed was JSON already.
        Look::Done if answer.is_null() => return Ok(()),
        _ if reach.json => json(&pretty(answer)),
        Look::Table(columns) => {
            let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
            table(columns, items, !reach.no_headers, terminal_width())
        }
        Look::Facts(names) => facts(names, answer),
        Look::Text(told) => told(answer),
        Look::Json => json(&pretty(answer)),
        Look::Done => return Ok(()),
    };
    print(&text)
}

/// Writes text and the end of its line to standard output.
///
/// # Errors
/// When it cannot be written.
pub fn print(text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The columns of the terminal; `None` where nobody looks at one.
fn terminal_width() -> Option<usize> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&out).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Whether a terminal acts upon a letter, or shows what is around it in another order or not at all.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// One line of text that somebody else wrote. What would act upon a terminal is shown as a sign of its own.
pub fn harmless(text: &str) -> String {
    text.chars().map(|letter| if acts(letter) { '\u{fffd}' } else { letter }).collect()
}

/// JSON that says the same and acts upon no terminal: such letters stand in strings alone, where they have another
/// spelling.
pub fn json(text: &str) -> String {
    use std::fmt::Write as _;
    let mut spelt = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '\n' || !acts(letter) {
            spelt.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(spelt, "\\u{unit:04x}");
        }
    }
    spelt
}

fn pretty(answer: &Value) -> String {
    serde_json::to_string_pretty(answer).unwrap_or_default()
}

/// A field as one line of text. What could move the cursor of a terminal is shown as a sign of its own.
pub fn cell(of: &Value, name: &str) -> String {
    let field = name.split('.').fold(of, |value, part| &value[part]);
    let text = match field {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    harmless(&text)
}

fn table(columns: &[Column], items: &[Value], headers: bool, terminal: Option<usize>) -> String {
    let mut lines: Vec<Vec<String>> = Vec::new();
    if headers {
        lines.push(columns.iter().map(|column| column.name.to_uppercase().replace(['_', '.'], " ")).collect());
    }
    lines.extend(items.iter().map(|item| columns.iter().map(|column| cell(item, column.name)).collect()));
    let widest = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let widths = fitted(columns, (0..columns.len()).map(widest).collect(), terminal);
    let padded = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", cut(cell, *width)));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(padded).collect::<Vec<_>>().join("\n")
}

/// Makes the widest columns that may be cut narrower, one letter at a time, until all fit.
fn fitted(columns: &[Column], mut widths: Vec<usize>, terminal: Option<usize>) -> Vec<usize> {
    /// Below this a column says nothing any more.
    const LEAST: usize = 8;
    let Some(terminal) = terminal else { return widths };
    while widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1) > terminal {
        let widest = (0..widths.len()).filter(|at| columns[*at].shrinks && widths[*at] > LEAST);
        let Some(widest) = widest.max_by_key(|at| widths[*at]) else { break };
        widths[widest] -= 1;
    }
    widths
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// A line for each of these fields that is there.
pub fn facts(names: &[&str], of: &Value) -> String {
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let lines = names.iter().map(|name| (name, cell(of, name))).filter(|(_, value)| !value.is_empty());
    lines.map(|(name, value)| format!("{name:width$}  {value}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: [Column; 3] = [whole("id"), wide("name"), wide("state")];

    #[test]
    fn tables_are_aligned_and_fit_the_terminal() {
        let items = [json!({"id": "0123456789", "name": "A name that is rather long", "state": "on"})];
        assert_eq!(
            table(&COLUMNS, &items, true, None),
            "ID          NAME                        STATE\n0123456789  A name that is rather long  on"
        );
        let narrow = table(&COLUMNS, &items, true, Some(32));
        assert!(narrow.lines().all(|line| line.chars().count() <= 32), "{narrow}");
        assert!(narrow.contains("0123456789") && narrow.contains('…'), "{narrow}");
        assert_eq!(table(&COLUMNS, &[], false, None), "");
        assert_eq!(table(&COLUMNS, &items, false, None).lines().count(), 1);
    }

    #[test]
    fn facts_leave_out_what_is_not_there() {
        let told =
            facts(&["slug", "failure", "idle_after_seconds"], &json!({"slug": "acme", "idle_after_seconds": 60}));
        assert_eq!(told, "slug                acme\nidle_after_seconds  60");
    }

    #[test]
    fn f18_what_a_tenant_is_called_does_not_move_the_cursor() {
        assert_eq!(cell(&json!({"name": "a\u{1b}[2Jb\nc"}), "name"), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(cell(&json!({"access": {"who": "role"}, "roles": ["a", "b"]}), "access.who"), "role");
        assert_eq!(cell(&json!({"roles": ["a", "b"]}), "roles"), "a b");
        for evil in
            ["\u{9b}2J", "\u{7f}", "\u{8}", "\u{202e}gpj.exe", "\u{2066}x\u{2069}", "\u{200f}", "\u{e0041}", "\u{feff}"]
        {
            let shown = cell(&json!({"name": evil, "roles": [evil], "at": {"x": evil}}), "name");
            assert!(shown.contains('\u{fffd}') && !shown.chars().any(acts), "{evil:?}");
            for name in ["roles", "at"] {
                assert!(!cell(&json!({"roles": [evil], "at": {"x": evil}}), name).chars().any(acts), "{evil:?}");
            }
            let value = json!({"name": evil, evil: 1});
            let text = super::json(&pretty(&value));
            assert!(!text.chars().any(|letter| letter != '\n' && acts(letter)), "{text}");
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value, "it says the same");
        }
        let names = "Zo\u{eb} \u{2019}t Hart-\u{5d0}\u{5d1} \u{1f468}\u{200d}\u{1f469}";
        assert_eq!(harmless(names), names, "people are called as they are called");
    }
}
