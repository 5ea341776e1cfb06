//! `POST /{side}/ended`: the identity provider says that a session ended (OpenID Connect Back-Channel Logout 1.0).
//!
//! It speaks to us directly, so there is no cookie and no form token: the signed token is what is believed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use polder_db::BoxFuture;
use polder_service::form::FormBody;
use polder_verify::{LoggedOut, LogoutRefused};
use serde_json::json;
use url::form_urlencoded;

use crate::app::App;
use crate::error::Fault;
use crate::model::Side;
use crate::store;

pub(crate) async fn hear(State(app): State<Arc<App>>, side: Side, FormBody(body): FormBody) -> Result<Response, Fault> {
    let mut tokens = form_urlencoded::parse(&body).filter(|(name, _)| name == "logout_token").map(|(_, token)| token);
    let (Some(token), None) = (tokens.next(), tokens.next()) else {
        return Ok(answer(StatusCode::BAD_REQUEST));
    };
    let ended = match app.issuer.logout_token(&token, &app.application(side).client_id).await {
        Ok(ended) => ended,
        Err(why) => {
            tracing::info!(%why, "an end of a session was not taken");
            return Ok(match why {
                LogoutRefused::Token(_) => answer(StatusCode::BAD_REQUEST),
                // It will be sent again.
                LogoutRefused::Issuer(_) => answer(StatusCode::SERVICE_UNAVAILABLE),
            });
        }
    };
    let first = app.db.write(move |tx| -> BoxFuture<'_, Result<bool, Fault>> {
        Box::pin(async move {
            let LoggedOut { sub, sid, jti, expires_at } = ended;
            if !store::sessions::use_logout_token(tx, &jti, expires_at).await? {
                return Ok(false);
            }
            store::sessions::end_of(tx, side, (sub.as_deref(), sid.as_deref())).await?;
            Ok(true)
        })
    });
    // One that nobody is signed in with is a success as well (2.8): they are signed out.
    Ok(answer(if first.await? { StatusCode::OK } else { StatusCode::BAD_REQUEST }))
}

fn answer(status: StatusCode) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match status {
        StatusCode::OK => (status, no_store).into_response(),
        StatusCode::BAD_REQUEST => (status, no_store, Json(json!({ "error": "invalid_request" }))).into_response(),
        status => (status, no_store, Json(json!({ "error": "temporarily_unavailable" }))).into_response(),
    }
}
