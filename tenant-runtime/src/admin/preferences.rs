//! What an application may choose about its tokens.

use std::ops::RangeInclusive;

use polder_crypto::Algorithm;
use polder_protocol::Profile;
use polder_service::Problem;
use polder_tenant_api::{Preferences, SubjectType};

use crate::error::ProblemError;
use crate::model::Application;
use crate::oidc::opaque;

/// How long an access token may live, in seconds.
const ACCESS_TOKEN: RangeInclusive<u32> = 60..=opaque::LONGEST.as_secs() as u32;
/// How long refresh tokens may live, in seconds: five minutes to a year.
const REFRESH: RangeInclusive<u32> = 300..=365 * 24 * 3600;

/// Refuses lifetimes out of range.
pub fn check_lifetimes(chosen: &Preferences) -> Result<(), ProblemError> {
    let fits = |seconds: Option<u32>, range: RangeInclusive<u32>| seconds.is_none_or(|s| range.contains(&s));
    if !fits(chosen.access_token_seconds, ACCESS_TOKEN) {
        return Err(wrong("/preferences/access_token_seconds", "60 to 7200: a minute to two hours"));
    }
    for (pointer, seconds) in [
        ("/preferences/refresh_idle_seconds", chosen.refresh_idle_seconds),
        ("/preferences/refresh_absolute_seconds", chosen.refresh_absolute_seconds),
    ] {
        if !fits(seconds, REFRESH) {
            return Err(wrong(pointer, "300 to 31536000: five minutes to a year"));
        }
    }
    match (chosen.refresh_idle_seconds, chosen.refresh_absolute_seconds) {
        (Some(idle), Some(absolute)) if idle > absolute => {
            Err(wrong("/preferences/refresh_idle_seconds", "at most refresh_absolute_seconds"))
        }
        _ => Ok(()),
    }
}

/// The algorithm of that name: `none` and everything unknown is refused (A11), and RS256 where the profile rules
/// it out (A67).
pub fn algorithm(name: &str, profile: Profile) -> Result<Algorithm, ProblemError> {
    let chosen = name.parse::<Algorithm>();
    let chosen = chosen.map_err(|_| wrong("/preferences", "signing algorithms are RS256, ES256 and EdDSA"))?;
    if chosen == Algorithm::Rs256 && !profile.demands().rs256 {
        return Err(wrong("/preferences", "the profile fapi2 is for ES256 and EdDSA"));
    }
    Ok(chosen)
}

/// Refuses algorithms that an application of this profile signs nothing with.
pub fn check_signing(chosen: &Preferences, profile: Profile) -> Result<(), ProblemError> {
    for (pointer, name) in [
        ("/preferences/request_object_signing_alg", &chosen.request_object_signing_alg),
        ("/preferences/token_endpoint_auth_signing_alg", &chosen.token_endpoint_auth_signing_alg),
    ] {
        if name.as_ref().is_some_and(|name| !profile.demands().algorithms.contains(&name.as_str())) {
            return Err(wrong(pointer, "an algorithm that the profile takes: ES256, PS256, EdDSA, Ed25519 or RS256"));
        }
    }
    Ok(())
}

/// Refuses pairwise subjects where there is no one host to make them for. A list of redirect URIs elsewhere
/// (`sector_identifier_uri`) is not fetched: hosts that people should be known to alike are one application's.
pub fn check_subjects(application: &Application, before: Option<&Application>) -> Result<(), ProblemError> {
    let pairwise = application.preferences.subject_type == Some(SubjectType::Pairwise);
    if pairwise && application.sector.is_none() {
        let needs = "pairwise needs a web or spa application whose redirect URIs are all at one host";
        return Err(wrong("/preferences/subject_type", needs));
    }
    // Else everybody would be somebody new to it (Core 8).
    if before.is_some_and(|before| before.sector() != application.sector()) {
        return Err(wrong("/preferences/subject_type", "what people are known by stays: make another application"));
    }
    Ok(())
}

pub(super) fn wrong(pointer: &'static str, detail: &'static str) -> ProblemError {
    Problem::invalid(Vec::new()).error(pointer, detail).into()
}
