//! A sign-in from a country that is new to somebody. Where no local file says where networks are, no sign-in
//! has a country and nothing is new. It is told to the person and decides nothing (K19).

use polder_db::Tx;
use polder_tenant_api::UserId;

use crate::App;
use crate::error::Internal;
use crate::store::sessions;

/// How many of the last sessions are looked at; they are kept for 30 days after their last use.
const MOST: i64 = 50;

/// Whether the sessions of `user` until now are of other countries than `country`. The first of all is no
/// news.
///
/// # Errors
/// When the database fails, or a session does not open.
pub async fn is_news(app: &App, tx: &mut Tx, user: UserId, country: Option<&str>) -> Result<bool, Internal> {
    let Some(country) = country else { return Ok(false) };
    let before = sessions::of_user(tx, &app.keyring, user, MOST).await?;
    let known = before.iter().filter_map(|listed| listed.metadata.country.as_deref());
    Ok(is_another(known, country))
}

fn is_another<'a>(mut known: impl Iterator<Item = &'a str>, country: &str) -> bool {
    let Some(first) = known.next() else { return false };
    first != country && known.all(|known| known != country)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k19_a_country_is_news_once_and_the_first_is_none() {
        assert!(!is_another([].into_iter(), "NL"));
        assert!(!is_another(["NL"].into_iter(), "NL"));
        assert!(is_another(["NL", "BE"].into_iter(), "FR"));
        assert!(!is_another(["NL", "FR"].into_iter(), "FR"));
    }
}
