//! What an application knows a person by: `sub` (OpenID Connect Core 8).
//!
//! A public subject is the person's id. A pairwise one differs from sector to sector, so that applications of
//! different owners cannot tell that they have a person in common. It is made of the id alone, under a key that
//! never rotates, and whoever has the key can turn it back: nothing is stored, nothing can get lost, and a hint
//! leads to its person.
//!
//! ```text
//! tag = MAC("pairwise-tag", sector, id)[..16]
//! sub = base64url( tag | id XOR MAC("pairwise-mask", sector, tag)[..16] )
//! ```
//! The tag is a pseudo-random function of sector and id, so equal subjects mean equal people of one sector, and
//! a subject that nobody made has a tag that does not fit.

use polder_crypto::{Keyring, constant_time_eq};
use polder_kernel::encoding::{base64url, from_base64url};
use polder_protocol::{ApplicationType, RedirectUri};
use polder_tenant_api::{SubjectType, UserId};

use crate::App;
use crate::model::Application;

const HALF: usize = 16;

/// What this application knows the person by.
pub fn of(app: &App, application: &Application, user: UserId) -> String {
    match application.sector() {
        None => user.to_string(),
        Some(sector) => pairwise(&app.keyring, sector, user),
    }
}

/// The person whom this application knows by `subject`; `None` when that is nobody.
pub fn user(app: &App, application: &Application, subject: &str) -> Option<UserId> {
    match application.sector() {
        None => subject.parse().ok(),
        Some(sector) => opened(&app.keyring, sector, subject),
    }
}

/// The sector of pairwise subjects: the host that all redirect URIs have in common (Core 8.1). `None` when there
/// is no such host, or when anybody's program can be at it.
pub fn sector(kind: ApplicationType, redirect_uris: &[RedirectUri]) -> Option<String> {
    if !matches!(kind, ApplicationType::Web | ApplicationType::Spa) {
        return None;
    }
    let host = |uri: &RedirectUri| url::Url::parse(uri.as_str()).ok()?.host_str().map(str::to_owned);
    let first = host(redirect_uris.first()?)?;
    redirect_uris.iter().all(|uri| host(uri).as_ref() == Some(&first)).then_some(first)
}

impl Application {
    /// The sector of its subjects, where they are pairwise.
    pub fn sector(&self) -> Option<&str> {
        self.sector.as_deref().filter(|_| self.preferences.subject_type == Some(SubjectType::Pairwise))
    }
}

fn pairwise(keyring: &Keyring, sector: &str, user: UserId) -> String {
    let tag = tag(keyring, sector, user);
    base64url(&[tag, masked(keyring, sector, &tag, *user.as_bytes())].concat())
}

fn opened(keyring: &Keyring, sector: &str, subject: &str) -> Option<UserId> {
    let bytes = from_base64url(subject)?;
    let (sent, rest) = bytes.split_first_chunk::<HALF>()?;
    let user = UserId::from_bytes(masked(keyring, sector, sent, rest.try_into().ok()?));
    constant_time_eq(sent, &tag(keyring, sector, user)).then_some(user)
}

fn tag(keyring: &Keyring, sector: &str, user: UserId) -> [u8; HALF] {
    half(keyring.mac("pairwise-tag", &[sector.as_bytes(), user.as_bytes()]))
}

fn masked(keyring: &Keyring, sector: &str, tag: &[u8; HALF], mut id: [u8; HALF]) -> [u8; HALF] {
    let mask = half(keyring.mac("pairwise-mask", &[sector.as_bytes(), tag]));
    for (byte, mask) in id.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    id
}

fn half(mac: [u8; 32]) -> [u8; HALF] {
    let mut half = [0; HALF];
    half.copy_from_slice(&mac[..HALF]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uris(all: &[&str]) -> Vec<RedirectUri> {
        all.iter().map(|uri| RedirectUri::from_stored(uri)).collect()
    }

    #[test]
    fn a36_a_sector_is_the_one_host_of_all_redirect_uris() {
        let of = |kind, all: &[&str]| sector(kind, &uris(all));
        let web = ApplicationType::Web;
        assert_eq!(of(web, &["https://a.test/cb", "https://a.test:8443/x"]).as_deref(), Some("a.test"));
        for none in [&["https://a.test/cb", "https://b.test/cb"][..], &["com.example:/cb"], &[]] {
            assert_eq!(of(web, none), None, "{none:?}");
        }
        assert_eq!(of(ApplicationType::Native, &["http://127.0.0.1/cb"]), None, "anybody's program may be there");
    }
}
