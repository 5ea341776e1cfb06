//! A tenant's life, by buttons on its page.

use std::time::Duration;

use axum::response::{IntoResponse, Redirect, Response};

use super::Fault;
use super::fields::Fields;
use super::in_tenant::AtTenant;
use crate::administer::On;
use crate::provision::{self, Action, ChangeError};

/// How long a change is waited for before its steps are shown.
const WITHIN: Duration = Duration::from_millis(1500);
/// How long the end of a tenant is waited for before its page is shown again.
const END_WITHIN: Duration = Duration::from_secs(10);

/// How long the grace period is that the page promises, in days.
const GRACE_DAYS: u32 = 30;

/// `POST /tenants/{slug}/life`.
pub async fn change(AtTenant { on, .. }: AtTenant, fields: Fields) -> Result<Response, Fault> {
    let action = match fields.get("action") {
        "suspend" => Action::Suspend,
        "resume" => Action::Resume,
        "sleep" => Action::Sleep,
        "wake" => Action::Wake,
        "restart" => Action::Restart,
        "rotate-database" if on.app.postgres.is_some() => Action::RotateDatabase,
        _ => return Ok(back(&on)),
    };
    let settled = act(&on, action, WITHIN).await?;
    if !settled {
        // What takes longer is followed live.
        return Ok(Redirect::to(&format!("/tenants/{}/progress?again=1", on.tenant.slug)).into_response());
    }
    // Its page asks it what it holds, and would wake what was just put to sleep.
    Ok(if action == Action::Sleep { Redirect::to("/").into_response() } else { back(&on) })
}

/// `POST /tenants/{slug}/end`.
pub async fn end(AtTenant { on, .. }: AtTenant, fields: Fields) -> Result<Response, Fault> {
    let action = match fields.get("action") {
        "terminate" => Action::Terminate { grace_days: GRACE_DAYS },
        "undo" => Action::Undo,
        // Nothing brings it back: whoever mistyped its name did not mean it.
        "destroy" if fields.get("confirm") == on.tenant.slug.as_str() => Action::Destroy,
        _ => return Ok(back(&on)),
    };
    act(&on, action, END_WITHIN).await?;
    Ok(if action == Action::Destroy { Redirect::to("/").into_response() } else { back(&on) })
}

/// Whether it was over within the time it is waited for.
async fn act(on: &On, action: Action, within: Duration) -> Result<bool, Fault> {
    match provision::change(&on.app, &on.acting, on.tenant.id, action).await {
        Ok(()) => {}
        // The page was old: it shows how things are now.
        Err(ChangeError::Illegal(_)) => return Ok(true),
        Err(ChangeError::Unknown) => return Err(Fault::NotFound),
        Err(ChangeError::Busy) => return Err(Fault::Unavailable("another change is under way".to_owned())),
        Err(ChangeError::Database(error)) => return Err(error.into()),
    }
    Ok(provision::settled(&on.app, on.tenant.id, within).await)
}

fn back(on: &On) -> Response {
    Redirect::to(&format!("/tenants/{}", on.tenant.slug)).into_response()
}
