//! What stands before every operation.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Method, StatusCode};
use polder_service::RequestContext;
use polder_service::problem::Problem;

use super::rates::Kind;
use super::{Api, ApiError, Caller, caller, idempotency};
use crate::model::{Area, Scopes};

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
    // Before anything is counted: who took a key along uses up nothing of its owner's from elsewhere.
    let addresses = holder.rights.addresses.as_ref();
    if addresses.is_some_and(|networks| !context.client_ip.is_some_and(|ip| networks.hold(ip))) {
        api.rates.stranger(context.client_ip).map_err(Problem::too_many)?;
        let title = "This key may not be used from this address";
        return Err(Problem::new(StatusCode::FORBIDDEN, "address_not_allowed", title).into());
    }
    let standing = api
        .rates
        .count(holder.id, kind)
        .map_err(|over| ApiError::from(Problem::too_many(over.wait())).with(over.headers()))?;
    if known(request.method()) {
        let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        reaches(holder.rights.scopes, path.trim_start_matches("/api/v1"), kind)?;
    }
    caller::notice(&api.app, &holder).await?;
    request.extensions_mut().insert(Caller::new(&holder, &context));
    let answered = match kind {
        Kind::Read => Ok(next.run(request).await),
        Kind::Write => idempotency::once(&api, holder.id, request, next).await,
    };
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    response.headers_mut().extend(standing.headers());
    Ok(response)
}

/// Whether a key with these scopes reaches this operation.
fn reaches(scopes: Scopes, path: &str, kind: Kind) -> Result<(), ApiError> {
    let wanted = Area::access(path, kind == Kind::Read);
    let area = Area::of(path);
    if area.is_some_and(|area| scopes.allow(area, wanted)) {
        return Ok(());
    }
    let needed = area.map_or_else(|| "none".to_owned(), |area| format!("{}:{wanted}", area.as_str()));
    let problem = if kind == Kind::Write && !scopes.may_write() {
        Problem::new(StatusCode::FORBIDDEN, "read_only_key", "This key may only read")
    } else {
        Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", "This key may not do that")
    };
    // RFC 6750, 3.1.
    let challenge = format!(r#"Bearer realm="polder", error="insufficient_scope", scope="{needed}""#);
    let challenge = HeaderValue::from_str(&challenge).unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
    Err(ApiError::from(problem.detail(format!("it needs the scope {needed}"))).with([(WWW_AUTHENTICATE, challenge)]))
}

/// Other methods get 405 from the router, which knows better why.
fn known(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}
