//! Verifying a file line by line, in as much memory as one line takes.

use polder_crypto::Verifier;

use super::found::{Break, Found, Unlike, Why};
use super::kept::{Kept, Said, is_named};
use super::{FORMAT, Head, Line, Link};
use crate::chain::{CHAIN, Hash};
use crate::checkpoint::{Checkpoint, CheckpointKey, Role};
use crate::details;

/// A verification under way.
#[derive(Debug)]
pub struct Check {
    kept: Kept,
    state: State,
    hash: Hash,
    said: Option<Said>,
    line: u64,
    found: Found,
}

#[derive(Clone, Debug)]
enum State {
    Begins,
    Events(Verifier),
    Over,
}

impl Check {
    /// With what was kept of the log elsewhere.
    pub fn new(kept: Kept) -> Self {
        Self { kept, state: State::Begins, hash: Hash::START, said: None, line: 0, found: Found::default() }
    }

    /// Takes the next line, without its end. Once something is wrong, what follows is not looked at.
    ///
    /// # Errors
    /// [`Unlike`] when the first line is not that of such a file.
    pub fn line(&mut self, text: &str) -> Result<(), Unlike> {
        if self.is_broken() {
            return Ok(());
        }
        self.line += 1;
        let line = serde_json::from_str(text);
        if self.line == 1 && !matches!(line, Ok(Line::Log(_))) && !is_ours(text) {
            return Err(if is_list(text) { Unlike::List } else { Unlike::Strange });
        }
        let Ok(line) = line else {
            self.broken(None, Why::Unreadable);
            return Ok(());
        };
        let taken = match (self.state.clone(), line) {
            (State::Begins, Line::Log(head)) => self.head(head),
            (State::Events(_), Line::Event(link)) => self.event(*link),
            (State::Events(verifier), Line::Checkpoint(checkpoint)) => self.last(&checkpoint, &verifier),
            (State::Begins, _) => Err((None, Why::Missing)),
            (_, Line::Event(link)) => Err((Some(link.seq), Why::Misplaced)),
            (_, Line::Checkpoint(checkpoint)) => Err((Some(checkpoint.seq), Why::Misplaced)),
            (_, Line::Log(_)) => Err((None, Why::Misplaced)),
        };
        match taken {
            Ok(()) => self.found.lines += 1,
            Err((seq, why)) => self.broken(seq, why),
        }
        Ok(())
    }

    /// Whether something is wrong already.
    pub const fn is_broken(&self) -> bool {
        self.found.broken.is_some()
    }

    /// What was found, once the last line was taken.
    ///
    /// # Errors
    /// [`Unlike`] when there was none.
    pub fn finish(mut self) -> Result<Found, Unlike> {
        if self.line == 0 {
            return Err(Unlike::Strange);
        }
        if !self.is_broken() {
            self.line += 1;
            let head = self.found.head;
            if !matches!(self.state, State::Over) {
                self.broken(Some(head + 1), Why::Cut);
            } else if self.said.is_some_and(|said| said.seq > head) {
                self.broken(Some(head + 1), Why::EndsEarly);
            }
        }
        self.found.intact = !self.is_broken();
        self.found.head_hash = self.hash.to_string();
        Ok(self.found)
    }

    fn broken(&mut self, seq: Option<i64>, why: Why) {
        self.found.broken.get_or_insert(Break { line: self.line, seq, why });
    }

    fn head(&mut self, head: Head) -> Taken {
        if head.format != FORMAT || !is_named(&head.key) {
            return Err((None, Why::Unreadable));
        }
        self.found.key = Some(head.key.kid.clone());
        self.found.key_given = self.kept.key.is_some();
        if self.kept.key.as_ref().is_some_and(|key| *key != head.key) {
            return Err((None, Why::OtherKey));
        }
        if let Some(signature) = &self.kept.signature {
            self.said = Some(Said::by(signature, &head.key).ok_or((None, Why::OtherLog))?);
        }
        let verifier = CheckpointKey::verifier_with(&head.key);
        if let Some(start) = head.start {
            let is_start = start.chain == CHAIN && start.verified(&verifier) == Some(Role::Start);
            let hash = Hash::parse(&start.hash).filter(|_| is_start).ok_or((None, Why::ForgedCheckpoint))?;
            (self.found.start, self.found.head, self.hash) = (start.seq, start.seq, hash);
            self.fits()?;
        }
        self.state = State::Events(verifier);
        Ok(())
    }

    fn event(&mut self, link: Link) -> Taken {
        let expected = self.found.head + 1;
        if link.seq > expected {
            return Err((Some(expected), Why::Missing));
        }
        let wrong = |why| Err((Some(link.seq), why));
        if link.seq < expected {
            return wrong(Why::Misplaced);
        }
        if link.previous != self.hash.to_string() {
            return wrong(Why::Detached);
        }
        let (entry, open, salt) = link.into_parts();
        let hash = entry.hash_after(self.hash);
        if entry.chain != CHAIN || entry.hash != hash.to_string() {
            return Err((Some(expected), Why::Changed));
        }
        match (entry.details_sealed, open) {
            (None, None) if salt.is_none() => {}
            (Some(_), None) if salt.is_none() => self.found.details.sealed += 1,
            (Some(stored), Some(json)) => match details::are_those(&stored, salt.as_deref(), &json) {
                Some(true) => self.found.details.verified += 1,
                None if salt.is_none() => self.found.details.unproved += 1,
                _ => return Err((Some(expected), Why::DetailsChanged)),
            },
            _ => return Err((Some(expected), Why::DetailsChanged)),
        }
        self.hash = hash;
        self.found.head = expected;
        self.found.events += 1;
        self.found.first_at.get_or_insert(entry.at);
        self.found.last_at = Some(entry.at);
        self.fits()
    }

    /// Whether the checkpoint that was kept agrees, where it is about the event that was just taken.
    fn fits(&mut self) -> Taken {
        let Some(said) = self.said.filter(|said| said.seq == self.found.head) else { return Ok(()) };
        if said.hash != self.hash {
            return Err((Some(said.seq), Why::Rewritten));
        }
        self.found.kept_through = Some(said.seq);
        Ok(())
    }

    fn last(&mut self, checkpoint: &Checkpoint, verifier: &Verifier) -> Taken {
        let head = self.found.head;
        if checkpoint.seq > head {
            return Err((Some(head + 1), Why::Missing));
        }
        if checkpoint.verified(verifier).is_none() || checkpoint.chain != CHAIN {
            return Err((Some(checkpoint.seq), Why::ForgedCheckpoint));
        }
        if checkpoint.seq < head {
            return Err((Some(checkpoint.seq), Why::Misplaced));
        }
        if checkpoint.hash != self.hash.to_string() {
            return Err((Some(checkpoint.seq), Why::Rewritten));
        }
        self.found.signed_through = Some(checkpoint.seq);
        self.found.signed_at = Some(checkpoint.at);
        self.state = State::Over;
        Ok(())
    }
}

/// Fine, or what is wrong, and with which event.
type Taken = Result<(), (Option<i64>, Why)>;

/// Whether a first line is meant to be that of such a file, though it cannot be read.
fn is_ours(text: &str) -> bool {
    text.starts_with(r#"{"log""#) || text.starts_with(r#"{"event""#) || text.starts_with(r#"{"checkpoint""#)
}

/// Whether it is that of a list of events, as CSV or NDJSON.
fn is_list(text: &str) -> bool {
    let object = serde_json::from_str::<serde_json::Value>(text);
    let of_list = |object: serde_json::Value| ["id", "action", "hash"].iter().all(|name| object.get(name).is_some());
    text.trim_start_matches('\u{feff}').starts_with("id,at,action,") || object.is_ok_and(of_list)
}
