//! The tenant's settings: `setting`, one row per name.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{AtSessionLimit, Settings, SignUp};

/// The value stored under `name`.
///
/// # Errors
/// When the database fails.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<String>, Error> {
    tx.optional("SELECT value FROM setting WHERE name = $1", &args![name], |row| row.text("value")).await
}

/// Every setting, as name and value.
///
/// # Errors
/// When the database fails.
pub async fn all(tx: &mut Tx) -> Result<Vec<(String, String)>, Error> {
    tx.all("SELECT name, value FROM setting ORDER BY name", &args![], |row| Ok((row.text("name")?, row.text("value")?)))
        .await
}

/// What an administrator may choose, out of all the settings.
pub fn choices(stored: &[(String, String)]) -> Settings {
    let find = |name: &str| stored.iter().find(|(stored, _)| stored == name).map(|(_, value)| value.as_str());
    Settings {
        name: find("name").unwrap_or_default().to_owned(),
        sign_up: if find("sign_up") == Some("closed") { SignUp::Closed } else { SignUp::Open },
        passkey_models: find("passkey_models").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        session_limit: find("session_limit").and_then(|limit| limit.parse().ok()).unwrap_or_default(),
        at_session_limit: match find("at_session_limit") {
            Some("refuse") => AtSessionLimit::Refuse,
            _ => AtSessionLimit::EndOldest,
        },
        default_locale: find("default_locale").and_then(|tag| tag.parse().ok()).unwrap_or_default(),
    }
}

/// Stores `value` under `name`, replacing what was there.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, name: &str, value: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    tx.execute(sql, &args![name, value, now]).await?;
    Ok(())
}
