//! Lists of people, out and in: `/tenants/{slug}/users/export`, `/tenants/{slug}/users/imports`.

use axum::extract::{Query, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use polder_service::form::{self, BodyError};
use polder_service::json::Json;
use polder_service::problem::Problem;
use polder_tenant_api::{ExistingPeople, ImportFormat, NewUserImport, Page, UserImport, UserImportKind};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::input::{FILE_MAX, Listing, Params, parse};
use super::users::Wanted;
use super::within::{AtId, Within};
use crate::administer::{imports, people_list};

/// Writes a tenant's people as comma-separated values, all of them or those who are looked for. Cells that a spreadsheet
/// would calculate begin with an apostrophe. Both logs say who took the list.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/export", operation_id = "exportUsers", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Wanted),
    responses((status = 200, description = "A line for each person, the columns named first", body = String,
        content_type = "text/csv",
        example = "id,email,email_verified,name,locale,roles,disabled,created_at,last_sign_in_at\n"))
)]
pub async fn export(Within(on): Within, Params(wanted): Params<Wanted>) -> Result<Response, ApiError> {
    let (wanted, _) = wanted.split()?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"people.csv\""),
    ];
    Ok((headers, people_list::csv(on, wanted).await?).into_response())
}

/// How a file is to be imported.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct How {
    /// What becomes of people who have an account already: they stay as they are, or get what their line says.
    existing: ExistingPeople,
    /// Whether lines that are wrong are left out; otherwise one of them stops the import before it begins.
    skip_wrong: bool,
    /// Whether those who are added get an invitation by mail. They leave a hundred a minute.
    invite: bool,
    /// Whether the file is only checked.
    check_only: bool,
}

/// Imports people from a file: comma-separated values with a header, or a JSON object on each line; 10,000 people and
/// 5 MiB at most.
///
/// Columns are `email`, and where wanted `name`, `locale`, `roles` (separated by spaces) and the tenant's own fields by
/// name. The file is checked wholly before anything is written: what is wrong comes back by line. People are known by
/// their address, so a file can be sent again. Who is stopped from signing in stays as they are, and an address that
/// somebody can still take back is given to nobody: both count as skipped. Addresses count as unproved, and nobody is sent a mail unless `invite`
/// says so. The import goes on in the background, also after a restart; one is under way at a time. As
/// `application/json` the same comes in one document, and the query is left out.
#[utoipa::path(
    post, path = "/tenants/{slug}/users/imports", operation_id = "importUsers", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), How),
    request_body(content(
        (String = "text/csv", example = "email,name,roles\nann@example.com,Ann,staff coach\n"),
        (String = "application/x-ndjson", example = "{\"email\":\"ann@example.com\",\"roles\":[\"staff\"]}\n"),
        (NewUserImport = "application/json", example = json!({"format": "csv", "content": "email\nann@example.com\n"})),
    )),
    responses(
        (status = 200, description = "The file was only checked", body = UserImport, example = json!({"id": null,
            "state": "checked", "total": 1, "done": 0, "created": 0, "updated": 0, "skipped": 0, "wrong": 0,
            "problems": [], "created_at": null, "finished_at": null})),
        (status = 202, description = "It is under way", body = UserImport,
            headers(("location" = String, description = "Where it can be followed")), example = json!({
            "id": "019a0000-0000-7000-8000-000000000008", "state": "running", "total": 1, "done": 0, "created": 0,
            "updated": 0, "skipped": 0, "wrong": 0, "problems": [], "created_at": "2026-11-21T08:00:00.000Z",
            "finished_at": null})))
)]
pub async fn begin(Within(on): Within, request: Request) -> Result<Response, ApiError> {
    let new = read(request).await?;
    let import = imports::begin(&on, &new).await?;
    let Some(id) = import.id else {
        return if new.check_only { Ok(Json(import).into_response()) } else { Err(wrong(&import)) };
    };
    let location = format!("/api/v1/tenants/{}/users/imports/{id}", on.tenant.slug);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(import)).into_response())
}

/// Lists imports of people, newest first.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/imports", operation_id = "listUserImports", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Listing),
    responses((status = 200, description = "A page of imports", body = Page<UserImport>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000008", "state": "done", "total": 250, "done": 250, "created": 240,
        "updated": 0, "skipped": 10, "wrong": 1,
        "problems": [{"line": 17, "column": "email", "detail": "is not an e-mail address"}],
        "created_at": "2026-11-21T08:00:00.000Z", "finished_at": "2026-11-21T08:00:02.000Z"}], "next": null})))
)]
pub async fn list(Within(on): Within, Params(listing): Params<Listing>) -> Result<Json<Page<UserImport>>, ApiError> {
    Ok(Json(imports::list(&on, &listing.part()?).await?))
}

/// Shows how far an import has come.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/imports/{id}", operation_id = "showUserImport", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The import", example = "019a0000-0000-7000-8000-000000000008")),
    responses((status = 200, description = "The import", body = UserImport, example = json!({
        "id": "019a0000-0000-7000-8000-000000000008", "state": "running", "total": 250, "done": 100, "created": 95,
        "updated": 0, "skipped": 5, "wrong": 0, "problems": [], "created_at": "2026-11-21T08:00:00.000Z",
        "finished_at": null})))
)]
pub async fn show(Within(on): Within, AtId(id): AtId<UserImportKind>) -> Result<Json<UserImport>, ApiError> {
    Ok(Json(imports::show(&on, id).await?))
}

/// Ends an import that is under way. People who were added stay.
#[utoipa::path(
    delete, path = "/tenants/{slug}/users/imports/{id}", operation_id = "cancelUserImport", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The import", example = "019a0000-0000-7000-8000-000000000008")),
    responses((status = 204, description = "It has ended"))
)]
pub async fn cancel(Within(on): Within, AtId(id): AtId<UserImportKind>) -> Result<StatusCode, ApiError> {
    imports::cancel(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read(request: Request) -> Result<NewUserImport, ApiError> {
    let (parts, body) = request.into_parts();
    let is = |kind| form::is_content_type(&parts.headers, kind);
    let format = match (is("text/csv"), is("application/x-ndjson") || is("application/jsonl")) {
        (true, _) => Some(ImportFormat::Csv),
        (_, true) => Some(ImportFormat::Jsonl),
        _ if is("application/json") => None,
        _ => return Err(Problem::from(BodyError::ContentType).into()),
    };
    // Also where it says nothing: a document says all by itself.
    let how = Query::<How>::try_from_uri(&parts.uri).map(|Query(how)| how);
    let how = how.map_err(|_| Problem::bad_request("the query is not understood"))?;
    let bytes = form::read(body, FILE_MAX).await.map_err(Problem::from)?;
    let Some(format) = format else { return parse(&bytes) };
    let content = String::from_utf8(bytes.to_vec());
    let content = content.map_err(|_| Problem::invalid(Vec::new()).detail("the file is not UTF-8"))?;
    let How { existing, skip_wrong, invite, check_only } = how;
    Ok(NewUserImport { format, content, existing, skip_wrong, invite, check_only })
}

/// What is wrong with a file, as any input that is not valid.
fn wrong(import: &UserImport) -> ApiError {
    let problem = Problem::invalid(Vec::new()).detail(format!("{} lines are wrong; nothing was written", import.wrong));
    let said = import.problems.iter().map(|found| {
        let column = found.column.as_deref().map(|column| format!("/{column}")).unwrap_or_default();
        (format!("/lines/{}{column}", found.line), found.detail.clone())
    });
    said.fold(problem, |problem, (pointer, detail)| problem.error(pointer, detail)).into()
}
