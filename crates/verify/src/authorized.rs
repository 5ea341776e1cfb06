//! The token of a request, for axum's handlers.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use crate::guard::{Guard, Presented};
use crate::refused::Refused;
use crate::token::Token;

/// A request's token, checked by the [`Guard`] of the router's state. A request without a good one is answered
/// without the handler: 401 with a challenge, or 503 where the issuer cannot be asked.
#[derive(Clone, Debug)]
pub struct Authorized(pub Token);

impl<S> FromRequestParts<S> for Authorized
where
    Guard: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let guard = Guard::from_ref(state);
        guard.check(Presented::from(&*parts)).await.map(Self)
    }
}
