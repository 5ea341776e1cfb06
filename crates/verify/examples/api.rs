//! A small API that takes access tokens of an OpenID Provider.
//!
//! ```text
//! cargo run -p polder-verify --example api -- ISSUER AUDIENCE 127.0.0.1:9000
//! curl -H "Authorization: Bearer $token" http://127.0.0.1:9000/orders
//! ```
//!
//! `AUDIENCE` is what the application that asks has as its audience, or names as `resource`.

use std::time::Duration;

use anyhow::{Context, Result};
use axum::extract::FromRef;
use axum::routing::{delete, get};
use axum::{Json, Router};
use polder_verify::{Authorized, Guard, Refused, SignIn};
use serde_json::{Value, json};

/// What handlers use.
#[derive(Clone)]
pub struct Shop {
    guard: Guard,
}

impl FromRef<Shop> for Guard {
    fn from_ref(shop: &Shop) -> Self {
        shop.guard.clone()
    }
}

/// The routes.
pub fn router(guard: Guard) -> Router {
    Router::new()
        .route("/me", get(me))
        .route("/orders", get(orders))
        .route("/account", delete(close))
        .with_state(Shop { guard })
}

/// Any good token will do.
async fn me(Authorized(token): Authorized) -> Json<Value> {
    Json(json!({ "person": token.person(), "application": token.claims().client_id }))
}

/// Needs a scope: 403 `insufficient_scope` without.
async fn orders(Authorized(token): Authorized) -> Result<Json<Value>, Refused> {
    token.require_scope("orders:read")?;
    Ok(Json(json!({ "of": token.claims().sub, "orders": [] })))
}

/// Needs a passkey, used five minutes ago at most (RFC 9470). A client that gets 401
/// `insufficient_user_authentication` sends the person to sign in with the `acr_values` and `max_age` of the challenge.
async fn close(Authorized(token): Authorized) -> Result<Json<Value>, Refused> {
    let needed = SignIn { acr_values: &["urn:polder:acr:passkey"], max_age: Some(Duration::from_secs(300)) };
    token.require_sign_in(needed)?;
    Ok(Json(json!({ "closed": token.claims().sub })))
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &'static str| arguments.next().context(what);
    let (issuer, audience, listen) = (next("ISSUER")?, next("AUDIENCE")?, next("ADDRESS")?);
    let guard = Guard::new(&issuer, &audience)?.reached_at(&format!("http://{listen}"))?;
    let listener = tokio::net::TcpListener::bind(&listen).await?;
    println!("listening on {listen}");
    axum::serve(listener, router(guard)).await?;
    Ok(())
}
