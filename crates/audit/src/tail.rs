//! Numbers, seals and chains events at the moment of commit, when their order is certain.

use std::any::Any;
use std::sync::Arc;

use polder_crypto::{Keyring, SigningKey};
use polder_db::{Db, Tail, Value, args};
use polder_kernel::{Clock, Timestamp};

use crate::chain::{CHAIN, Hash};
use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, details_context};
use crate::event::Event;
use crate::{Error, checkpoint, details};

/// Writes the audit log at the end of every commit. It alone knows the head of the chain: nothing is
/// read back while it works, so what somebody changes in the database is never built upon unseen.
pub struct AuditTail {
    keyring: Keyring,
    clock: Clock,
    head: Head,
    /// The head after the commit that is under way.
    next: Option<Head>,
    /// Adds `$1` within whom, `$2` chain, `$3` number, `$4` moment, `$5` action, `$6` actor to an index.
    index: Option<&'static str>,
}

/// The end of the chain.
#[derive(Clone, Copy)]
struct Head {
    seq: i64,
    hash: Hash,
    /// The number of the last event that a checkpoint covers.
    signed: i64,
}

/// Asks for a checkpoint at the head, as of the end of this commit.
pub(crate) struct SignHead(pub(crate) Arc<SigningKey>);

/// Rows of one `INSERT`: few sizes, so that few statements are kept prepared.
const SIZES: [usize; 4] = [64, 16, 4, 1];

impl AuditTail {
    /// The tail of this database, to be given to [`Db::set_tail`] before the first event is recorded.
    ///
    /// # Errors
    /// The database's; a stored hash that cannot be is named by its column.
    pub async fn open(db: &Db, keyring: &Keyring, clock: Clock) -> Result<Box<dyn Tail>, Error> {
        Self::open_indexed(db, keyring, clock, None).await
    }

    /// The same, which runs `index` for every event that is within somebody's log ([`Event::within`]), with the id,
    /// the chain, the number, the moment, the action and the actor's id as arguments.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_indexed(
        db: &Db,
        keyring: &Keyring,
        clock: Clock,
        index: Option<&'static str>,
    ) -> Result<Box<dyn Tail>, Error> {
        const LAST: &str = "SELECT seq, hash FROM audit_event WHERE chain = $1 ORDER BY seq DESC LIMIT 1";
        let mut tx = db.read().await?;
        let last = tx.optional(LAST, &args![CHAIN], |row| Ok((row.int("seq")?, hash_in(row)?))).await?;
        let signed = checkpoint::latest(&mut tx).await?;
        let mut head = Head { seq: 0, hash: Hash::START, signed: signed.as_ref().map_or(0, |c| c.seq) };
        // Everything may have been pruned up to the last checkpoint. Were it cut off instead, going on
        // after the checkpoint leaves the gap to be seen.
        let of_checkpoint = signed.and_then(|c| Hash::parse(&c.hash).map(|hash| (c.seq, hash)));
        for (seq, hash) in [last, of_checkpoint].into_iter().flatten() {
            if seq > head.seq {
                head = Head { seq, hash, ..head };
            }
        }
        Ok(Box::new(Self { keyring: keyring.clone(), clock, head, next: None, index }))
    }

    fn seal_details(&self, event: &Event, seq: i64) -> Option<String> {
        let details = event.details.as_ref()?.to_string();
        Some(details::seal(&self.keyring, event.sealed_for.as_ref(), &details_context(CHAIN, seq), &details))
    }

    /// The event as the entry after `head`, which moves on to it.
    fn chain(&self, event: Event, at: Timestamp, head: &mut Head) -> Entry {
        let seq = head.seq + 1;
        let mut entry = Entry {
            chain: CHAIN,
            seq,
            at,
            details_sealed: self.seal_details(&event, seq),
            action: event.action.to_owned(),
            actor_kind: event.actor.kind.to_owned(),
            actor_id: event.actor.id,
            user_id: event.user_id,
            application_id: event.application_id,
            session_id: event.session_id,
            request_id: event.request_id,
            hash: String::new(),
        };
        *head = Head { seq, hash: entry.hash_after(head.hash), ..*head };
        entry.hash = head.hash.to_string();
        entry
    }
}

impl Tail for AuditTail {
    fn before_commit(
        &mut self,
        entries: Vec<Box<dyn Any + Send>>,
    ) -> Result<Vec<(String, Vec<Value>)>, polder_db::Error> {
        let now = self.clock.now();
        let mut head = self.head;
        let mut chained = Vec::with_capacity(entries.len());
        let mut signer = None;
        let mut indexed = Vec::new();
        for entry in entries {
            match entry.downcast::<Event>() {
                Ok(mut event) => {
                    let within = event.within.take();
                    let entry = self.chain(*event, now, &mut head);
                    if let (Some(within), Some(index)) = (within, self.index) {
                        let (action, actor) = (entry.action.clone(), entry.actor_id.clone());
                        let of_index = args![within, entry.chain, entry.seq, entry.at, action, actor];
                        indexed.push((index.to_owned(), of_index.to_vec()));
                    }
                    chained.push(entry);
                }
                Err(other) => match other.downcast::<SignHead>() {
                    Ok(request) => signer = Some(request.0),
                    Err(_) => return Err(polder_db::Error::Other("an entry that no audit log understands".to_owned())),
                },
            }
        }
        let mut statements = insert(chained);
        statements.extend(indexed);
        if let Some(key) = signer.filter(|_| head.seq > head.signed) {
            let signed = Checkpoint::sign(&key, CHAIN, head.seq, now, &head.hash.to_string());
            let signed = signed.map_err(|error| polder_db::Error::Other(error.to_string()))?;
            statements.push(signed.into_insert());
            head.signed = head.seq;
        }
        self.next = Some(head);
        Ok(statements)
    }

    fn committed(&mut self) {
        if let Some(head) = self.next.take() {
            self.head = head;
        }
    }

    fn rolled_back(&mut self) {
        self.next = None;
    }
}

fn hash_in(row: &polder_db::Row) -> Result<Hash, polder_db::Error> {
    Hash::parse(&row.text("hash")?)
        .ok_or(polder_db::Error::Column { column: "hash".to_owned(), problem: "holds no hash" })
}

fn insert(entries: Vec<Entry>) -> Vec<(String, Vec<Value>)> {
    let mut statements = Vec::new();
    let mut left = entries.len();
    let mut entries = entries.into_iter();
    for size in SIZES {
        while left >= size {
            statements.push((insert_text(size), entries.by_ref().take(size).flat_map(Entry::into_values).collect()));
            left -= size;
        }
    }
    statements
}

fn insert_text(rows: usize) -> String {
    use std::fmt::Write as _;
    let mut sql = String::from(
        "INSERT INTO audit_event (chain, seq, at, action, actor_kind, actor_id, user_id, application_id, session_id, \
         request_id, details_sealed, hash) VALUES ",
    );
    for row in 0..rows {
        for column in 1..=12 {
            let before = if column > 1 {
                ","
            } else if row > 0 {
                "),("
            } else {
                "("
            };
            // Writing to a string does not fail.
            let _ = write!(sql, "{before}${}", row * 12 + column);
        }
    }
    sql.push(')');
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserts_hold_every_event_once_in_few_sizes() {
        assert!(insert_text(1).ends_with("VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)"));
        assert!(insert_text(2).ends_with(",$12),($13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24)"));
        let entry = |seq| Entry {
            chain: 0,
            seq,
            at: Timestamp::from_millis(1),
            action: "a.b".into(),
            actor_kind: "system".into(),
            actor_id: String::new(),
            user_id: None,
            application_id: None,
            session_id: None,
            request_id: None,
            details_sealed: None,
            hash: String::new(),
        };
        let statements = insert((1..=87).map(entry).collect());
        assert_eq!(statements.iter().map(|(_, args)| args.len() / 12).collect::<Vec<_>>(), [64, 16, 4, 1, 1, 1]);
        let seqs: Vec<_> = statements.iter().flat_map(|(_, args)| args.iter().skip(1).step_by(12).cloned()).collect();
        assert_eq!(seqs, (1..=87).map(Value::Int).collect::<Vec<_>>());
    }
}
