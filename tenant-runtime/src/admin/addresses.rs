//! Addresses that an application may register beyond those it is redirected to.

use polder_outbound::destination::Destination;
use polder_protocol::redirect_uri;
use polder_service::Problem;
use polder_tenant_api::Preferences;

use super::preferences::wrong;
use crate::App;
use crate::error::ProblemError;

/// The most extra origins for `form-action`.
const MOST_ORIGINS: usize = 10;

/// Whether this is an address below the issuer: tokens for it are ours to take, and nobody else's to look at.
pub fn is_ours(app: &App, uri: &str) -> bool {
    uri.strip_prefix(app.issuer.as_str()).is_some_and(|rest| rest.starts_with(['/', '?']))
}

/// Refuses what may not be registered, and where this tenant has no way to (A34, A35, A39, A52).
pub fn check(app: &App, chosen: &Preferences) -> Result<(), ProblemError> {
    if chosen.audience.as_deref().is_some_and(|audience| is_ours(app, audience)) {
        return Err(wrong("/preferences/audience", "addresses below the issuer are its own"));
    }
    let dev = app.issuer.is_local();
    for (pointer, uri, dev) in [
        ("/preferences/initiate_login_uri", &chosen.initiate_login_uri, dev),
        ("/preferences/policy_uri", &chosen.policy_uri, false),
        ("/preferences/tos_uri", &chosen.tos_uri, false),
    ] {
        if let Some(uri) = uri {
            plain(pointer, uri, dev)?;
        }
    }
    for (pointer, uri) in [
        ("/preferences/backchannel_logout_uri", &chosen.backchannel_logout_uri),
        ("/preferences/jwks_uri", &chosen.jwks_uri),
    ] {
        if let Some(uri) = uri {
            plain(pointer, uri, dev)?;
            reachable(app, pointer, uri)?;
        }
    }
    Ok(())
}

/// Only origins, as they stand in a policy: what else stood there would open it.
pub fn check_origins(origins: &[String]) -> Result<(), ProblemError> {
    let is_origin = |text: &String| {
        url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.origin().ascii_serialization() == *text)
    };
    if origins.len() <= MOST_ORIGINS && origins.iter().all(is_origin) {
        return Ok(());
    }
    Err(wrong("/preferences/form_action_origins", "up to 10 https origins such as https://login.example.com"))
}

fn plain(pointer: &'static str, uri: &str, dev: bool) -> Result<(), ProblemError> {
    let fits = redirect_uri::check_address(uri, dev);
    fits.map_err(|why| Problem::invalid(Vec::new()).error(pointer, why.to_string()).into())
}

/// Of a host that a tenant may be let out to.
fn reachable(app: &App, pointer: &'static str, uri: &str) -> Result<(), ProblemError> {
    let url = url::Url::parse(uri).ok();
    let authority = url.as_ref().and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
    match authority.and_then(|authority| Destination::parse(&authority)) {
        Some(to) if to.is_public() || (app.issuer.is_local() && to.is_loopback()) => Ok(()),
        _ => Err(wrong(pointer, "must be at a public host, on port 443")),
    }
}
