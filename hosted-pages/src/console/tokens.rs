//! What kind of tokens an application gets, as choices of its form.

use polder_tenant_api::{AccessTokenFormat, Application, ApplicationType, Profile};

use super::policies::seconds_in_words;
use crate::texts::Texts;

/// What the fields about tokens hold; empty for what is usual.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenForm<'a> {
    /// `id_token_signed_response_alg`.
    pub id_token_alg: &'a str,
    /// `access_token_format`.
    pub access_token_format: &'a str,
    /// `access_token_seconds`.
    pub access_token_seconds: &'a str,
    /// `refresh_idle_seconds`.
    pub refresh_idle_seconds: &'a str,
    /// `refresh_absolute_seconds`.
    pub refresh_absolute_seconds: &'a str,
    /// `userinfo_signed_response_alg`.
    pub userinfo_alg: &'a str,
}

/// A field: its name, its label, and its choices as value, words and whether it is chosen.
pub(super) type Select = (&'static str, &'static str, Vec<(String, String, bool)>);

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// The fields with what the application chose, or with what a refused form held.
pub(super) fn selects(t: &Texts, application: &Application, form: Option<TokenForm<'_>>) -> Vec<Select> {
    let Application { kind, profile, preferences: own, .. } = application;
    let held = form.unwrap_or_default();
    let text = |held: &str, own: Option<&str>| match form {
        Some(_) => held.to_owned(),
        None => own.unwrap_or_default().to_owned(),
    };
    let seconds = |held: &str, own: Option<u32>| match form {
        Some(_) => held.parse().ok(),
        None => own,
    };
    let lives = |(name, label), usual: u32, others: &[u32], held: Option<u32>| {
        let words = |seconds: u32| seconds_in_words(t, seconds);
        let mut all = others.to_vec();
        all.extend(held.filter(|held| !others.contains(held)));
        all.sort_unstable();
        let usual = (String::new(), t.application.usual(words(usual)), held.is_none());
        let others = all.into_iter().map(|one| (one.to_string(), words(one), held == Some(one)));
        (name, label, std::iter::once(usual).chain(others).collect())
    };
    let a = &t.application;
    let format = text(held.access_token_format, own.access_token_format.map(AccessTokenFormat::as_str));
    let opaque = AccessTokenFormat::Opaque.as_str();
    let formats = vec![
        (String::new(), a.usual(a.token_jwt), format != opaque),
        (opaque.to_owned(), a.token_opaque.to_owned(), format == opaque),
    ];
    let mut all: Vec<Select> = vec![
        ("access_token_format", a.access_token, formats),
        lives(
            ("access_token_seconds", a.access_token_lives),
            15 * MINUTE,
            &[5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR],
            seconds(held.access_token_seconds, own.access_token_seconds),
        ),
    ];
    if *kind == ApplicationType::Machine {
        return all;
    }
    all.push(lives(
        ("refresh_idle_seconds", a.refresh_idle),
        30 * DAY,
        &[HOUR, DAY, 7 * DAY, 90 * DAY],
        seconds(held.refresh_idle_seconds, own.refresh_idle_seconds),
    ));
    all.push(lives(
        ("refresh_absolute_seconds", a.refresh_absolute),
        90 * DAY,
        &[DAY, 7 * DAY, 30 * DAY, 365 * DAY],
        seconds(held.refresh_absolute_seconds, own.refresh_absolute_seconds),
    ));
    let algorithms = |held: String, usual: &str, others: &[&str]| {
        let usual = (String::new(), a.usual(usual), !others.contains(&held.as_str()));
        let others = others.iter().map(|&one| (one.to_owned(), one.to_owned(), held == one));
        std::iter::once(usual).chain(others).collect()
    };
    // What the rules it is held to rule out is not offered.
    let (usual, others): (&str, &[&str]) = match profile {
        Profile::Fapi2 => ("ES256", &["EdDSA"]),
        Profile::Default | Profile::Compat => ("RS256", &["ES256", "EdDSA"]),
    };
    let id_token = text(held.id_token_alg, own.id_token_signed_response_alg.as_deref());
    let userinfo = text(held.userinfo_alg, own.userinfo_signed_response_alg.as_deref());
    all.push(("id_token_signed_response_alg", a.id_token_alg, algorithms(id_token, usual, others)));
    let signed: Vec<&str> = std::iter::once(usual).chain(others.iter().copied()).collect();
    let signed = algorithms(userinfo, a.userinfo_plain, &signed);
    all.push(("userinfo_signed_response_alg", a.userinfo_alg, signed));
    all
}
