//! The name a person goes by.

use polder_kernel::Email;

/// The longest name, in characters.
pub const LONGEST: usize = 100;

/// Why a text is not taken as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameProblem {
    /// Nothing but space.
    Empty,
    /// Longer than [`LONGEST`].
    TooLong,
    /// Control characters, line breaks, or characters that turn or hide their neighbours.
    Invalid,
}

/// A name as it is stored: trimmed, runs of space made one.
///
/// # Errors
/// A [`NameProblem`]. Names go into pages, claims and applications' mails; what could break a line
/// or mislead a reader there is refused here (F18).
pub fn checked(text: &str) -> Result<String, NameProblem> {
    if text.chars().any(misleads) {
        return Err(NameProblem::Invalid);
    }
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        0 => Err(NameProblem::Empty),
        1..=LONGEST => Ok(name),
        _ => Err(NameProblem::TooLong),
    }
}

/// What an address suggests: `Ann De Vries` for `ann.de-vries+news@example.test`.
pub fn suggested(email: &Email) -> String {
    let local = email.as_str().split('@').next().unwrap_or_default();
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    let words: Vec<String> =
        local.split('+').next().unwrap_or_default().split(['.', '_', '-']).filter_map(capitalised).collect();
    if words.is_empty() { local.to_owned() } else { words.join(" ") }
}

/// Whether a character breaks a line, turns it, or hides in it.
pub(crate) fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_taken_as_they_are() {
        for name in
            ["Ann", "Søren Åberg", "O'Neill", "王小明", "علي", "van der Berg-de Vries", "\u{1f468}\u{200d}\u{1f469}"]
        {
            assert_eq!(checked(name).as_deref(), Ok(name));
        }
        assert_eq!(checked("  Ann   de  Vries ").as_deref(), Ok("Ann de Vries"));
    }

    #[test]
    fn an_address_suggests_a_name_that_is_one() {
        let of = |text: &str| suggested(&text.parse().unwrap());
        assert_eq!(of("ann@example.test"), "Ann");
        assert_eq!(of("ann.de-vries+news@example.test"), "Ann De Vries");
        for odd in ["-@example.test", "+@example.test", "_._@example.test"] {
            assert_eq!(checked(&of(odd)).as_deref(), Ok(of(odd).as_str()), "{odd}");
        }
    }

    #[test]
    fn f18_what_breaks_a_line_or_turns_it_is_no_name() {
        for name in ["Ann\r\nBcc: x", "Ann\u{0}", "\u{202e}nnA", "A\u{200b}nn"] {
            assert_eq!(checked(name), Err(NameProblem::Invalid), "{name:?}");
        }
        assert_eq!(checked("   "), Err(NameProblem::Empty));
        assert_eq!(checked(&"x".repeat(101)), Err(NameProblem::TooLong));
    }
}
