//! `/branding`: how the tenant's pages and mails look.

use std::sync::Arc;

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{BrandLogo, Branding, BrandingChoices, LogoFile, NewLogo};

use super::{Caller, input, to_the_end};
use crate::App;
use crate::branding::logo::{self, Logo, LogoProblem};
use crate::branding::{CHOICES, Current, LOGO, accept};
use crate::error::{Internal, ProblemError};
use crate::store::settings;

/// `GET /branding`.
pub async fn show(State(app): State<Arc<App>>, _: Caller) -> Json<Branding> {
    Json(view(&app, &app.branding.current()))
}

/// `PUT /branding`: replaces every choice.
pub async fn choose(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(choices): Json<BrandingChoices>,
) -> Result<Json<Branding>, ProblemError> {
    let choices = accept::accept(choices)?;
    let json = serde_json::to_string(&choices)?;
    store(app, caller, CHOICES, json, serde_json::to_value(&choices)?).await
}

/// `GET /branding/logo`: its bytes, for a preview.
pub async fn show_logo(State(app): State<Arc<App>>, _: Caller) -> Result<Json<LogoFile>, ProblemError> {
    let current = app.branding.current();
    let (logo, path) = current.logo.as_ref().ok_or_else(input::not_found)?;
    Ok(Json(LogoFile { logo: logo_view(&app, logo, path), data: STANDARD.encode(&logo.bytes) }))
}

/// `PUT /branding/logo`: draws a logo anew from the file that is sent.
pub async fn set_logo(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(new): Json<NewLogo>,
) -> Result<Json<Branding>, ProblemError> {
    let wrong = |detail: String| ProblemError::from(Problem::invalid(Vec::new()).error("/data", detail));
    let file = STANDARD.decode(new.data.as_bytes()).map_err(|_| wrong("is not base64".to_owned()))?;
    // Decoding takes a while, and others wait for this thread.
    let drawn = tokio::task::spawn_blocking(move || logo::redraw(&file)).await;
    let logo = drawn.unwrap_or(Err(LogoProblem::Damaged)).map_err(|problem| wrong(problem.to_string()))?;
    let details = serde_json::json!({ "kind": logo.kind, "width": logo.width, "height": logo.height });
    store(app, caller, LOGO, serde_json::to_string(&logo)?, details).await
}

/// `DELETE /branding/logo`.
pub async fn remove_logo(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Branding>, ProblemError> {
    store(app, caller, LOGO, String::new(), serde_json::json!({ "logo": null })).await
}

async fn store(
    app: Arc<App>,
    caller: Caller,
    name: &'static str,
    value: String,
    details: serde_json::Value,
) -> Result<Json<Branding>, ProblemError> {
    to_the_end(async move {
        let now = app.clock.now();
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    settings::put(tx, name, &value, now).await?;
                    polder_audit::record(tx, caller.event("branding.changed").details(details));
                    Ok::<_, Internal>(())
                })
            })
            .await?;
        let current = app.branding.refresh(&app.db).await?;
        Ok(Json(view(&app, &current)))
    })
    .await
}

fn view(app: &App, current: &Current) -> Branding {
    Branding {
        choices: current.choices.clone(),
        logo: current.logo.as_ref().map(|(logo, path)| logo_view(app, logo, path)),
        contrast: current.theme.contrasts(),
    }
}

fn logo_view(app: &App, logo: &Logo, path: &str) -> BrandLogo {
    BrandLogo {
        url: app.issuer.url(path),
        content_type: logo.kind.content_type().to_owned(),
        width: logo.width,
        height: logo.height,
        transparent: logo.transparent,
    }
}
