//! An event as it stands in the log.

use polder_crypto::{Keyring, PersonKey, SealError};
use polder_db::{Row, Value, args};
use polder_kernel::Timestamp;

use crate::Error;
use crate::chain::{Canonical, Hash};
use crate::details::{self, Opened};

/// A row of `audit_event`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which writer's chain.
    pub chain: i64,
    /// Its number in the chain, from 1 without gaps.
    pub seq: i64,
    /// When it was committed.
    pub at: Timestamp,
    /// What happened.
    pub action: String,
    /// What kind of actor did it.
    pub actor_kind: String,
    /// Which one.
    pub actor_id: String,
    /// The person it concerns.
    pub user_id: Option<String>,
    /// The application it concerns.
    pub application_id: Option<String>,
    /// The session it happened in.
    pub session_id: Option<String>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// The details, sealed.
    pub details_sealed: Option<String>,
    /// The hash of all this and of the event before, as stored.
    pub hash: String,
}

impl Entry {
    /// The entry in a row of `SELECT * FROM audit_event`.
    ///
    /// # Errors
    /// When a column is missing or does not hold what it should.
    pub fn from_row(row: &Row) -> Result<Self, polder_db::Error> {
        Ok(Self {
            chain: row.int("chain")?,
            seq: row.int("seq")?,
            at: row.time("at")?,
            action: row.text("action")?,
            actor_kind: row.text("actor_kind")?,
            actor_id: row.text("actor_id")?,
            user_id: row.opt_text("user_id")?,
            application_id: row.opt_text("application_id")?,
            session_id: row.opt_text("session_id")?,
            request_id: row.opt_text("request_id")?,
            details_sealed: row.opt_text("details_sealed")?,
            hash: row.text("hash")?,
        })
    }

    /// What its hash must be, when `previous` is the hash of the event before.
    pub(crate) fn hash_after(&self, previous: Hash) -> Hash {
        let mut hash = Canonical::after(previous);
        hash.number(self.chain);
        hash.number(self.seq);
        hash.number(self.at.millis());
        hash.text(Some(&self.action));
        hash.text(Some(&self.actor_kind));
        hash.text(Some(&self.actor_id));
        hash.text(self.user_id.as_deref());
        hash.text(self.application_id.as_deref());
        hash.text(self.session_id.as_deref());
        hash.text(self.request_id.as_deref());
        hash.text(self.details_sealed.as_deref());
        hash.finish()
    }

    /// The columns, in the order of the table.
    pub(crate) fn into_values(self) -> [Value; 12] {
        args![
            self.chain,
            self.seq,
            self.at,
            self.action,
            self.actor_kind,
            self.actor_id,
            self.user_id,
            self.application_id,
            self.session_id,
            self.request_id,
            self.details_sealed,
            self.hash,
        ]
    }

    /// The details in the open. `person` is the key of [`Entry::user_id`]; without it, what was sealed
    /// for a person reads as if there was nothing.
    ///
    /// # Errors
    /// [`Error::Seal`] when they do not open, [`Error::Details`] when they are not JSON.
    pub fn details(&self, keyring: &Keyring, person: Option<&PersonKey>) -> Result<Option<serde_json::Value>, Error> {
        let Some(opened) = self.opened(keyring, person)? else { return Ok(None) };
        let details = serde_json::from_str(&opened.json);
        details.map(Some).map_err(|_| Error::Details { chain: self.chain, seq: self.seq })
    }

    /// The same, byte for byte as they were sealed.
    pub(crate) fn opened(&self, keyring: &Keyring, person: Option<&PersonKey>) -> Result<Option<Opened>, SealError> {
        let Some(stored) = &self.details_sealed else { return Ok(None) };
        details::open(keyring, person, &details_context(self.chain, self.seq), stored)
    }
}

/// Binds sealed details to their row.
pub(crate) fn details_context(chain: i64, seq: i64) -> String {
    format!("audit_event.details_sealed:{chain}:{seq}")
}
