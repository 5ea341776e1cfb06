//! E-mail addresses in the one canonical form that accounts are keyed by (D11).

use std::fmt;
use std::str::FromStr;

/// A canonical address: lower-case ASCII local part, IDNA-encoded lower-case domain.
///
/// The form is decided here once: one account per canonical address. Case is folded in the local
/// part too, since no provider of note tells people apart by it; `+tags` are kept, since some do.
/// A non-ASCII local part is refused rather than folded: look-alikes would share a mailbox's trust.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// The text is not an address that mail can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct NotAnEmail;

impl Email {
    /// The canonical address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The address with most of its local part hidden, for pages and logs of third eyes: `a…@example.test`.
    pub fn masked(&self) -> String {
        let first = self.0.chars().next().unwrap_or('?');
        format!("{first}…@{}", self.domain())
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let (local, domain) = text.trim_matches(' ').rsplit_once('@').ok_or(NotAnEmail)?;
        if !is_dot_atom(local) || local.len() > 64 {
            return Err(NotAnEmail);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| NotAnEmail)?;
        if !is_host_name(&domain) || local.len() + 1 + domain.len() > 254 {
            return Err(NotAnEmail);
        }
        Ok(Self(format!("{}@{}", local.to_ascii_lowercase(), domain.to_ascii_lowercase())))
    }
}

/// RFC 5321 `Dot-string`: atoms joined by single dots. Quoted strings are legal and never used by
/// people; refusing them closes every header-injection spelling.
fn is_dot_atom(local: &str) -> bool {
    !local.is_empty()
        && local.split('.').all(|atom| {
            !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        })
}

/// At least two labels of letters, digits and inner hyphens. Addresses in brackets are refused.
fn is_host_name(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    labels.len() >= 2
        && labels.iter().all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
        && !labels.last().is_some_and(|top| top.bytes().all(|b| b.is_ascii_digit()))
}

/// Debug shows the masked form: addresses do not belong in logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        text.parse::<Email>().ok().map(|e| e.as_str().to_owned())
    }

    #[test]
    fn d11_spellings_of_one_address_are_one_account() {
        for spelling in ["ann@example.test", "Ann@Example.TEST", " ann@example.test ", "ANN@EXAMPLE.test"] {
            assert_eq!(canonical(spelling).as_deref(), Some("ann@example.test"), "{spelling}");
        }
        assert_eq!(canonical("ann@bücher.test").as_deref(), Some("ann@xn--bcher-kva.test"));
        assert_eq!(canonical("ann+tag@example.test").as_deref(), Some("ann+tag@example.test"));
    }

    #[test]
    fn d11_what_could_inject_or_mislead_is_refused() {
        for wrong in [
            "",
            "@",
            "ann",
            "ann@",
            "@example.test",
            "ann@localhost",
            "a b@example.test",
            "ann@exa mple.test",
            "ann@example.test\r\nBcc: eve@example.test",
            "ann\n@example.test",
            "\"ann\"@example.test",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            ".ann@example.test",
            "an..n@example.test",
            "\u{430}nn@example.test",
            "ann@example.test,eve@example.test",
            "ann@-example.test",
            "ann@example..test",
            "<ann@example.test>",
        ] {
            assert_eq!(canonical(wrong), None, "{wrong:?}");
        }
        assert_eq!(canonical(&format!("{}@example.test", "a".repeat(65))), None);
    }

    #[test]
    fn f16_an_address_does_not_print_whole() {
        let email: Email = "ann@example.test".parse().unwrap();
        assert_eq!(format!("{email:?}"), "a…@example.test");
    }
}
