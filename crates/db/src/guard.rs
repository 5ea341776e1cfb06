//! The audit log is insert-only, whatever the program above does (F17, G16).
//!
//! Events are never changed. They go only from the front, only up to the first checkpoint, which is
//! signed as the start of the chain before anything is removed, and only when they are old enough.
//! On PostgreSQL the runtime role may insert and read; the two functions here, which run with the
//! owner's rights, are its only way to remove. SQLite knows no roles: there triggers refuse what no
//! program of ours does, and whoever holds the file can be found out by the chain alone.

use std::time::Duration;

use polder_kernel::Timestamp;

use crate::{Db, Error, Tx, args};

/// How the audit log of a database is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditGuard {
    /// No event younger than this is ever removed, by the clock of the database. `None` where time is
    /// moved by hand.
    pub keep_at_least: Option<Duration>,
}

/// The two functions, with what decides a removal in `{too_young}`.
const FUNCTIONS: [&str; 2] = [
    "CREATE OR REPLACE FUNCTION audit_prune(of_chain BIGINT, through BIGINT, before BIGINT, most BIGINT)
RETURNS BIGINT LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE removed BIGINT;
BEGIN
    IF through IS DISTINCT FROM (SELECT MIN(seq) FROM audit_checkpoint WHERE chain = of_chain) THEN
        RAISE EXCEPTION 'only events before the first checkpoint can go' USING ERRCODE = '42501';
    END IF;
    IF {before_too_late} THEN
        RAISE EXCEPTION 'these events are too young to go' USING ERRCODE = '42501';
    END IF;
    DELETE FROM audit_event WHERE chain = of_chain AND seq IN (
        SELECT seq FROM audit_event WHERE chain = of_chain AND seq <= through AND at < before ORDER BY seq LIMIT most);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END $body$",
    "CREATE OR REPLACE FUNCTION audit_start(of_chain BIGINT, start BIGINT, signed TEXT)
RETURNS BIGINT LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE changed BIGINT;
BEGIN
    UPDATE audit_checkpoint SET signature = signed WHERE chain = of_chain AND seq = start AND NOT ({at_too_late});
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> 1 THEN
        RAISE EXCEPTION 'the chain cannot start there' USING ERRCODE = '42501';
    END IF;
    DELETE FROM audit_checkpoint WHERE chain = of_chain AND seq < start;
    RETURN changed;
END $body$",
];

/// Name and body of each trigger.
const TRIGGERS: [(&str, &str); 4] = [
    ("event_update", "BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'the audit log is insert-only'); END"),
    (
        "event_delete",
        "BEFORE DELETE ON audit_event
        WHEN OLD.seq > COALESCE((SELECT MIN(seq) FROM audit_checkpoint WHERE chain = OLD.chain), 0) OR {old_too_young}
        BEGIN SELECT RAISE(ABORT, 'the audit log is insert-only'); END",
    ),
    (
        "checkpoint_update",
        "BEFORE UPDATE ON audit_checkpoint
        WHEN NEW.chain IS NOT OLD.chain OR NEW.seq IS NOT OLD.seq OR NEW.at IS NOT OLD.at OR NEW.hash IS NOT OLD.hash
        BEGIN SELECT RAISE(ABORT, 'the audit log is insert-only'); END",
    ),
    (
        "checkpoint_delete",
        "BEFORE DELETE ON audit_checkpoint
        WHEN {old_too_young}
            OR NOT EXISTS (SELECT 1 FROM audit_checkpoint WHERE chain = OLD.chain AND seq > OLD.seq)
        BEGIN SELECT RAISE(ABORT, 'the audit log is insert-only'); END",
    ),
];

/// Changed with the texts above, so that a database gets the new ones.
const VERSION: u32 = 1;

impl AuditGuard {
    /// Names these texts with this setting.
    pub(crate) fn mark(self) -> String {
        format!("{VERSION}_{}", self.keep_at_least.map_or(0, |keep| keep.as_secs()))
    }

    fn functions(self) -> [String; 2] {
        FUNCTIONS.map(|text| {
            let limit = self.keep_at_least.map(|keep| {
                format!("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - {}", keep.as_millis())
            });
            let than =
                |what: &str| limit.as_ref().map_or_else(|| "FALSE".to_owned(), |limit| format!("{what} > {limit}"));
            text.replace("{before_too_late}", &than("before")).replace("{at_too_late}", &than("at"))
        })
    }

    fn triggers(self) -> [(String, String); 4] {
        TRIGGERS.map(|(name, body)| {
            let too_young = self.keep_at_least.map_or_else(
                || "FALSE".to_owned(),
                |keep| format!("OLD.at > CAST(unixepoch('subsec') * 1000 AS INTEGER) - {}", keep.as_millis()),
            );
            (format!("audit_guard_{name}_{}", self.mark()), body.replace("{old_too_young}", &too_young))
        })
    }
}

impl Db {
    /// Guards the audit log from now on; does nothing where it is guarded just so. A role that may not
    /// change the schema can only find out that it is.
    ///
    /// # Errors
    /// [`Error::Migration`] when the guard is missing and this role may not put it there.
    pub async fn guard_audit(&self, guard: AuditGuard) -> Result<(), Error> {
        let mut tx = self.read().await?;
        let (guarded, may_change) = (is_guarded(&mut tx, guard).await?, tx.may_change_schema().await?);
        drop(tx);
        if guarded {
            return Ok(());
        }
        if !may_change {
            return Err(Error::Migration(format!("of the audit log's guard {}", crate::migrate::NOT_ALLOWED)));
        }
        self.write(move |tx| Box::pin(async move { put_up(tx, guard).await })).await
    }
}

impl Tx {
    /// Removes at most `most` events up to `through` that are older than `before`; how many went.
    /// `through` must be the first checkpoint of the chain.
    ///
    /// # Errors
    /// The database refuses to remove anything else.
    pub async fn prune_audit(
        &mut self,
        chain: i64,
        (through, before): (i64, Timestamp),
        most: u32,
    ) -> Result<u64, Error> {
        let args = args![chain, through, before, most];
        if self.is_sqlite() {
            const SQL: &str = "DELETE FROM audit_event WHERE chain = $1 AND seq IN (SELECT seq FROM audit_event \
                               WHERE chain = $1 AND seq <= $2 AND at < $3 ORDER BY seq LIMIT $4)";
            return self.execute(SQL, &args).await;
        }
        const CALL: &str = "SELECT audit_prune($1, $2, $3, $4) AS removed";
        let removed = self.optional(CALL, &args, |row| row.int("removed")).await?;
        Ok(removed.and_then(|removed| u64::try_from(removed).ok()).unwrap_or(0))
    }

    /// Makes the checkpoint `start` the first of its chain, with a signature that says so.
    ///
    /// # Errors
    /// The database refuses a checkpoint that is not there, or too young.
    pub async fn start_audit_at(&mut self, chain: i64, start: i64, signature: &str) -> Result<(), Error> {
        if self.is_sqlite() {
            const SIGN: &str = "UPDATE audit_checkpoint SET signature = $3 WHERE chain = $1 AND seq = $2";
            const CLEAR: &str = "DELETE FROM audit_checkpoint WHERE chain = $1 AND seq < $2";
            self.execute(SIGN, &args![chain, start, signature]).await?;
            return self.execute(CLEAR, &args![chain, start]).await.map(drop);
        }
        const CALL: &str = "SELECT audit_start($1, $2, $3) AS changed";
        self.optional(CALL, &args![chain, start, signature], |row| row.int("changed")).await.map(drop)
    }
}

async fn is_guarded(tx: &mut Tx, guard: AuditGuard) -> Result<bool, Error> {
    if tx.is_sqlite() {
        let mut there = triggers_there(tx).await?;
        let mut wanted: Vec<String> = guard.triggers().into_iter().map(|(name, _)| name).collect();
        there.sort_unstable();
        wanted.sort_unstable();
        return Ok(there == wanted);
    }
    const SQL: &str = "SELECT obj_description(to_regprocedure('audit_start(bigint, bigint, text)'), 'pg_proc') AS mark";
    let mark = tx.optional(SQL, &[], |row| row.opt_text("mark")).await?.flatten();
    Ok(mark.is_some_and(|mark| mark == guard.mark()))
}

async fn triggers_there(tx: &mut Tx) -> Result<Vec<String>, Error> {
    const SQL: &str = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB 'audit_guard_*'";
    tx.all(SQL, &[], |row| row.text("name")).await
}

async fn put_up(tx: &mut Tx, guard: AuditGuard) -> Result<(), Error> {
    if tx.is_sqlite() {
        take_down(tx).await?;
        for (name, body) in guard.triggers() {
            tx.execute_composed(format!("CREATE TRIGGER {name} {body}"), &[]).await?;
        }
        return Ok(());
    }
    for function in guard.functions() {
        tx.execute_composed(function, &[]).await?;
    }
    // Functions may be called by everybody unless that is taken back. The mark comes with the last one.
    tx.script(
        "REVOKE ALL ON FUNCTION audit_prune(bigint, bigint, bigint, bigint) FROM PUBLIC;
        REVOKE ALL ON FUNCTION audit_start(bigint, bigint, text) FROM PUBLIC",
    )
    .await?;
    let mark = format!("COMMENT ON FUNCTION audit_start(bigint, bigint, text) IS '{}'", guard.mark());
    tx.execute_composed(mark, &[]).await.map(drop)
}

/// Takes the triggers down, as whoever holds the file can.
pub(crate) async fn take_down(tx: &mut Tx) -> Result<(), Error> {
    for name in triggers_there(tx).await? {
        tx.execute_composed(format!("DROP TRIGGER {name}"), &[]).await?;
    }
    Ok(())
}
