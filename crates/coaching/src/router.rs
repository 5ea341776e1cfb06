//! Every route of the platform, on one page.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use polder_service::headers::PageCsp;

use crate::api::{self, Api};
use crate::app::App;
use crate::error::Fault;
use crate::model::Side;
use crate::pages::{self, Page};
use crate::{coach, ended, portal, signed_in};

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(async || Page(pages::Home)))
        .route("/coach", get(coach::clients::show))
        .route("/coach/invite", post(coach::invite::send))
        .route("/coach/sign-in", get(async |state| signed_in::begin(state, Side::Coach, None).await))
        .route(
            "/coach/callback",
            get(async |state, headers, query| signed_in::callback(state, Side::Coach, headers, query).await),
        )
        .route(
            "/coach/sign-out",
            post(async |state, headers, body| signed_in::sign_out(state, Side::Coach, headers, body).await),
        )
        .route("/portal", get(portal::coaches::show))
        .route("/portal/sign-in", get(portal::sign_in::begin))
        .route(
            "/portal/callback",
            get(async |state, headers, query| signed_in::callback(state, Side::Portal, headers, query).await),
        )
        .route(
            "/portal/sign-out",
            post(async |state, headers, body| signed_in::sign_out(state, Side::Portal, headers, body).await),
        )
        .route("/portal/invitation/{token}", get(portal::invitation::show))
        .route("/coach/ended", post(async |state, body| ended::hear(state, Side::Coach, body).await))
        .route("/portal/ended", post(async |state, body| ended::hear(state, Side::Portal, body).await))
        .route("/api/clients", get(api::clients).with_state(Api(app.clone())))
        .route("/signed-out", get(async || Page(pages::SignedOut)))
        .route("/assets/coaching.1.css", get(pages::styles))
        .fallback(async || Fault::NotFound)
        .layer(from_fn_with_state(app.clone(), protect))
        .with_state(app)
}

/// The content security policy of every page. The sign-out form's chain of redirects passes the
/// issuer, so that origin is named too.
async fn protect(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await.into_response();
    let nonce = polder_kernel::encoding::base64url(&app.entropy.bytes::<16>());
    let (name, value) = PageCsp::new(&nonce).form_action([&app.config.issuer]).header();
    answer.headers_mut().insert(name, value);
    answer
}
