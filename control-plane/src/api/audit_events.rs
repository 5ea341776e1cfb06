//! `/tenants/{slug}/audit-events`.

use axum::response::Response;
use polder_kernel::Timestamp;
use polder_service::json::Json;
use polder_service::problem::Problem;
use polder_tenant_api::{AuditCheckpoint, AuditEvent, AuditVerification, ByTime, Page};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::ApiError;
use super::input::{Params, part};
use super::within::Within;
use crate::administer::audit_events::{self, Format, Which};

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those of this action.
    #[param(nullable = false, example = "session.started")]
    action: Option<String>,
    /// Those that this kind of actor did: `user`, `application`, `member`, `api_key`, `system` or `anonymous`.
    #[param(nullable = false, example = "member")]
    actor_kind: Option<String>,
    /// Those about this person.
    #[param(nullable = false, example = "019a0000-0000-7000-8000-000000000002")]
    user_id: Option<String>,
    /// Those about this application.
    #[param(nullable = false, example = "019a0000-0000-7000-8000-000000000001")]
    application_id: Option<String>,
    /// Those from this moment on (RFC 3339).
    #[param(nullable = false, example = "2026-11-01T00:00:00Z", format = DateTime)]
    from: Option<String>,
    /// Those before this moment (RFC 3339).
    #[param(nullable = false, example = "2026-12-01T00:00:00Z", format = DateTime)]
    before: Option<String>,
    /// In which order: `-at`, as unless given, for the newest first.
    #[param(inline, nullable = false)]
    sort: Option<ByTime>,
    /// `next` of the page before, in the same order.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Which entries are wanted, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Export {
    /// `csv`, as unless given, `ndjson`, or `chain`.
    #[serde(default)]
    #[param(inline, nullable = false, default = "csv")]
    format: ExportFormat,
    /// Those of this action.
    #[param(nullable = false, example = "session.started")]
    action: Option<String>,
    /// Those that this kind of actor did: `user`, `application`, `member`, `api_key`, `system` or `anonymous`.
    #[param(nullable = false, example = "member")]
    actor_kind: Option<String>,
    /// Those about this person.
    #[param(nullable = false, example = "019a0000-0000-7000-8000-000000000002")]
    user_id: Option<String>,
    /// Those about this application.
    #[param(nullable = false, example = "019a0000-0000-7000-8000-000000000001")]
    application_id: Option<String>,
    /// Those from this moment on (RFC 3339).
    #[param(nullable = false, example = "2026-11-01T00:00:00Z", format = DateTime)]
    from: Option<String>,
    /// Those before this moment (RFC 3339).
    #[param(nullable = false, example = "2026-12-01T00:00:00Z", format = DateTime)]
    before: Option<String>,
    /// In which order: `-at`, as unless given, for the newest first.
    #[param(inline, nullable = false)]
    sort: Option<ByTime>,
}

/// How a log is written out.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Rows for a spreadsheet (RFC 4180).
    #[default]
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// The whole log, oldest first, one JSON object a line, with all that is needed to verify it without a server.
    Chain,
}

/// Lists a tenant's audit log.
///
/// What came through this API or the console names the key or member that did it. A page may hold fewer entries than
/// asked for, even none, and have a `next`: where what is looked for is rare.
#[utoipa::path(
    get, path = "/tenants/{slug}/audit-events", operation_id = "listAuditEvents", tag = "audit-events",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Wanted),
    responses((status = 200, description = "A page of entries", body = Page<AuditEvent>, example = json!({"items": [{
        "id": "1-42", "at": "2026-11-21T08:20:00.000Z", "action": "session.ended", "actor_kind": "api_key",
        "actor_id": "019a0000-0000-7000-8000-000000000004", "user_id": "019a0000-0000-7000-8000-000000000002",
        "application_id": null, "session_id": "019a0000-0000-7000-8000-000000000003", "request_id": "4f1c02d39a6be857",
        "details": null, "hash": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"}], "next": "1795248000000-42"})))
)]
pub async fn list(Within(on): Within, Params(wanted): Params<Wanted>) -> Result<Json<Page<AuditEvent>>, ApiError> {
    let part = part(wanted.cursor, wanted.limit)?;
    let (from, before) = (moment(wanted.from.as_deref())?, moment(wanted.before.as_deref())?);
    let Wanted { action, actor_kind, user_id, application_id, sort, .. } = wanted;
    let sort = sort.unwrap_or_default();
    let which = Which { action, actor_kind, user_id, application_id, from, before, sort };
    Ok(Json(audit_events::list(&on, &which, &part).await?))
}

/// Writes a tenant's audit log out, as rows for a spreadsheet or as one JSON object a line.
///
/// All entries that fit, however many: they are sent as they are read. A cell that a spreadsheet would take for a formula
/// begins with an apostrophe.
///
/// `format=chain` is the whole log, oldest first, as `polder audit verify` and others verify it without a server: with
/// hashes, salts and a signed checkpoint. A chain has no gaps: with a filter it is refused.
#[utoipa::path(
    get, path = "/tenants/{slug}/audit-events/export", operation_id = "exportAuditEvents", tag = "audit-events",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Export),
    responses((status = 200, description = "The entries", content(
        (String = "text/csv", example = json!("id,at,action,actor_kind,actor_id,…")),
        (String = "application/x-ndjson", example = json!("{\"id\":\"1-42\",\"action\":\"session.ended\",…}"))
    )))
)]
pub async fn export(Within(on): Within, Params(wanted): Params<Export>) -> Result<Response, ApiError> {
    let (from, before) = (moment(wanted.from.as_deref())?, moment(wanted.before.as_deref())?);
    let Export { format, action, actor_kind, user_id, application_id, sort, .. } = wanted;
    let sort = sort.unwrap_or_default();
    let which = Which { action, actor_kind, user_id, application_id, from, before, sort };
    let format = match format {
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Ndjson => Format::Ndjson,
        ExportFormat::Chain if which != Which::default() => {
            return Err(Problem::bad_request("a chain has no gaps: take it without a filter").into());
        }
        ExportFormat::Chain => Format::Chain,
    };
    Ok(audit_events::export(on, which, format).await?)
}

/// Gives the end of a tenant's audit log, signed: what to keep elsewhere.
///
/// Whoever rewrites the log or cuts off its end later cannot make it fit. `polder audit verify --kept` compares an
/// exported chain with it. The key stays the same for as long as there is the log.
#[utoipa::path(
    get, path = "/tenants/{slug}/audit-events/checkpoint", operation_id = "getAuditCheckpoint", tag = "audit-events",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "The checkpoint, and the key that signed it", body = AuditCheckpoint,
        example = json!({"seq": 4711, "at": "2026-11-21T08:00:00.000Z",
            "hash": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg", "signature": "eyJ0eXAiOiJwb2xkZXItY2hlY2twb2ludCtqd3Qi…",
            "key": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig",
                "alg": "EdDSA", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}})))
)]
pub async fn checkpoint(Within(on): Within) -> Result<Json<AuditCheckpoint>, ApiError> {
    Ok(Json(audit_events::checkpoint(&on).await?))
}

/// Verifies a tenant's whole audit log: every entry against the hash before it, and every checkpoint's signature.
///
/// One verification serves all who ask. Where it takes longer than a moment it goes on after the answer, which then says
/// `running`: ask again to hear how far it is.
#[utoipa::path(
    post, path = "/tenants/{slug}/audit-events/verify", operation_id = "verifyAuditEvents", tag = "audit-events",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "What was found, or how far it is", body = AuditVerification,
        example = json!({"state": "intact", "started_at": "2026-11-21T08:00:00.000Z",
            "finished_at": "2026-11-21T08:00:00.120Z", "entries": 4711, "start": 0, "head": 4711,
            "head_hash": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg", "checkpoints": 9, "signed_through": 4700,
            "broken": null})))
)]
pub async fn verify(Within(on): Within) -> Result<Json<AuditVerification>, ApiError> {
    Ok(Json(audit_events::verify(&on).await?))
}

fn moment(text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    let wrong = |_| Problem::bad_request("a moment is written 2026-11-21T08:00:00Z").into();
    text.map(str::parse).transpose().map_err(wrong)
}
