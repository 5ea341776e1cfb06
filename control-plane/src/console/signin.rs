//! The beginning of a sign-in at `platform`.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_kernel::Email;
use serde::Deserialize;

use super::oidc::{Attempt, Claim, LIFETIME, Wish};
use super::{Console, Fault, Visit, signed_in};

/// The cookie of a sign-in under way.
pub const COOKIE: &str = "attempt";

/// What a sign-in may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    to: Option<String>,
    switch: Option<String>,
}

/// `GET /signin?to=PATH`: `switch` asks which account.
pub async fn begin(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    console.limits.check("signin", visit.context.client_ip).map_err(Fault::TooMany)?;
    let to = asked.to.as_deref().map_or("/", own_path).to_owned();
    if asked.switch.is_none() && signed_in::find(&console, &visit).await?.is_some() {
        return Ok(Redirect::to(&to).into_response());
    }
    go(&console, &visit, (to, None), (None, asked.switch.is_some())).await
}

/// Sends the browser to `platform`, to come back to a path and to use up what is claimed.
///
/// # Errors
/// When `platform` cannot be used.
pub async fn go(
    console: &Arc<Console>,
    visit: &Visit,
    (to, claim): (String, Option<Claim>),
    (hint, choose): (Option<&Email>, bool),
) -> Result<Response, Fault> {
    let app = &console.app;
    let attempt = Attempt::new(&app.clock, &app.entropy, (to, claim));
    let wish = Wish { hint, locale: Some(visit.locale), choose };
    let url = console.provider.authorize(app, &attempt, wish).await?;
    let cookie = console.cookies.set(COOKIE, &attempt.seal(&app.keyring)?).max_age(LIFETIME);
    Ok(([cookie.header()], Redirect::to(url.as_str())).into_response())
}

/// A path on this origin; anything that could lead elsewhere becomes `/`.
fn own_path(to: &str) -> &str {
    let inside = to.starts_with('/') && !to.starts_with("//") && !to.contains('\\') && !to.contains(char::is_control);
    if inside && to.len() <= 512 { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b33_after_signing_in_nobody_is_led_elsewhere() {
        for path in ["/", "/tenants/acme?x=1", "/tenants/acme/users"] {
            assert_eq!(own_path(path), path);
        }
        for elsewhere in ["", "//evil.test", "/\\evil.test", "https://evil.test", "evil", "/a\r\nb", "/\t/evil.test"] {
            assert_eq!(own_path(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
