//! The people who are signed in on one browser: five at most, in one cookie, the one used last first (E19).
//!
//! The cookie holds the secrets of their sessions with dots between. Each opens its own session and
//! nothing else, and only its keyed hash is stored (E03): a list that somebody put together, or rolled
//! back, opens what its parts still open. It needs no seal, and lives on when data keys are rotated.

use polder_db::Tx;
use polder_kernel::{Email, Secret};
use polder_protocol::authorize::Request;
use polder_service::cookies::{Jar, SetCookie};

use super::own_page;
use super::session::{self, COOKIE, Signed};
use crate::App;
use crate::error::Internal;
use crate::store::sessions;

/// How many people may be signed in on one browser.
pub const MOST: usize = 5;
/// Between two secrets. They are base64url and never hold it.
const BETWEEN: char = '.';

/// Somebody who is signed in here, with the secret that says so.
#[derive(Debug)]
pub struct Account {
    /// The session and its person.
    pub signed: Signed,
    /// What the cookie holds for it.
    pub secret: Secret<String>,
}

/// Whom a request may be answered for, of the people who are signed in here.
#[derive(Clone, Debug)]
pub enum Selected {
    /// Nobody of them.
    Nobody,
    /// This person.
    One(Box<Signed>),
    /// Several may be meant: the person says which.
    Several,
    /// Somebody is signed in, but not who the application has in mind.
    Others,
}

/// Everybody who is signed in on this browser, whoever was used last first.
///
/// # Errors
/// When the database fails.
pub async fn live(app: &App, tx: &mut Tx, jar: &Jar) -> Result<Vec<Account>, Internal> {
    let mut accounts: Vec<Account> = Vec::new();
    for secret in secrets(jar) {
        let hash = sessions::cookie_hash(&app.keyring, &secret);
        let Some((session, user)) = sessions::by_cookie(tx, &app.keyring, &hash, app.clock.now()).await? else {
            continue;
        };
        if accounts.iter().all(|account| account.signed.user.id != user.id) {
            accounts.push(Account { signed: Signed { session, user }, secret });
        }
    }
    Ok(accounts)
}

/// The cookie's value for these sessions, in this order.
pub fn value<'a>(secrets: impl IntoIterator<Item = &'a Secret<String>>) -> Secret<String> {
    let all: Vec<&str> = secrets.into_iter().take(MOST).map(|secret| secret.expose().as_str()).collect();
    Secret::new(all.join(&BETWEEN.to_string()))
}

/// The cookie of a browser on which these accounts are signed in, in this order: none is left with nobody.
pub fn cookie(app: &App, accounts: &[Account]) -> SetCookie {
    match accounts {
        [] => session::forget(app),
        all => session::cookie(app, &value(all.iter().map(|account| &account.secret))),
    }
}

/// Whom this request is answered for. What the person said on the pages of this very flow counts first,
/// then what the application says about whom it means. Where that leaves several, nobody is guessed at.
/// Whoever must prove themselves anew anyway says who they are by that.
pub fn select(accounts: Vec<Signed>, request: &Request, flow_hash: Option<&str>) -> Selected {
    let mut meant: Vec<Signed> =
        accounts.into_iter().filter(|signed| request.is_for(&signed.user.id.to_string())).collect();
    if let Some(at) = meant.iter().position(|signed| signed.is_chosen_in(flow_hash)) {
        return Selected::One(Box::new(meant.swap_remove(at)));
    }
    if meant.is_empty() {
        return Selected::Nobody;
    }
    let anew = request.prompt.login && !request.prompt.select_account;
    if own_page::is_for(request) || anew {
        return Selected::One(Box::new(meant.swap_remove(0)));
    }
    if let Some(hinted) = hinted(request) {
        return match meant.iter().position(|signed| signed.user.email == hinted) {
            Some(at) => Selected::One(Box::new(meant.swap_remove(at))),
            None => Selected::Others,
        };
    }
    if meant.len() == 1 { Selected::One(Box::new(meant.swap_remove(0))) } else { Selected::Several }
}

/// The address an application means. A hint that is none says nothing about the people here. Nobody is
/// looked up for it: only those who are signed in on this browser are compared with it (F19).
fn hinted(request: &Request) -> Option<Email> {
    // Who is meant stands in a hint that is ours already, if there is one.
    let hint = request.login_hint.as_deref().filter(|_| request.subject.is_none())?;
    hint.trim().parse().ok()
}

fn secrets(jar: &Jar) -> impl Iterator<Item = Secret<String>> {
    let value = jar.get(COOKIE).unwrap_or_default();
    value.split(BETWEEN).filter(|secret| !secret.is_empty()).take(MOST).map(|secret| Secret::new(secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};
    use polder_service::cookies::Policy;

    use super::*;

    fn jar(value: &str) -> Jar {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&format!("session={value}")).unwrap());
        Jar::from_headers(&headers, Policy { secure: false })
    }

    fn read(value: &str) -> Vec<String> {
        secrets(&jar(value)).map(|secret| secret.expose().clone()).collect()
    }

    #[test]
    fn e19_a_list_comes_back_as_it_was_and_is_never_longer_than_five() {
        let seven: Vec<Secret<String>> = (0..7).map(|n| Secret::new(format!("s{n}"))).collect();
        assert_eq!(read(value(&seven).expose()), ["s0", "s1", "s2", "s3", "s4"]);
        assert_eq!(read("s0.s1.s2.s3.s4.s5.s6").len(), MOST, "whoever wrote it");
    }

    #[test]
    fn e06_a_messy_list_is_read_for_what_it_is_worth() {
        assert_eq!(read("..a...b."), ["a", "b"]);
        assert!(read(".....").is_empty());
    }
}
