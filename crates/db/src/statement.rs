//! The numbered parameters of a statement's text.

use std::borrow::Cow;

/// The places of `$n` in `sql` outside quotes: byte range and number.
fn parameters(sql: &str) -> impl Iterator<Item = (std::ops::Range<usize>, usize)> + '_ {
    let bytes = sql.as_bytes();
    let mut at = 0;
    let mut quoted = false;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            at += 1;
            match bytes[start] {
                b'\'' => quoted = !quoted,
                b'$' if !quoted => {
                    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                        at += 1;
                    }
                    if let Ok(number) = sql[start + 1..at].parse() {
                        return Some((start..at, number));
                    }
                }
                _ => {}
            }
        }
        None
    })
}

/// The highest `$n` of a statement.
pub(crate) fn highest(sql: &str) -> usize {
    parameters(sql).map(|(_, number)| number).max().unwrap_or(0)
}

/// The statement with its parameters renumbered from 1 without gaps, and which of the old ones each
/// new one is. PostgreSQL refuses a parameter that no part of the statement uses.
pub(crate) fn renumbered(sql: &'static str) -> (Cow<'static, str>, Vec<usize>) {
    let mut used: Vec<usize> = parameters(sql).map(|(_, number)| number).collect();
    used.sort_unstable();
    used.dedup();
    if used.iter().enumerate().all(|(place, number)| *number == place + 1) {
        return (Cow::Borrowed(sql), used);
    }
    let mut text = String::with_capacity(sql.len());
    let mut copied = 0;
    for (range, number) in parameters(sql) {
        text.push_str(&sql[copied..range.start]);
        let place = used.binary_search(&number).unwrap_or(0) + 1;
        text.push_str(&format!("${place}"));
        copied = range.end;
    }
    text.push_str(&sql[copied..]);
    (Cow::Owned(text), used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_renumbered_without_gaps() {
        let (text, used) = renumbered("UPDATE a SET b = $7, c = '$2' WHERE d = $3 AND e = $7 AND f = $12");
        assert_eq!(text, "UPDATE a SET b = $2, c = '$2' WHERE d = $1 AND e = $2 AND f = $3");
        assert_eq!(used, [3, 7, 12]);
    }

    #[test]
    fn a_statement_without_gaps_stays_as_it_is() {
        let (text, used) = renumbered("INSERT INTO a VALUES ($2, $1)");
        assert!(matches!(text, Cow::Borrowed("INSERT INTO a VALUES ($2, $1)")));
        assert_eq!(used, [1, 2]);
        assert_eq!(highest("SELECT 1"), 0);
        assert_eq!(highest("SELECT $10, '$11'"), 10);
    }
}
