//! A sign-in as an application, tried by its developer.

use http::Method;
use polder_tenant_api::{ApplicationId, NewTryOut, TryOutBegun, TryOutCode, TryOutEnded};

use super::{On, Refused};

/// Pushes the request. What the application would be refused with is in the answer.
pub async fn begin(on: &On, id: ApplicationId, new: &NewTryOut) -> Result<TryOutBegun, Refused> {
    let begun = on.change((Method::POST, &format!("/applications/{id}/try-outs")), Some(new)).await?;
    on.record(on.event("application.try_out_began").application(id)).await?;
    Ok(begun)
}

/// Uses the code that the person came back with.
pub async fn end(on: &On, id: ApplicationId, came: &TryOutCode) -> Result<TryOutEnded, Refused> {
    let ended = on.change((Method::POST, &format!("/applications/{id}/try-outs/end")), Some(came)).await?;
    on.record(on.event("application.tried_out").application(id)).await?;
    Ok(ended)
}
