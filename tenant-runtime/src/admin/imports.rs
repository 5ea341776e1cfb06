//! `/users/imports`: many people at once.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use http::StatusCode;
use polder_kernel::Timestamp;
use polder_service::json::Json;
use polder_service::{Problem, form};
use polder_tenant_api::{
    ExistingPeople, NewUserImport, Page, UserImport, UserImportId, UserImportKind, UserImportState,
};
use serde_json::json;

use super::input::Part;
use super::{Caller, input};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::imports::file::{self, Checked};
use crate::store::user_imports::{self, Counts, Import, Options};

/// The largest body, in bytes: a file of 5 MiB with what JSON adds to it.
pub const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// `GET`: newest first.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(part): input::Query<Part>,
) -> Result<Json<Page<UserImport>>, ProblemError> {
    let (cursor, limit) = part.place::<UserImportKind>()?;
    let rows = user_imports::page(&mut app.db.read().await?, cursor, limit + 1).await?;
    let (rows, next) = input::cut(rows, limit, |import| (import.created_at, import.id));
    Ok(Json(Page { items: rows.into_iter().map(view).collect(), next }))
}

/// `GET …/{id}`.
pub async fn show(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<UserImport>, ProblemError> {
    let found = user_imports::find(&mut app.db.read().await?, input::id(&id)?).await?;
    Ok(Json(view(found.ok_or_else(input::not_found)?)))
}

/// `POST`: checks a file wholly. Where a line is wrong nothing is written, unless such lines are to be left out: the
/// answer is then `200` with what is wrong. `202` once the import is under way.
pub async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Json<UserImport>), ProblemError> {
    let body = form::read(request.into_body(), LARGEST_BODY).await.map_err(Problem::from)?;
    let new: NewUserImport =
        serde_json::from_slice(&body).map_err(|_| input::invalid("this is no import of people"))?;
    drop(body);
    let fields = app.fields.current();
    // Some ten thousand lines: not on a thread that others wait for.
    let checking = tokio::task::spawn_blocking(move || (file::check(new.format, &new.content, &fields), new));
    let Ok((checked, new)) = checking.await else { return Err(Internal::NotReady("the file was not read").into()) };
    if checked.hopeless || new.check_only || (checked.wrong > 0 && !new.skip_wrong) || checked.rows.is_empty() {
        return Ok((StatusCode::OK, Json(looked_at(checked))));
    }
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let import = Import {
        id: UserImportId::new(&app.clock, &app.entropy),
        options: Options { update: new.existing == ExistingPeople::Update, invite: new.invite },
        asked_by: caller.clone(),
        problems: checked.problems,
        wrong: i64::from(checked.wrong),
        total: count(checked.rows.len()),
        counts: Counts::default(),
        created_at: app.clock.now(),
        finished_at: None,
        cancelled_at: None,
    };
    let sealed = user_imports::sealed(&app.keyring, import.id, &checked.rows)?;
    let begun = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !user_imports::begin(tx, &import, &sealed).await? {
                    return Ok(None);
                }
                let details = json!({ "import": import.id, "people": import.total, "update": import.options.update,
                    "invite": import.options.invite });
                polder_audit::record(tx, caller.event("user_import.began").details(details));
                Ok::<_, Internal>(Some(import))
            })
        })
        .await?;
    let begun = begun.ok_or_else(|| Problem::conflict("import_under_way", "another import has not ended yet"))?;
    app.imports.notify_one();
    Ok((StatusCode::ACCEPTED, Json(view(begun))))
}

/// `DELETE …/{id}`: ends one that is under way. People who were added stay.
pub async fn cancel(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: UserImportId = input::id(&id)?;
    let now = app.clock.now();
    let there = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if user_imports::cancel(tx, id, now).await? {
                    polder_audit::record(tx, caller.event("user_import.cancelled").details(json!({ "import": id })));
                    return Ok(true);
                }
                Ok::<_, Internal>(user_imports::find(tx, id).await?.is_some())
            })
        })
        .await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

fn looked_at(checked: Checked) -> UserImport {
    UserImport {
        id: None,
        state: UserImportState::Checked,
        total: small(i64::try_from(checked.rows.len()).unwrap_or(i64::MAX)),
        done: 0,
        created: 0,
        updated: 0,
        skipped: 0,
        wrong: checked.wrong,
        problems: checked.problems,
        created_at: None,
        finished_at: None,
    }
}

fn view(import: Import) -> UserImport {
    UserImport {
        id: Some(import.id),
        state: match (import.cancelled_at, import.finished_at) {
            (Some(_), _) => UserImportState::Cancelled,
            (None, Some(_)) => UserImportState::Done,
            (None, None) => UserImportState::Running,
        },
        total: small(import.total),
        done: small(import.counts.done),
        created: small(import.counts.created),
        updated: small(import.counts.updated),
        skipped: small(import.counts.skipped),
        wrong: small(import.wrong),
        problems: import.problems,
        created_at: Some(import.created_at.rfc3339()),
        finished_at: import.finished_at.map(Timestamp::rfc3339),
    }
}

fn small(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
