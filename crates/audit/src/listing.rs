//! Looking through the log: newest or oldest first, page by page, by what events are about. Each way of asking is served by an
//! index; what is asked for besides is looked at entry by entry, and no more than so many at once.

use polder_db::{Tx, Value, args};
use polder_kernel::Timestamp;

use crate::chain::CHAIN;
use crate::entry::Entry;

/// Entries read at once where some of them are looked for.
const READ: u32 = 500;
/// The most entries that one page looks at: what it did not get to is for the next.
const MOST_READ: u32 = 5_000;

/// Which events to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that concern this person.
    pub user_id: Option<String>,
    /// Those of this action.
    pub action: Option<String>,
    /// Those that concern this application.
    pub application_id: Option<String>,
    /// Those that this kind of actor did.
    pub actor_kind: Option<String>,
    /// Those from this moment on.
    pub from: Option<Timestamp>,
    /// Those before this moment.
    pub before: Option<Timestamp>,
    /// Whether the oldest come first; the newest do otherwise.
    pub oldest_first: bool,
}

/// Where the next page of a list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    at: Timestamp,
    seq: i64,
}

/// A page of events.
#[derive(Clone, Debug)]
pub struct Found {
    /// The events, in their order.
    pub entries: Vec<Entry>,
    /// Where there is more, or may be.
    pub next: Option<Cursor>,
}

impl Cursor {
    /// After this event.
    pub fn after(entry: &Entry) -> Self {
        Self { at: entry.at, seq: entry.seq }
    }

    /// The number of that event: what comes after it on a list, newest first, has a lower one.
    pub const fn number(self) -> i64 {
        self.seq
    }

    /// The cursor in the form that [`Cursor::parse`] reads.
    pub fn to_text(self) -> String {
        format!("{}-{}", self.at.millis(), self.seq)
    }

    /// A cursor that a caller gave back.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, seq) = text.split_once('-')?;
        let (at, seq): (i64, i64) = (at.parse().ok()?, seq.parse().ok()?);
        (at >= 0 && seq > 0).then_some(Self { at: Timestamp::from_millis(at), seq })
    }
}

/// Events, at most `limit`; further ones come after [`Cursor::after`] the last.
///
/// # Errors
/// The database's.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: u32,
) -> Result<Vec<Entry>, polder_db::Error> {
    search(tx, filter, cursor, limit).await.map(|found| found.entries)
}

/// The same, saying where it goes on. A page may hold fewer than `limit`, even none, and go on all the same: where
/// what is looked for is rare among what the index finds.
///
/// # Errors
/// The database's.
pub async fn search(
    tx: &mut Tx,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: u32,
) -> Result<Found, polder_db::Error> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut entries, mut place, mut looked_at) = (Vec::new(), filter.begin(cursor), 0);
    let at_once = if filter.is_exact() { limit.saturating_add(1) } else { READ };
    while looked_at < MOST_READ {
        let read = filter.read(tx, place, at_once).await?;
        let end = read.len() < usize::try_from(at_once).unwrap_or(usize::MAX);
        for entry in read {
            if !filter.fits(&entry) {
                place = Cursor::after(&entry);
                continue;
            }
            if entries.len() == wanted {
                return Ok(Found { next: Some(place), entries });
            }
            place = Cursor::after(&entry);
            entries.push(entry);
        }
        if end {
            return Ok(Found { entries, next: None });
        }
        looked_at += at_once;
    }
    Ok(Found { entries, next: Some(place) })
}

impl Filter {
    /// Where to begin: at the cursor, or at that end of the span which comes first.
    fn begin(&self, cursor: Option<Cursor>) -> Cursor {
        if self.oldest_first {
            let start = Cursor { at: self.first_moment(), seq: 0 };
            return cursor.filter(|cursor| cursor.at >= start.at).unwrap_or(start);
        }
        let end = Cursor { at: self.last_moment(), seq: i64::MAX };
        cursor.filter(|cursor| cursor.at <= end.at).unwrap_or(end)
    }

    fn first_moment(&self) -> Timestamp {
        self.from.unwrap_or(Timestamp::from_millis(0))
    }

    fn last_moment(&self) -> Timestamp {
        Timestamp::from_millis(self.before.map_or(i64::MAX, |before| before.millis().saturating_sub(1)))
    }

    /// Whether the index alone finds what is asked for.
    fn is_exact(&self) -> bool {
        let asked = [&self.user_id, &self.action, &self.application_id, &self.actor_kind];
        asked.into_iter().flatten().count() <= 1
    }

    fn fits(&self, entry: &Entry) -> bool {
        let is =
            |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| found == Some(wanted));
        is(&self.user_id, entry.user_id.as_deref())
            && is(&self.action, Some(&entry.action))
            && is(&self.application_id, entry.application_id.as_deref())
            && is(&self.actor_kind, Some(&entry.actor_kind))
    }

    /// The statement of the index that leaves the least to look at, and what it is asked about. There is one chain, and
    /// `+chain` keeps databases from thinking that its index is the way to go.
    fn statement(&self) -> (&'static str, Option<&str>) {
        const OF_PERSON: &str = "SELECT * FROM audit_event WHERE user_id = $6 AND +chain = $1 AND at >= $2 AND at <= $3 \
                                 AND (at < $3 OR seq < $4) ORDER BY at DESC, seq DESC LIMIT $5";
        const OF_APPLICATION: &str = "SELECT * FROM audit_event WHERE application_id = $6 AND +chain = $1 AND at >= $2 \
                                      AND at <= $3 AND (at < $3 OR seq < $4) ORDER BY at DESC, seq DESC LIMIT $5";
        const OF_ACTION: &str = "SELECT * FROM audit_event WHERE action = $6 AND +chain = $1 AND at >= $2 AND at <= $3 \
                                 AND (at < $3 OR seq < $4) ORDER BY at DESC, seq DESC LIMIT $5";
        const BY_ACTOR: &str = "SELECT * FROM audit_event WHERE actor_kind = $6 AND +chain = $1 AND at >= $2 \
                                AND at <= $3 AND (at < $3 OR seq < $4) ORDER BY at DESC, seq DESC LIMIT $5";
        const ALL: &str = "SELECT * FROM audit_event WHERE +chain = $1 AND at >= $2 AND at <= $3 \
                           AND (at < $3 OR seq < $4) ORDER BY at DESC, chain DESC, seq DESC LIMIT $5";
        const OLDEST_OF_PERSON: &str = "SELECT * FROM audit_event WHERE user_id = $6 AND +chain = $1 AND at >= $2 \
                                        AND at <= $3 AND (at > $2 OR seq > $4) ORDER BY at, seq LIMIT $5";
        const OLDEST_OF_APPLICATION: &str = "SELECT * FROM audit_event WHERE application_id = $6 AND +chain = $1 \
                                             AND at >= $2 AND at <= $3 AND (at > $2 OR seq > $4) \
                                             ORDER BY at, seq LIMIT $5";
        const OLDEST_OF_ACTION: &str = "SELECT * FROM audit_event WHERE action = $6 AND +chain = $1 AND at >= $2 \
                                        AND at <= $3 AND (at > $2 OR seq > $4) ORDER BY at, seq LIMIT $5";
        const OLDEST_BY_ACTOR: &str = "SELECT * FROM audit_event WHERE actor_kind = $6 AND +chain = $1 AND at >= $2 \
                                       AND at <= $3 AND (at > $2 OR seq > $4) ORDER BY at, seq LIMIT $5";
        const OLDEST: &str = "SELECT * FROM audit_event WHERE +chain = $1 AND at >= $2 AND at <= $3 \
                              AND (at > $2 OR seq > $4) ORDER BY at, chain, seq LIMIT $5";
        let (newest, oldest, about) = if let Some(user) = &self.user_id {
            (OF_PERSON, OLDEST_OF_PERSON, Some(user))
        } else if let Some(application) = &self.application_id {
            (OF_APPLICATION, OLDEST_OF_APPLICATION, Some(application))
        } else if let Some(action) = &self.action {
            (OF_ACTION, OLDEST_OF_ACTION, Some(action))
        } else if let Some(kind) = &self.actor_kind {
            (BY_ACTOR, OLDEST_BY_ACTOR, Some(kind))
        } else {
            (ALL, OLDEST, None)
        };
        (if self.oldest_first { oldest } else { newest }, about.map(String::as_str))
    }

    async fn read(&self, tx: &mut Tx, Cursor { at, seq }: Cursor, limit: u32) -> Result<Vec<Entry>, polder_db::Error> {
        let (sql, about) = self.statement();
        let (from, to) = if self.oldest_first { (at, self.last_moment()) } else { (self.first_moment(), at) };
        let mut args: Vec<Value> = args![CHAIN, from, to, seq, limit].to_vec();
        args.extend(about.map(Value::from));
        tx.all(sql, &args, Entry::from_row).await
    }
}

#[cfg(test)]
mod tests {
    use polder_db::Migration;
    use polder_db::testing::databases;

    use super::*;

    const SCHEMA: [Migration; 2] = [
        Migration { version: 1, name: "first", sql: include_str!("../../../migrations/tenant/0001_first.sql") },
        Migration {
            version: 2,
            name: "asked",
            sql: "CREATE INDEX audit_event_by_application ON audit_event (application_id, at) \
                  WHERE application_id IS NOT NULL; \
                  CREATE INDEX audit_event_by_actor ON audit_event (actor_kind, at)",
        },
    ];

    /// How SQLite goes about a statement.
    async fn plan(tx: &mut Tx, filter: &Filter) -> String {
        let (sql, about) = filter.statement();
        let mut args: Vec<Value> = args![CHAIN, 0_i64, i64::MAX, i64::MAX, 50_i64].to_vec();
        args.extend(about.map(Value::from));
        let steps = tx.all(explained(sql), &args, |row| row.text("detail")).await.unwrap();
        steps.join("; ")
    }

    fn explained(sql: &str) -> &'static str {
        Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str())
    }

    #[tokio::test]
    async fn p12_every_way_of_asking_has_its_index() {
        for database in databases().await.into_iter().filter(|database| database.name == "sqlite") {
            database.db.migrate(&SCHEMA, Timestamp::from_millis(1)).await.unwrap();
            let mut tx = database.db.read().await.unwrap();
            let given = || Some("x".to_owned());
            let ways = [
                (Filter::default(), "audit_event_by_time"),
                (Filter { user_id: given(), ..Filter::default() }, "audit_event_by_user"),
                (Filter { action: given(), ..Filter::default() }, "audit_event_by_action"),
                (Filter { application_id: given(), ..Filter::default() }, "audit_event_by_application"),
                (Filter { actor_kind: given(), ..Filter::default() }, "audit_event_by_actor"),
            ];
            let backwards = ways.clone().map(|(filter, index)| (Filter { oldest_first: true, ..filter }, index));
            for (filter, index) in ways.into_iter().chain(backwards) {
                let plan = plan(&mut tx, &filter).await;
                assert!(plan.contains(&format!("USING INDEX {index}")) && !plan.contains("SCAN"), "{filter:?}: {plan}");
                // Equal moments alone are put in order: never everything that is found.
                assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "{filter:?}: {plan}");
            }
        }
    }
}
