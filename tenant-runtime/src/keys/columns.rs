//! Every column that holds values sealed under a data key, with the statements that find and replace
//! what an older version sealed.

use polder_crypto::Category;

/// A column of sealed values. Its values are bound to `table.column:KEY`.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// Whose key seals it.
    pub category: Category,
    /// Rows after key `$1` whose value lies outside `$2 ≤ value < $3`, at most `$4`, by key.
    pub(super) others: &'static str,
    /// Whether a value lies in `$1 ≤ value < $2`.
    pub(super) any: &'static str,
    /// Puts `$1` in place of `$3` in row `$2`; `None` where values must stay as they are.
    pub(super) replace: Option<&'static str>,
}

/// A macro, since statements are literal text: nothing is ever put together from values.
macro_rules! column {
    ($category:ident, $table:literal, $key:literal, $column:literal, only: $only:literal) => {
        Column {
            replace: Some(concat!(
                "UPDATE ", $table, " SET ", $column, " = $1 WHERE ", $key, " = $2 AND ", $column, " = $3"
            )),
            ..column!($category, $table, $key, $column, stays, $only)
        }
    };
    ($category:ident, $table:literal, $key:literal, $column:literal, stays, $only:literal) => {
        Column {
            table: $table,
            column: $column,
            category: Category::$category,
            others: concat!(
                "SELECT ", $key, " AS row_key, ", $column, " AS sealed FROM ", $table, " WHERE ", $key, " > $1 AND ",
                $column, " <> '' AND (", $column, " < $2 OR ", $column, " >= $3)", $only, " ORDER BY ", $key,
                " LIMIT $4"
            ),
            any: concat!(
                "SELECT ", $key, " AS row_key FROM ", $table, " WHERE ", $column, " >= $1 AND ", $column, " < $2", $only,
                " LIMIT 1"
            ),
            replace: None,
        }
    };
    ($category:ident, $table:literal, $key:literal, $column:literal) => {
        column!($category, $table, $key, $column, only: "")
    };
}

/// Every column there is; a test compares it with the migrations.
pub const COLUMNS: &[Column] = &[
    // The sealed text is part of the hash chain: it stays until retention removes it. First of its category:
    // what is oldest is found first, so that asking whether anything is left is quick while something is.
    column!(AuditDetails, "audit_event", "hash", "details_sealed", stays, ""),
    column!(AuditDetails, "user_account", "id", "audit_key_wrapped"),
    column!(Identifiers, "user_account", "id", "email_sealed"),
    column!(Identifiers, "user_account", "id", "name_sealed"),
    column!(Identifiers, "one_time_code", "flow_hash", "address_sealed"),
    column!(Identifiers, "outbox", "id", "recipient_sealed"),
    column!(Identifiers, "profile_value", "id", "value_sealed"),
    column!(Identifiers, "address_code", "user_id", "address_sealed"),
    column!(Identifiers, "address_change", "undo_hash", "old_address_sealed"),
    column!(Factors, "totp_factor", "user_id", "secret_sealed"),
    column!(Factors, "totp_enrolment", "user_id", "secret_sealed"),
    column!(Messages, "outbox", "id", "parameters_sealed"),
    column!(Messages, "outbox", "id", "outcome_sealed"),
    column!(Identifiers, "user_import", "id", "rows_sealed"),
    column!(SessionMetadata, "session", "id", "metadata_sealed"),
    column!(SessionMetadata, "consent", "id", "metadata_sealed"),
    column!(SessionMetadata, "sign_in_attempt", "attempt_key", "details_sealed"),
    column!(Identifiers, "lockout", "id", "details_sealed"),
    column!(Identifiers, "blocklist", "name", "networks_sealed"),
    column!(Factors, "passkey_owner", "user_id", "handle_sealed"),
    column!(Factors, "passkey", "id", "credential_sealed"),
    column!(Identifiers, "passkey", "id", "name_sealed"),
    column!(ProviderTokens, "connection", "id", "secret_sealed"),
    column!(Identifiers, "connected_account", "id", "profile_sealed"),
    column!(ProviderTokens, "connected_account", "id", "tokens_sealed"),
    column!(ProviderTokens, "unconnected_account", "flow_hash", "vouched_sealed"),
    column!(Flow, "pending_request", "id_hash", "request_sealed"),
    column!(Flow, "pushed_request", "uri_hash", "request_sealed"),
    column!(SigningKeys, "signing_key", "kid", "private_sealed"),
    column!(SigningKeys, "setting", "name", "value", only: " AND name = 'audit.checkpoint_key'"),
];

/// The text that values of this version lie between: they begin with `VERSION.`, and `/` follows `.`.
pub(super) fn bounds(version: u32) -> (String, String) {
    (format!("{version}."), format!("{version}/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::startup::MIGRATIONS;

    /// Names of columns in the migrations that hold something sealed or wrapped.
    fn sealed_columns() -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut table = String::new();
        for line in MIGRATIONS.iter().flat_map(|migration| migration.sql.lines()) {
            let mut words = line.split_whitespace();
            if let (Some("CREATE" | "ALTER"), Some("TABLE"), Some(name)) = (words.next(), words.next(), words.next()) {
                table = name.to_owned();
            }
            let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            found.extend(
                words
                    .filter(|word| !line.trim_start().starts_with("--") && word.len() > 7)
                    .filter(|word| word.ends_with("_sealed") || word.ends_with("_wrapped"))
                    .map(|word| (table.clone(), word.to_owned())),
            );
        }
        found
    }

    #[test]
    fn p17_every_sealed_column_of_the_schema_is_resealed_when_its_key_rotates() {
        let sealed = sealed_columns();
        assert!(sealed.len() >= 9, "{sealed:?}");
        for (table, column) in sealed {
            assert!(
                COLUMNS.iter().any(|known| known.table == table && known.column == column),
                "{table}.{column} is missing in COLUMNS"
            );
        }
    }

    #[test]
    fn p17_bounds_hold_one_version_alone() {
        let (from, to) = bounds(1);
        for (value, inside) in
            [("1.AAAA", true), ("10.AAAA", false), ("11.A", false), ("2.AAAA", false), ("p.A", false)]
        {
            assert_eq!(value >= from.as_str() && value < to.as_str(), inside, "{value}");
        }
    }
}
