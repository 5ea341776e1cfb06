//! `/blocklists`: networks that abuse comes from (R8), each list replaced as a whole.

use std::sync::Arc;

use axum::extract::{Path, State};
use bytes::Bytes;
use http::StatusCode;
use polder_crypto::Category;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{Blocklist, NewBlocklist, Page};
use serde_json::json;

use super::{Caller, input, to_the_end};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::guard::blocklist::{self, MOST_IN_ALL, MOST_LISTS};
use crate::store::blocklists::{self, NewList};

/// `GET /blocklists`: by name.
pub async fn list(State(app): State<Arc<App>>, _: Caller) -> Result<Json<Page<Blocklist>>, ProblemError> {
    let items = blocklists::all(&mut app.db.read().await?).await?;
    Ok(Json(Page { items, next: None }))
}

/// `GET /blocklists/{name}`: what there is to know of it; its networks stay where they are.
pub async fn show(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(name): Path<String>,
) -> Result<Json<Blocklist>, ProblemError> {
    let found = blocklists::find(&mut app.db.read().await?, &name).await?;
    Ok(Json(found.ok_or_else(input::not_found)?))
}

/// `PUT /blocklists/{name}`: puts a list in the place of the one before, or changes nothing.
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Blocklist>, ProblemError> {
    if !is_name(&name) {
        return Err(input::invalid("a list's name is 1 to 32 of a-z, 0-9 and hyphens"));
    }
    let new: NewBlocklist =
        serde_json::from_slice(&body).map_err(|_| input::invalid("this is no list: format, action and content"))?;
    let now = app.clock.now();
    let parsed = blocklist::parse(new.format, &new.content, now);
    let parsed = parsed.map_err(|wrong| Problem::invalid(Vec::new()).detail(wrong.to_string()))?;
    let networks = blocklist::stored(&parsed.entries);
    let sealed = app.keyring.seal_text(Category::Identifiers, &blocklist::place(&name), &networks);
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let (networks, skipped) = (count(parsed.entries.len()), count(parsed.skipped));
    to_the_end(async move {
        let kept = name.clone();
        let fits = app.db.write(move |tx| {
            Box::pin(async move {
                let list = NewList {
                    name: &kept,
                    format: new.format,
                    action: new.action,
                    networks_sealed: &sealed,
                    networks,
                    skipped,
                };
                if !blocklists::put(tx, &list, (MOST_LISTS, MOST_IN_ALL), now).await? {
                    return Ok(false);
                }
                let details = json!({ "name": kept, "action": new.action, "networks": networks, "skipped": skipped });
                polder_audit::record(tx, caller.event("blocklist.replaced").details(details));
                Ok::<_, Internal>(true)
            })
        });
        if !fits.await? {
            return Err(input::invalid("there are up to 8 lists, with up to 100,000 networks on all of them"));
        }
        app.blocklists.refresh(&app.db, &app.keyring).await?;
        let stored = blocklists::find(&mut app.db.read().await?, &name).await?;
        Ok(Json(stored.ok_or_else(input::not_found)?))
    })
    .await
}

/// `DELETE /blocklists/{name}`.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ProblemError> {
    to_the_end(async move {
        let removed = app.db.write(move |tx| {
            Box::pin(async move {
                if !blocklists::remove(tx, &name).await? {
                    return Ok(false);
                }
                polder_audit::record(tx, caller.event("blocklist.removed").details(json!({ "name": name })));
                Ok::<_, Internal>(true)
            })
        });
        if !removed.await? {
            return Err(input::not_found());
        }
        app.blocklists.refresh(&app.db, &app.keyring).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
