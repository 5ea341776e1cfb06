//! The hash that ties each event to the one before.

use std::fmt;

use polder_crypto::hash::Sha256;
use polder_kernel::encoding::{base64url, from_base64url};

/// The chain that is written. One connection writes, so there is one; an event under another number was
/// not written by this program.
pub const CHAIN: i64 = 0;

/// The hash of an event, and with it of all events before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Before the first event.
    pub const START: Self = Self([0; 32]);

    /// The hash that a column holds.
    pub fn parse(text: &str) -> Option<Self> {
        from_base64url(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 over the previous hash and every column in order. Each column is a mark (there or `NULL`),
/// its length as 8 bytes and its bytes, so that no two rows look alike, whatever their values are.
pub(crate) struct Canonical(Sha256);

impl Canonical {
    pub(crate) fn after(previous: Hash) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"polder audit event 1\0");
        hash.update(&previous.0);
        Self(hash)
    }

    pub(crate) fn number(&mut self, number: i64) {
        self.column(Some(&number.to_be_bytes()));
    }

    pub(crate) fn text(&mut self, text: Option<&str>) {
        self.column(text.map(str::as_bytes));
    }

    fn column(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.0.update(&[0]),
            Some(bytes) => {
                self.0.update(&[1]);
                self.0.update(&(bytes.len() as u64).to_be_bytes());
                self.0.update(bytes);
            }
        }
    }

    pub(crate) fn finish(self) -> Hash {
        Hash(self.0.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(columns: &[Option<&str>]) -> Hash {
        let mut hash = Canonical::after(Hash::START);
        columns.iter().for_each(|column| hash.text(*column));
        hash.finish()
    }

    #[test]
    fn f17_rows_that_differ_have_different_hashes_wherever_the_border_is() {
        let rows: [&[Option<&str>]; 8] = [
            &[Some("ab"), Some("c")],
            &[Some("a"), Some("bc")],
            &[Some("abc")],
            &[Some("abc"), Some("")],
            &[Some("abc"), None],
            &[None, Some("abc")],
            &[Some("ab"), Some("c"), None],
            &[],
        ];
        for (at, one) in rows.iter().enumerate() {
            for other in &rows[at + 1..] {
                assert_ne!(of(one), of(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn f17_the_hash_depends_on_the_one_before() {
        let first = of(&[Some("a")]);
        assert_ne!(Canonical::after(first).finish(), Canonical::after(Hash::START).finish());
        assert_eq!(Hash::parse(&first.to_string()), Some(first));
        assert_eq!(Hash::parse("AAAA"), None);
    }

    #[test]
    fn f17_the_canonical_form_stays_what_it_is() {
        // Logs written by earlier releases must verify: this value never changes.
        let mut hash = Canonical::after(Hash::START);
        hash.number(7);
        hash.text(Some("session.started"));
        hash.text(None);
        assert_eq!(hash.finish().to_string(), "5RzDmx4mRmBtoZLa8he49FYVpVftqq6LUiaUg0h1UL8");
    }
}
