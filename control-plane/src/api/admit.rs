//! What stands before every operation.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Method, StatusCode};
use polder_service::RequestContext;
use polder_service::problem::Problem;

use super::rates::Kind;
use super::{Api, ApiError, Caller, caller, idempotency};
use crate::model::KeyAccess;

/// What is said to a key that may only read.
const READ_ONLY: &str = r#"Bearer realm="polder", error="insufficient_scope", scope="write""#;

/// The layer before every operation: who calls, whether they may, how often they did.
pub async fn admit(
    State(api): State<Arc<Api>>,
    context: RequestContext,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let holder = match caller::authenticate(&api.app, request.headers()).await {
        Ok(holder) => holder,
        // Only failures are counted here: whoever has a key is counted by it.
        Err(refused) if refused.status() == StatusCode::UNAUTHORIZED => {
            return Err(api
                .rates
                .stranger(context.client_ip)
                .err()
                .map_or(refused, |wait| Problem::too_many(wait).into()));
        }
        Err(failed) => return Err(failed),
    };
    let kind = if request.method().is_safe() { Kind::Read } else { Kind::Write };
    let standing = api
        .rates
        .count(holder.id, kind)
        .map_err(|over| ApiError::from(Problem::too_many(over.wait())).with(over.headers()))?;
    if kind == Kind::Write && holder.access == KeyAccess::Read && known(request.method()) {
        let problem = Problem::new(StatusCode::FORBIDDEN, "read_only_key", "This key may only read");
        return Err(ApiError::from(problem).with([(WWW_AUTHENTICATE, HeaderValue::from_static(READ_ONLY))]));
    }
    request.extensions_mut().insert(Caller::new(&holder, &context));
    let answered = match kind {
        Kind::Read => Ok(next.run(request).await),
        Kind::Write => idempotency::once(&api, holder.id, request, next).await,
    };
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    response.headers_mut().extend(standing.headers());
    Ok(response)
}

/// Other methods get 405 from the router, which knows better why.
fn known(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}
