//! What stands before every page but the door: a session, a role that includes the page, and for every
//! form that it was sent from our own page.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;
use http::Method;
use http::header::CONTENT_TYPE;
use polder_service::csrf::origin_check;
use polder_service::form::{FormBody, is_content_type};

use super::fields::Fields;
use super::{Console, Fault, SignedIn, Visit, signed_in, upload};
use crate::model::Permission;

/// `routes`, for members whose role includes `permission`.
pub fn guarded(
    console: &Arc<Console>,
    permission: Permission,
    routes: MethodRouter<Arc<Console>>,
) -> MethodRouter<Arc<Console>> {
    let guard = move |State(console): State<Arc<Console>>, visit: Visit, request: Request, next: Next| {
        guard(console, permission, visit, (request, next))
    };
    routes.route_layer(from_fn_with_state(Arc::clone(console), guard))
}

async fn guard(
    console: Arc<Console>,
    permission: Permission,
    visit: Visit,
    (mut request, next): (Request, Next),
) -> Result<Response, Fault> {
    let Some(member) = signed_in::find(&console, &visit).await? else {
        return Err(Fault::SignIn(visit.here.unwrap_or_else(|| "/".to_owned())));
    };
    if !member.may(permission) {
        return Err(Fault::NotAllowed);
    }
    if !request.method().is_safe() {
        request = own_form(&console, &member, request).await?;
    }
    request.extensions_mut().insert(member);
    request.extensions_mut().insert(permission);
    Ok(next.run(request).await)
}

/// Checks that our own page sent this form (E07), and leaves its fields for the handler.
async fn own_form(console: &Arc<Console>, member: &SignedIn, request: Request) -> Result<Request, Fault> {
    if request.method() != Method::POST {
        return Err(Fault::MethodNotAllowed);
    }
    origin_check(request.headers(), &console.base).map_err(|_| Fault::Forged("it comes from elsewhere"))?;
    let (parts, body) = request.into_parts();
    let (fields, upload) = if is_content_type(&parts.headers, upload::KIND) {
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let (fields, upload) = upload::read(kind, body, upload::most(parts.uri.path())).await?;
        (fields, Some(upload))
    } else {
        let form = FormBody::from_request(Request::from_parts(parts.clone(), body), &()).await?;
        (Fields::parse(&form.0), None)
    };
    let token = signed_in::csrf_token(console, &member.session);
    token.verify(Some(fields.get("csrf"))).map_err(|_| Fault::Forged("its token is another session's"))?;
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(fields);
    if let Some(upload) = upload {
        request.extensions_mut().insert(upload);
    }
    Ok(request)
}
