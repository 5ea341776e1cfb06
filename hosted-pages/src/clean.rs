//! Names that somebody typed, made safe to stand in a line of text: a mail's subject, a page's title.

/// The longest a name may be in a subject or title, in characters.
const LONGEST: usize = 80;

/// One line without control characters, line breaks and invisible characters that turn or hide text.
pub fn line(text: &str) -> String {
    let visible: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| shows(*c)).collect();
    let mut line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(at);
        line.push('…');
    }
    line
}

/// Whether a character is neither a control nor one that reorders, joins or hides its neighbours.
fn shows(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A link to the web, or nothing: `javascript:` and `data:` links never reach a page.
pub fn web_link(url: &str) -> Option<&str> {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d12_a_name_cannot_start_a_header_or_turn_the_line() {
        assert_eq!(line("Practice\r\nBcc: eve@example.test"), "Practice Bcc: eve@example.test");
        assert_eq!(line(" A\u{202e}cod\u{200b}e\u{0}\t b "), "Acode b");
        assert_eq!(line(&"x".repeat(200)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn f18_only_web_links_are_links() {
        assert_eq!(web_link("https://app.example.test/"), Some("https://app.example.test/"));
        assert_eq!(web_link("HTTP://localhost:1/"), Some("HTTP://localhost:1/"));
        for wrong in ["javascript:alert(1)", " https://x", "data:text/html,x", "//x", "", "é"] {
            assert_eq!(web_link(wrong), None, "{wrong}");
        }
    }
}
