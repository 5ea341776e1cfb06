//! Reading a refresh token.

use polder_protocol::refresh::Presented;

/// A token has one spelling.
///
/// # Panics
/// When it does not hold.
pub fn holds(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if let Some(token) = Presented::parse(text) {
        assert_eq!(token.text().expose(), text);
    }
}
