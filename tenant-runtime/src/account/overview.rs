//! `GET /account`: everything at a glance.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use polder_hosted_pages::account::{Overview, Section};

use super::door::{Away, Here};
use super::sheet::Sheet;
use super::{applications, sessions};
use crate::App;
use crate::store::{recovery_codes, totp_factors};

/// Shows the page.
pub async fn show(State(app): State<Arc<App>>, here: Here) -> Result<Response, Away> {
    let user = &here.signed.user;
    let mut tx = app.db.read().await?;
    let second_factor = totp_factors::has(&mut tx, user.id).await?;
    let codes = recovery_codes::of_user(&mut tx, user.id).await?;
    let live = sessions::live(&app, &mut tx, user.id).await?;
    let granted = applications::granted(&app, &mut tx, user.id).await?;
    let sheet = Sheet::new(&app, &here, Section::Overview);
    Ok(sheet.print(&Overview {
        shell: sheet.shell(None),
        name: user.name.as_deref().unwrap_or_default(),
        address: user.email.as_str(),
        second_factor,
        recovery_codes: codes.map_or(0, |set| usize::try_from(set.left).unwrap_or(0)),
        sessions: live.len(),
        applications: granted.len(),
    }))
}
