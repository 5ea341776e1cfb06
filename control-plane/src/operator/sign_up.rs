//! `/sign-up`: whether people may make an organisation of their own.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use polder_db::Error;
use polder_service::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::organisation::sign_up;

/// Whether they may.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// Whether anybody with an e-mail address may; else only who is invited is a member.
    pub open: bool,
}

pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Json<SignUp>, Problem> {
    let read = async { sign_up::is_open(&mut app.db.read().await?).await };
    let open = read.await.map_err(|error: Error| Problem::internal(&error))?;
    Ok(Json(SignUp { open }))
}

pub(super) async fn set(State(app): State<Arc<App>>, Json(wish): Json<SignUp>) -> Result<Json<SignUp>, Problem> {
    sign_up::set_open(&app, wish.open).await.map_err(|error| Problem::internal(&error))?;
    show(State(app)).await
}
