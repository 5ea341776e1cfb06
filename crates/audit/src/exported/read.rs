//! Reading the log as the lines of a file, part by part.

use polder_crypto::{Keyring, PersonKey};
use polder_db::{Tx, args};

use super::{FORMAT, Head, Line, Link};
use crate::chain::{CHAIN, Hash};
use crate::checkpoint::{Checkpoint, CheckpointKey, Role};
use crate::entry::Entry;

/// How far the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The last event that was read.
    after: i64,
    /// The event whose checkpoint ends the file.
    through: i64,
}

impl Place {
    /// The place in the form that [`Place::parse`] reads.
    pub fn to_text(self) -> String {
        format!("{}-{}", self.after, self.through)
    }

    /// A place that a caller gave back.
    pub fn parse(text: &str) -> Option<Self> {
        let (after, through) = text.split_once('-')?;
        let (after, through): (i64, i64) = (after.parse().ok()?, through.parse().ok()?);
        (0 <= after && after <= through).then_some(Self { after, through })
    }
}

/// A part of the file: its events, and what stands around them.
#[derive(Clone, Debug)]
pub struct Part {
    /// The events, oldest first.
    pub entries: Vec<Entry>,
    /// Where it goes on.
    pub next: Option<Place>,
    head: Option<Head>,
    previous: String,
    last: Option<Checkpoint>,
}

/// At most `limit` events from a place on; without one the file begins, to end with the checkpoint `through`. A log is
/// handed out as it is, broken or not.
///
/// # Errors
/// The database's.
pub async fn read(
    tx: &mut Tx,
    key: &CheckpointKey,
    from: Result<Place, &Checkpoint>,
    limit: u32,
) -> Result<Part, polder_db::Error> {
    const EVENTS: &str = "SELECT * FROM audit_event WHERE chain = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4";
    const LAST: &str = "SELECT * FROM audit_checkpoint WHERE chain = $1 AND seq = $2";
    let start = start(tx, key).await?;
    let (place, head) = match from {
        Ok(place) => (place, None),
        Err(through) => {
            let after = start.as_ref().map_or(0, |start| start.seq);
            let head = Head { format: FORMAT.to_owned(), key: key.public_jwk().clone(), start: start.clone() };
            (Place { after, through: through.seq }, Some(head))
        }
    };
    let previous = previous(tx, place, start.as_ref()).await?;
    let entries = tx.all(EVENTS, &args![CHAIN, place.after, place.through, limit], Entry::from_row).await?;
    let goes_on = entries.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = entries.last().filter(|last| goes_on && last.seq < place.through);
    let next = next.map(|last| Place { after: last.seq, ..place });
    let last = match next {
        Some(_) => None,
        None => tx.optional(LAST, &args![CHAIN, place.through], Checkpoint::from_row).await?,
    };
    Ok(Part { entries, next, head, previous, last })
}

impl Part {
    /// The lines. `persons` are the keys of the persons that the details of each event are sealed for; what does not
    /// open stays sealed.
    pub fn into_lines(self, keyring: &Keyring, persons: Vec<Option<PersonKey>>) -> Vec<Line> {
        let mut lines: Vec<Line> = self.head.map(Line::Log).into_iter().collect();
        let mut previous = self.previous;
        for (entry, person) in self.entries.into_iter().zip(persons) {
            let hash = entry.hash.clone();
            lines.push(Line::Event(Box::new(link(entry, keyring, person.as_ref(), previous))));
            previous = hash;
        }
        lines.extend(self.last.map(Line::Checkpoint));
        lines
    }
}

/// The checkpoint after which the chain starts.
async fn start(tx: &mut Tx, key: &CheckpointKey) -> Result<Option<Checkpoint>, polder_db::Error> {
    const FIRST: &str = "SELECT * FROM audit_checkpoint WHERE chain = $1 ORDER BY seq LIMIT 1";
    let first = tx.optional(FIRST, &args![CHAIN], Checkpoint::from_row).await?;
    Ok(first.filter(|first| first.verified(key.verifier()) == Some(Role::Start)))
}

/// The hash of the last event that was read, as stored.
async fn previous(tx: &mut Tx, place: Place, start: Option<&Checkpoint>) -> Result<String, polder_db::Error> {
    if place.after == 0 {
        return Ok(Hash::START.to_string());
    }
    if let Some(start) = start.filter(|start| start.seq == place.after) {
        return Ok(start.hash.clone());
    }
    const ONE: &str = "SELECT hash FROM audit_event WHERE chain = $1 AND seq = $2";
    // Gone meanwhile, it leaves a gap that verifying names.
    let hash = tx.optional(ONE, &args![CHAIN, place.after], |row| row.text("hash")).await?;
    Ok(hash.unwrap_or_default())
}

fn link(entry: Entry, keyring: &Keyring, person: Option<&PersonKey>, previous: String) -> Link {
    let opened = entry.opened(keyring, person).ok().flatten();
    let (details, details_salt) = opened.map_or((None, None), |opened| (Some(opened.json), opened.salt));
    Link {
        chain: entry.chain,
        seq: entry.seq,
        at: entry.at,
        action: entry.action,
        actor_kind: entry.actor_kind,
        actor_id: entry.actor_id,
        user_id: entry.user_id,
        application_id: entry.application_id,
        session_id: entry.session_id,
        request_id: entry.request_id,
        details_sealed: entry.details_sealed,
        details,
        details_salt,
        previous,
        hash: entry.hash,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_as_they_went() {
        let place = Place { after: 200, through: 4711 };
        assert_eq!(Place::parse(&place.to_text()), Some(place));
        for wrong in ["", "1", "-", "2-1", "-1-5", "a-b", "1-2-3", "99999999999999999999-1"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
