//! Walks the chain and names the first entry where it breaks.

use polder_crypto::Verifier;
use polder_db::{Error, Tx, args};
use serde::Serialize;

use crate::chain::{CHAIN, Hash};
use crate::checkpoint::{Checkpoint, Role};
use crate::entry::Entry;

/// Entries read at once.
const PAGE: u32 = 500;

/// What verifying found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Entries that hang together.
    pub entries: u64,
    /// The number before the first entry: 0, or where retention cut.
    pub start: i64,
    /// The number of the last entry that hangs together.
    pub head: i64,
    /// Its hash.
    pub head_hash: String,
    /// Checkpoints that are genuine and fit.
    pub checkpoints: u64,
    /// The number of the last event that a genuine checkpoint covers.
    pub signed_through: i64,
    /// The first thing that is wrong, if anything is.
    pub broken: Option<Broken>,
}

/// Where the log breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The chain.
    pub chain: i64,
    /// The number of the entry, or of the missing one.
    pub seq: i64,
    /// What is wrong there.
    pub why: Why,
}

/// How a log can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The entry's hash is not that of its columns and the entry before: it, or its predecessor, was changed.
    Changed,
    /// An entry of this number is missing.
    Missing,
    /// A column holds what cannot be there.
    Unreadable,
    /// A checkpoint was not signed by the log's key.
    ForgedCheckpoint,
    /// A genuine checkpoint says that another entry stood here.
    Rewritten,
    /// Something of a chain that this program does not write.
    ForeignChain,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.broken.is_none()
    }
}

/// Verifies the whole log. Entries recorded meanwhile may or may not be included.
///
/// # Errors
/// The database's. A broken log is not an error but [`Report::broken`].
pub async fn verify(tx: &mut Tx, verifier: &Verifier) -> Result<Report, Error> {
    verify_against(tx, verifier, &[]).await
}

/// [`verify`], with checkpoints that were kept elsewhere: only they show that the end was cut off together
/// with its checkpoints.
///
/// # Errors
/// As [`verify`].
pub async fn verify_against(tx: &mut Tx, verifier: &Verifier, kept: &[Checkpoint]) -> Result<Report, Error> {
    let mut walk = Walk::new(verifier, kept);
    walk.begin_at_start(tx).await?;
    while walk.report.broken.is_none() && walk.page(tx).await? {}
    walk.finish(tx).await
}

/// How far a verification in steps has come.
#[derive(Clone, Debug)]
pub struct Progress {
    hash: Hash,
    /// What was found so far; all of it once [`Progress::done`].
    pub report: Report,
    /// Whether the end was reached, or the first thing that is wrong.
    pub done: bool,
}

/// One step of [`verify`]: at most so many pages of 500 entries, so that neither a reader nor memory is held for long.
/// Begins at the start of the log where nothing was verified before.
///
/// # Errors
/// As [`verify`].
pub async fn verify_on(
    tx: &mut Tx,
    verifier: &Verifier,
    before: Option<Progress>,
    pages: u32,
) -> Result<Progress, Error> {
    let mut walk = Walk::new(verifier, &[]);
    match before {
        Some(Progress { hash, report, .. }) => (walk.hash, walk.report) = (hash, report),
        None => {
            walk.begin_at_start(tx).await?;
        }
    }
    for _ in 0..pages {
        if walk.report.broken.is_some() || !walk.page(tx).await? {
            return Ok(Progress { hash: walk.hash, report: walk.finish(tx).await?, done: true });
        }
    }
    walk.report.head_hash = walk.hash.to_string();
    Ok(Progress { hash: walk.hash, report: walk.report, done: false })
}

struct Walk<'a> {
    verifier: &'a Verifier,
    kept: &'a [Checkpoint],
    hash: Hash,
    report: Report,
}

impl<'a> Walk<'a> {
    fn new(verifier: &'a Verifier, kept: &'a [Checkpoint]) -> Self {
        let report = Report {
            entries: 0,
            start: 0,
            head: 0,
            head_hash: String::new(),
            checkpoints: 0,
            signed_through: 0,
            broken: None,
        };
        Self { verifier, kept, hash: Hash::START, report }
    }

    /// What only the whole log can say, once its last entry was seen.
    async fn finish(mut self, tx: &mut Tx) -> Result<Report, Error> {
        if self.report.broken.is_none() {
            self.look_beyond(tx).await?;
        }
        if self.report.broken.is_none() {
            self.look_aside(tx).await?;
        }
        self.report.head_hash = self.hash.to_string();
        Ok(self.report)
    }

    fn broken(&mut self, seq: i64, why: Why) {
        self.report.broken.get_or_insert(Broken { chain: CHAIN, seq, why });
    }

    /// Goes to where the chain starts: retention leaves no checkpoint before it, and only the log's key
    /// can say that it is the start. Also whether that is ahead of where the walk is.
    async fn begin_at_start(&mut self, tx: &mut Tx) -> Result<bool, Error> {
        const SQL: &str = "SELECT * FROM audit_checkpoint WHERE chain = $1 ORDER BY seq LIMIT 1";
        let Some(first) = tx.optional(SQL, &args![CHAIN], Checkpoint::from_row).await? else { return Ok(false) };
        let start = first.verified(self.verifier) == Some(Role::Start);
        let Some(hash) = Hash::parse(&first.hash).filter(|_| start && first.seq > self.report.head) else {
            return Ok(false);
        };
        (self.report.start, self.report.head, self.report.signed_through) = (first.seq, first.seq, first.seq);
        (self.report.checkpoints, self.hash) = (1, hash);
        Ok(true)
    }

    /// Walks one page; whether there is more.
    async fn page(&mut self, tx: &mut Tx) -> Result<bool, Error> {
        const EVENTS: &str = "SELECT * FROM audit_event WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        const CHECKPOINTS: &str =
            "SELECT * FROM audit_checkpoint WHERE chain = $1 AND seq > $2 AND seq <= $3 ORDER BY seq";
        // A row that cannot be read must be named, not end the walk: only its number has to be readable.
        let numbered = |row: &polder_db::Row| Ok((row.int("seq")?, Entry::from_row(row).ok()));
        let entries = tx.all(EVENTS, &args![CHAIN, self.report.head, PAGE], numbered).await?;
        // Nothing more, unless retention has just removed it all.
        let Some((last, _)) = entries.last() else { return self.begin_at_start(tx).await };
        let checkpoints = tx.all(CHECKPOINTS, &args![CHAIN, self.report.head, *last], Checkpoint::from_row).await?;
        let kept = self.kept.iter().filter(|kept| kept.chain == CHAIN && kept.seq > self.report.head);
        let mut checkpoints: Vec<Checkpoint> = checkpoints.into_iter().chain(kept.cloned()).collect();
        checkpoints.sort_by_key(|checkpoint| checkpoint.seq);
        let mut checkpoints = checkpoints.into_iter().peekable();
        for (seq, entry) in entries {
            if seq != self.report.head + 1 {
                // Retention may have moved the start while this was walking.
                if self.begin_at_start(tx).await? {
                    return Ok(true);
                }
                self.broken(self.report.head + 1, Why::Missing);
                return Ok(false);
            }
            let Some(entry) = entry else {
                self.broken(seq, Why::Unreadable);
                return Ok(false);
            };
            let hash = entry.hash_after(self.hash);
            let text = hash.to_string();
            if entry.hash != text {
                self.broken(seq, Why::Changed);
                return Ok(false);
            }
            while let Some(checkpoint) = checkpoints.next_if(|checkpoint| checkpoint.seq == seq) {
                if !self.fits(&checkpoint, &text) {
                    return Ok(false);
                }
            }
            self.hash = hash;
            self.report.head = seq;
            self.report.entries += 1;
        }
        Ok(true)
    }

    fn fits(&mut self, checkpoint: &Checkpoint, hash: &str) -> bool {
        if checkpoint.verified(self.verifier).is_none() {
            self.broken(checkpoint.seq, Why::ForgedCheckpoint);
            return false;
        }
        if checkpoint.hash != hash {
            self.broken(checkpoint.seq, Why::Rewritten);
            return false;
        }
        self.report.checkpoints += 1;
        self.report.signed_through = checkpoint.seq;
        true
    }

    /// A checkpoint beyond the last entry says that the end was cut off.
    async fn look_beyond(&mut self, tx: &mut Tx) -> Result<(), Error> {
        const SQL: &str = "SELECT * FROM audit_checkpoint WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT 1";
        let stored = tx.optional(SQL, &args![CHAIN, self.report.head], Checkpoint::from_row).await?;
        let kept = self.kept.iter().find(|kept| kept.chain == CHAIN && kept.seq > self.report.head);
        let Some(beyond) = stored.or(kept.cloned()) else { return Ok(()) };
        if beyond.verified(self.verifier).is_none() {
            self.broken(beyond.seq, Why::ForgedCheckpoint);
            return Ok(());
        }
        // Event and checkpoint may both have come since the last page.
        const EVENT: &str = "SELECT seq FROM audit_event WHERE chain = $1 AND seq = $2";
        let next = self.report.head + 1;
        if tx.optional(EVENT, &args![CHAIN, next], |row| row.int("seq")).await?.is_none() {
            self.broken(next, Why::Missing);
        }
        Ok(())
    }

    /// There is one chain: rows of another are somebody's invention.
    async fn look_aside(&mut self, tx: &mut Tx) -> Result<(), Error> {
        const FOREIGN: [&str; 2] = [
            "SELECT chain, seq FROM audit_event WHERE chain <> $1 ORDER BY chain, seq LIMIT 1",
            "SELECT chain, seq FROM audit_checkpoint WHERE chain <> $1 ORDER BY chain, seq LIMIT 1",
        ];
        for sql in FOREIGN {
            let found = tx.optional(sql, &args![CHAIN], |row| Ok((row.int("chain")?, row.int("seq")?))).await?;
            if let Some((chain, seq)) = found {
                self.report.broken = Some(Broken { chain, seq, why: Why::ForeignChain });
                return Ok(());
            }
        }
        Ok(())
    }
}
