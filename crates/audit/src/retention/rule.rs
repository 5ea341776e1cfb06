//! One table's rule.

use std::time::Duration;

/// Rows of a table go when a moment in them is `keep` ago. Made by [`rule!`](crate::rule).
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The table.
    pub table: &'static str,
    /// The column with the moment; rows where it is `NULL` stay.
    pub column: &'static str,
    /// How long after that moment a row stays.
    pub keep: Duration,
    /// Why that long: goes into the log with every run.
    pub reason: &'static str,
    /// Removes at most `$2` rows whose moment lies before `$1`.
    pub sql: &'static str,
}

/// A [`Rule`](crate::retention::Rule): `rule!("session", "id", "ended_at", keep, "why")` for table,
/// key column and the column with the moment.
///
/// A macro, since statements are literal text: nothing is ever put together from values.
#[macro_export]
macro_rules! rule {
    ($table:literal, $key:literal, $column:literal, $keep:expr, $reason:literal $(,)?) => {
        $crate::retention::Rule {
            table: $table,
            column: $column,
            keep: $keep,
            reason: $reason,
            sql: concat!(
                "DELETE FROM ",
                $table,
                " WHERE ",
                $key,
                " IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE ",
                $column,
                " < $1 ORDER BY ",
                $column,
                " LIMIT $2)"
            ),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p13_a_rule_is_one_literal_statement() {
        let rule = crate::rule!("session", "id", "ended_at", Duration::from_secs(60), "no longer needed");
        assert_eq!(
            rule.sql,
            "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)"
        );
        assert_eq!((rule.table, rule.column, rule.keep.as_secs()), ("session", "ended_at", 60));
    }
}
