//! The tenant's settings: `setting`, one row per name.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::settings::REGISTRATION_LIMIT;
use polder_tenant_api::{
    AtSessionLimit, PasskeyPolicy, SecondFactorPolicy, Settings, SettingsChanges, SignUp, policies,
};

/// Whether programs may register themselves.
const REGISTRATION: &str = "registration";
/// Whether every authorization request is pushed.
const PUSHED_ONLY: &str = "require_pushed_authorization_requests";
const ON: &str = "on";
const OFF: &str = "off";

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

/// What an administrator may choose, out of all the settings. What cannot be read is as strict as it gets:
/// a row that a later version wrote must not open a door.
pub fn choices(stored: &[(String, String)]) -> Settings {
    let find = |name: &str| stored.iter().find(|(stored, _)| stored == name).map(|(_, value)| value.as_str());
    let number = |name: &str, usual: u32| find(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    Settings {
        name: find("name").unwrap_or_default().to_owned(),
        sign_up: find("sign_up").map_or(SignUp::Open, |word| word.parse().unwrap_or(SignUp::Closed)),
        passkey_models: words(find("passkey_models")),
        session_limit: number("session_limit", 0),
        at_session_limit: match find("at_session_limit") {
            Some("refuse") => AtSessionLimit::Refuse,
            _ => AtSessionLimit::EndOldest,
        },
        proof_of_work: find("proof_of_work").and_then(|word| word.parse().ok()).unwrap_or_default(),
        default_locale: find("default_locale").and_then(|tag| tag.parse().ok()).unwrap_or_default(),
        sign_up_domains: words(find("sign_up_domains")),
        passkeys: find("passkeys")
            .map_or_else(PasskeyPolicy::default, |word| word.parse().unwrap_or(PasskeyPolicy::Required)),
        second_factor: find("second_factor")
            .map_or_else(SecondFactorPolicy::default, |word| word.parse().unwrap_or(SecondFactorPolicy::Required)),
        session_idle_seconds: number("session_idle_seconds", policies::SESSION_IDLE_SECONDS),
        session_absolute_seconds: number("session_absolute_seconds", policies::SESSION_ABSOLUTE_SECONDS),
        recovery_wait_hours: number("recovery_wait_hours", policies::RECOVERY_WAIT_HOURS),
        registration: find(REGISTRATION) == Some(ON),
        registration_limit: number("registration_limit", REGISTRATION_LIMIT),
        require_pushed_authorization_requests: find(PUSHED_ONLY).is_some_and(|word| word != OFF),
    }
}

fn words(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// Changes as they are stored, name by name.
pub fn written(changes: &SettingsChanges) -> Vec<(&'static str, String)> {
    let SettingsChanges {
        name,
        sign_up,
        default_locale,
        passkey_models,
        session_limit,
        at_session_limit,
        sign_up_domains,
        passkeys,
        second_factor,
        session_idle_seconds,
        session_absolute_seconds,
        recovery_wait_hours,
        proof_of_work,
        registration,
        registration_limit,
        require_pushed_authorization_requests,
    } = changes;
    let number = |number: &u32| number.to_string();
    let switch = |on: bool| (if on { ON } else { OFF }).to_owned();
    [
        ("name", name.clone()),
        ("sign_up", sign_up.map(|chosen| chosen.as_str().to_owned())),
        ("default_locale", default_locale.map(|locale| locale.tag().to_owned())),
        ("passkey_models", passkey_models.as_ref().map(|models| models.join(" "))),
        ("session_limit", session_limit.as_ref().map(number)),
        ("at_session_limit", at_session_limit.map(|chosen| chosen.as_str().to_owned())),
        ("sign_up_domains", sign_up_domains.as_ref().map(|domains| domains.join(" "))),
        ("passkeys", passkeys.map(|chosen| chosen.as_str().to_owned())),
        ("second_factor", second_factor.map(|chosen| chosen.as_str().to_owned())),
        ("session_idle_seconds", session_idle_seconds.as_ref().map(number)),
        ("session_absolute_seconds", session_absolute_seconds.as_ref().map(number)),
        ("recovery_wait_hours", recovery_wait_hours.as_ref().map(number)),
        ("proof_of_work", proof_of_work.map(|chosen| chosen.as_str().to_owned())),
        (REGISTRATION, registration.map(switch)),
        ("registration_limit", registration_limit.as_ref().map(number)),
        (PUSHED_ONLY, require_pushed_authorization_requests.map(switch)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// Whether programs may register themselves, as it is stored now. Whoever asks has the row to themselves until the
/// unit ends: units that count applications go one after another.
///
/// # Errors
/// When the database fails.
pub async fn take_registration(tx: &mut Tx) -> Result<bool, Error> {
    let sql = "UPDATE setting SET value = value WHERE name = $1 AND value = $2";
    Ok(tx.execute(sql, &args![REGISTRATION, ON]).await? == 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_what_nobody_wrote_is_as_always() {
        let changes = SettingsChanges {
            name: Some("Acme".to_owned()),
            sign_up: Some(SignUp::Domains),
            sign_up_domains: Some(vec!["acme.example".to_owned(), "example.nl".to_owned()]),
            passkeys: Some(PasskeyPolicy::Required),
            second_factor: Some(SecondFactorPolicy::Never),
            session_idle_seconds: Some(900),
            recovery_wait_hours: Some(1),
            registration: Some(true),
            registration_limit: Some(7),
            require_pushed_authorization_requests: Some(true),
            ..SettingsChanges::default()
        };
        let stored: Vec<_> = written(&changes).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let read = choices(&stored);
        assert_eq!(
            (read.sign_up, read.sign_up_domains.len(), read.passkeys),
            (SignUp::Domains, 2, PasskeyPolicy::Required)
        );
        assert_eq!((read.second_factor, read.session_idle_seconds), (SecondFactorPolicy::Never, 900));
        assert_eq!((read.session_absolute_seconds, read.recovery_wait_hours), (policies::SESSION_ABSOLUTE_SECONDS, 1));
        assert!(read.registration && read.require_pushed_authorization_requests);
        assert_eq!((read.registration_limit, choices(&[]).registration_limit), (7, REGISTRATION_LIMIT));
        assert!(!choices(&[]).registration && !choices(&[]).require_pushed_authorization_requests);
    }

    #[test]
    fn a_word_of_a_later_version_opens_no_door() {
        let odd = |name: &str| (name.to_owned(), "telepathy".to_owned());
        let read = choices(&[
            odd("sign_up"),
            odd("passkeys"),
            odd("second_factor"),
            odd("registration"),
            odd("require_pushed_authorization_requests"),
        ]);
        assert!(!read.registration && read.require_pushed_authorization_requests);
        assert_eq!(read.sign_up, SignUp::Closed);
        assert_eq!((read.passkeys, read.second_factor), (PasskeyPolicy::Required, SecondFactorPolicy::Required));
    }
}
