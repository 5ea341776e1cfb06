//! The console.

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// All pages of the console.
pub fn router(_app: &Arc<App>) -> Router {
    Router::new()
}
