//! Plain lists: an address or a network a line, with comments.

use super::{Entry, Parsed, Wrong};

/// Reads a list. Comments begin with `#` or `;`, alone on a line or behind a network.
pub(super) fn parse(content: &str) -> Result<Parsed, Wrong> {
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(content.trim_start_matches('\u{feff}').lines()) {
        let text = line.split(['#', ';']).next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        let wrong = || Wrong(format!("line {number} is neither an address nor a network of a sensible size"));
        entries.push(Entry { network: text.parse().map_err(|_| wrong())?, action: None, until: None });
    }
    Ok(Parsed { entries, skipped: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_comments_and_empty_lines_are_left_out() {
        let list =
            "\u{feff}; a list\r\n# of networks\r\n\r\n192.0.2.0/24 ; SBL1\r\n  2001:db8::1  # a host\n198.51.100.1";
        let read: Vec<String> = parse(list).unwrap().entries.iter().map(|entry| entry.network.to_string()).collect();
        assert_eq!(read, ["192.0.2.0/24", "2001:db8::1/128", "198.51.100.1/32"]);
        assert_eq!(parse("").unwrap(), Parsed::default());
    }

    #[test]
    fn r8_what_is_wrong_is_said_by_its_line_and_not_repeated() {
        let wrong = parse("192.0.2.1\n\nsecret.example\n").unwrap_err().to_string();
        assert!(wrong.starts_with("line 3 ") && !wrong.contains("secret"), "{wrong}");
        assert!(parse("0.0.0.0/0").is_err());
        assert!(parse("192.0.2.1 192.0.2.2").is_err());
    }
}
