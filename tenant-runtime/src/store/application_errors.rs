//! What applications were refused: `application_error`.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{ApplicationId, RefusedAt};

/// Rows that stay of each application.
const MOST: i64 = 50;
/// Of them, rows that name what was sent, which strangers can vary as they like.
const MOST_SENT: i64 = 15;

/// A refusal that happened so many times.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Names what is counted together.
    pub key: String,
    /// Whose request it was.
    pub application_id: ApplicationId,
    /// Where it was refused.
    pub at: RefusedAt,
    /// The protocol's code.
    pub code: &'static str,
    /// What was wrong, in our words.
    pub reason: String,
    /// What was sent, where that may be kept.
    pub sent: Option<String>,
    /// How often.
    pub times: i64,
    /// When first.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Where it was refused.
    pub at: RefusedAt,
    /// The protocol's code.
    pub code: String,
    /// What was wrong, in our words.
    pub reason: String,
    /// What was sent, where that may be kept.
    pub sent: Option<String>,
    /// How often.
    pub times: i64,
    /// When first.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
}

/// Adds what was counted, and removes what is too much of each application. Applications that are no more are passed over.
pub async fn add(tx: &mut Tx, rows: &[Counted]) -> Result<(), Error> {
    for row in rows {
        tx.execute(
            "INSERT INTO application_error (error_key, application_id, endpoint, code, reason, sent, times, first_at, \
                 last_at) SELECT CAST($1 AS TEXT), id, CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), \
                 CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT) FROM application WHERE id = $2 \
             ON CONFLICT (error_key) DO UPDATE SET times = application_error.times + excluded.times, \
                 last_at = excluded.last_at",
            &args![
                row.key.as_str(),
                row.application_id,
                row.at.as_str(),
                row.code,
                row.reason.as_str(),
                row.sent.as_deref(),
                row.times,
                row.first_at,
                row.last_at
            ],
        )
        .await?;
    }
    let mut applications: Vec<ApplicationId> = rows.iter().map(|row| row.application_id).collect();
    applications.sort_unstable();
    applications.dedup();
    for application in applications {
        tx.execute(
            "DELETE FROM application_error WHERE application_id = $1 AND sent IS NOT NULL AND error_key NOT IN \
             (SELECT error_key FROM application_error WHERE application_id = $1 AND sent IS NOT NULL \
             ORDER BY last_at DESC, error_key LIMIT $2)",
            &args![application, MOST_SENT],
        )
        .await?;
        tx.execute(
            "DELETE FROM application_error WHERE application_id = $1 AND error_key NOT IN \
             (SELECT error_key FROM application_error WHERE application_id = $1 \
             ORDER BY last_at DESC, error_key LIMIT $2)",
            &args![application, MOST],
        )
        .await?;
    }
    Ok(())
}

/// The refusals of an application, newest first.
pub async fn of_application(tx: &mut Tx, application: ApplicationId) -> Result<Vec<Stored>, Error> {
    tx.all(
        "SELECT endpoint, code, reason, sent, times, first_at, last_at FROM application_error \
         WHERE application_id = $1 ORDER BY last_at DESC, error_key LIMIT $2",
        &args![application, MOST],
        |row| {
            Ok(Stored {
                at: row.parse("endpoint")?,
                code: row.text("code")?,
                reason: row.text("reason")?,
                sent: row.opt_text("sent")?,
                times: row.int("times")?,
                first_at: row.time("first_at")?,
                last_at: row.time("last_at")?,
            })
        },
    )
    .await
}

/// Applications that were refused since `since`, with how often: those that are switched off, and others.
pub async fn since(tx: &mut Tx, since: Timestamp) -> Result<Vec<(ApplicationId, String, bool, i64)>, Error> {
    tx.all(
        "SELECT a.id, a.name, CASE WHEN a.disabled_at IS NULL THEN 0 ELSE 1 END AS off, \
             CAST(SUM(e.times) AS BIGINT) AS n \
         FROM application_error e JOIN application a ON a.id = e.application_id WHERE e.last_at >= $1 \
         GROUP BY a.id, a.name, a.disabled_at ORDER BY n DESC, a.id LIMIT 10",
        &args![since],
        |row| Ok((row.id("id")?, row.text("name")?, row.int("off")? == 1, row.int("n")?)),
    )
    .await
}
