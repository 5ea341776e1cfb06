//! A tenant's audit log: looked through, written out, and verified.

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use polder_audit::exported::Line;
use polder_kernel::Timestamp;
use polder_tenant_api::{AuditCheckpoint, AuditEvent, AuditVerification, ByTime, Page};
use serde::Serialize;

use super::{On, Part, Refused, target};
use crate::sheet::{self, Sheet};

/// Entries that are read at once to be written out.
const AT_ONCE: u32 = 200;
/// The same of a chain, whose lines say more.
const AT_ONCE_OF_CHAIN: u32 = 100;

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Those of this action.
    pub action: Option<String>,
    /// Those that this kind of actor did.
    pub actor_kind: Option<String>,
    /// Those about this person.
    pub user_id: Option<String>,
    /// Those about this application.
    pub application_id: Option<String>,
    /// Those from this moment on.
    pub from: Option<Timestamp>,
    /// Those before this moment.
    pub before: Option<Timestamp>,
    /// In which order.
    pub sort: ByTime,
}

/// How a log is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Rows for a spreadsheet.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// The whole log, oldest first, one JSON object a line, as it is verified without a server.
    Chain,
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => sheet::CSV,
            Self::Ndjson | Self::Chain => "application/x-ndjson",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Chain => "chain.ndjson",
        }
    }
}

/// A page of entries. It may hold fewer than asked for, and go on all the same.
pub async fn list(on: &On, which: &Which, part: &Part) -> Result<Page<AuditEvent>, Refused> {
    let (from, before) = (which.from.map(Timestamp::rfc3339), which.before.map(Timestamp::rfc3339));
    let pairs = [
        ("action", which.action.as_deref()),
        ("actor_kind", which.actor_kind.as_deref()),
        ("user_id", which.user_id.as_deref()),
        ("application_id", which.application_id.as_deref()),
        ("from", from.as_deref()),
        ("before", before.as_deref()),
        ("sort", which.sort.asked()),
    ];
    on.ask(&target("/audit-events", &pairs, part)).await
}

/// All entries that are wanted, as a file; as a chain all there are, since a chain has no gaps. It is read and sent a part after the other, so that memory holds one part.
/// That somebody takes the log with them is itself in the control plane's log.
pub async fn export(on: On, which: Which, format: Format) -> Result<Response, Refused> {
    let name = format!("{}-audit.{}", on.tenant.slug, format.ending());
    on.record(on.event_with("audit.exported", &[("format", format.ending())])).await?;
    // The first part is read before the answer begins: what is wrong is still an answer of its own.
    let first = part(&on, &which, format, None).await?;
    let begun = (on, which, Some(first));
    let parts = futures_util::stream::try_unfold(begun, move |(on, which, ready)| async move {
        let Some((bytes, next)) = ready else { return Ok::<_, Refused>(None) };
        let ready = match next {
            Some(cursor) => Some(part(&on, &which, format, Some(cursor)).await?),
            None => None,
        };
        Ok(Some((bytes, (on, which, ready))))
    });
    Ok(sheet::download(format.media_type(), &name, Body::from_stream(parts)))
}

/// The end of the log, signed: what to keep elsewhere.
pub async fn checkpoint(on: &On) -> Result<AuditCheckpoint, Refused> {
    on.ask("/audit-checkpoint").await
}

/// Walks the whole log, or follows the walk that is under way.
pub async fn verify(on: &On) -> Result<AuditVerification, Refused> {
    on.ask("/audit-verification").await
}

/// A part of the file, and where the next begins.
async fn part(
    on: &On,
    which: &Which,
    format: Format,
    cursor: Option<String>,
) -> Result<(Bytes, Option<String>), Refused> {
    let first = cursor.is_none();
    let limit = if format == Format::Chain { AT_ONCE_OF_CHAIN } else { AT_ONCE };
    let part = Part { cursor, limit: Some(limit) };
    if format == Format::Chain {
        let page: Page<Line> = on.ask(&target("/audit-chain", &[], &part)).await?;
        return Ok((lines(&page.items), page.next));
    }
    let page = list(on, which, &part).await?;
    let bytes = if format == Format::Csv { rows(&page.items, first) } else { lines(&page.items) };
    Ok((bytes, page.next))
}

fn rows(events: &[AuditEvent], first: bool) -> Bytes {
    const NAMES: [&str; 11] = [
        "id",
        "at",
        "action",
        "actor_kind",
        "actor_id",
        "user_id",
        "application_id",
        "session_id",
        "request_id",
        "details",
        "hash",
    ];
    let mut sheet = if first { Sheet::with(&NAMES) } else { Sheet::default() };
    for event in events {
        let details = event.details.as_ref().map(ToString::to_string).unwrap_or_default();
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let cells = [
            event.id.clone(),
            event.at.clone(),
            event.action.clone(),
            event.actor_kind.clone(),
            event.actor_id.clone(),
            optional(&event.user_id),
            optional(&event.application_id),
            optional(&event.session_id),
            optional(&event.request_id),
            details,
            event.hash.clone(),
        ];
        sheet.row(cells.iter().map(String::as_str));
    }
    sheet.into_bytes()
}

fn lines(objects: &[impl Serialize]) -> Bytes {
    let mut lines = BytesMut::new();
    for object in objects {
        // Text and numbers alone: it can be written.
        lines.extend_from_slice(&serde_json::to_vec(object).unwrap_or_default());
        lines.extend_from_slice(b"\n");
    }
    lines.freeze()
}
