//! What of the audit log is an organisation's own: an index into `audit_event`, written with it.

use polder_audit::{Cursor, Entry};
use polder_db::{Error, Tx, args};

use crate::model::OrganisationId;

/// What the audit log's tail runs for every event of an organisation.
pub const INDEX: &str = "INSERT INTO organisation_event (organisation_id, chain, seq, at, action, actor_id)
     VALUES ($1, $2, $3, $4, $5, $6)";

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of this action.
    pub action: Option<String>,
    /// What this member or key did.
    pub actor: Option<String>,
}

/// At most `limit` events of an organisation, newest first, after `cursor`.
pub async fn page(
    tx: &mut Tx,
    organisation: OrganisationId,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let before = cursor.map_or(i64::MAX, Cursor::number);
    match (&filter.action, &filter.actor) {
        (None, None) => {
            const SQL: &str = "SELECT audit_event.* FROM organisation_event
                 JOIN audit_event ON audit_event.chain = organisation_event.chain AND audit_event.seq = organisation_event.seq
                 WHERE organisation_id = $1 AND organisation_event.seq < $2
                 ORDER BY organisation_event.seq DESC LIMIT $3";
            tx.all(SQL, &args![organisation, before, limit], Entry::from_row).await
        }
        (Some(action), None) => {
            const SQL: &str = "SELECT audit_event.* FROM organisation_event
                 JOIN audit_event ON audit_event.chain = organisation_event.chain AND audit_event.seq = organisation_event.seq
                 WHERE organisation_id = $1 AND organisation_event.seq < $2 AND organisation_event.action = $4
                 ORDER BY organisation_event.seq DESC LIMIT $3";
            tx.all(SQL, &args![organisation, before, limit, action.as_str()], Entry::from_row).await
        }
        (None, Some(actor)) => {
            const SQL: &str = "SELECT audit_event.* FROM organisation_event
                 JOIN audit_event ON audit_event.chain = organisation_event.chain AND audit_event.seq = organisation_event.seq
                 WHERE organisation_id = $1 AND organisation_event.seq < $2 AND organisation_event.actor_id = $4
                 ORDER BY organisation_event.seq DESC LIMIT $3";
            tx.all(SQL, &args![organisation, before, limit, actor.as_str()], Entry::from_row).await
        }
        (Some(action), Some(actor)) => {
            const SQL: &str = "SELECT audit_event.* FROM organisation_event
                 JOIN audit_event ON audit_event.chain = organisation_event.chain AND audit_event.seq = organisation_event.seq
                 WHERE organisation_id = $1 AND organisation_event.seq < $2 AND organisation_event.action = $4
                     AND organisation_event.actor_id = $5
                 ORDER BY organisation_event.seq DESC LIMIT $3";
            tx.all(SQL, &args![organisation, before, limit, action.as_str(), actor.as_str()], Entry::from_row).await
        }
    }
}
