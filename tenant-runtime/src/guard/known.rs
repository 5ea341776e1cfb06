//! Browsers in which somebody signed in before, with an address that they proved there.
//!
//! Whoever asks for codes for somebody else's address from many networks uses up what is sent to it in
//! an hour. A browser that proved the address has a share of its own, which nobody else can use up, so
//! its person still signs in (D20). The cookie opens nothing: it gives codes, not sessions.

use std::time::Duration;

use polder_crypto::constant_time_eq;
use polder_kernel::Email;
use polder_kernel::encoding::{base64url, from_base64url};
use polder_service::cookies::{Jar, SetCookie};

use crate::App;

/// The cookie's name, without the prefix that https adds.
pub const COOKIE: &str = "known";

/// How many addresses a browser is known for; the one proved longest ago goes first.
const MOST: usize = 4;

/// How long a browser stays known after a sign-in.
const LIFETIME: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// Between two entries of the cookie.
const BETWEEN: char = '.';

/// What names this browser for `email`, if the address was proved in it.
pub fn browser(app: &App, jar: &Jar, email: &Email) -> Option<String> {
    entries(jar).find(|entry| is_for(app, entry, email)).map(str::to_owned)
}

/// The cookie of a browser in which `email` was proved just now.
pub fn remember(app: &App, jar: &Jar, email: &Email) -> SetCookie {
    let name = app.entropy.bytes::<12>();
    let mut kept = vec![entry(app, &name, email)];
    kept.extend(entries(jar).filter(|entry| !is_for(app, entry, email)).take(MOST - 1).map(str::to_owned));
    app.cookies().set(COOKIE, &kept.join(&BETWEEN.to_string())).max_age(LIFETIME)
}

fn entries(jar: &Jar) -> impl Iterator<Item = &str> {
    jar.get(COOKIE).unwrap_or_default().split(BETWEEN).take(MOST)
}

/// A random name, and the keyed hash that ties it to the address.
fn entry(app: &App, name: &[u8; 12], email: &Email) -> String {
    let mac = app.keyring.mac("known-browser", &[name, email.as_str().as_bytes()]);
    base64url(&[&name[..], &mac[..15]].concat())
}

fn is_for(app: &App, presented: &str, email: &Email) -> bool {
    let name = from_base64url(presented).and_then(|bytes| bytes.first_chunk::<12>().copied());
    name.is_some_and(|name| constant_time_eq(entry(app, &name, email).as_bytes(), presented.as_bytes()))
}
