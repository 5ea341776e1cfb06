//! Who was invited to an application by name: `application_invitee`.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{ApplicationId, UserId};

/// Invites a person. `false` when they are invited already, or when there is no such person or
/// application.
pub async fn add(tx: &mut Tx, application: ApplicationId, user: UserId, now: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "INSERT INTO application_invitee (application_id, user_id, created_at) \
             SELECT application.id, user_account.id, $3 FROM application, user_account \
             WHERE application.id = $1 AND user_account.id = $2 AND user_account.erased_at IS NULL \
             ON CONFLICT (application_id, user_id) DO NOTHING",
            &args![application, user, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Takes an invitation back. `false` when there was none.
pub async fn remove(tx: &mut Tx, application: ApplicationId, user: UserId) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "DELETE FROM application_invitee WHERE application_id = $1 AND user_id = $2",
            &args![application, user],
        )
        .await?;
    Ok(rows == 1)
}

/// The people invited to an application, the latest first, after `cursor`; at most `limit`.
pub async fn of(
    tx: &mut Tx,
    application: ApplicationId,
    cursor: Option<(Timestamp, UserId)>,
    limit: i64,
) -> Result<Vec<(UserId, Timestamp)>, Error> {
    let (at, id) = cursor.map_or((None, None), |(at, id)| (Some(at), Some(id)));
    tx.all(
        "SELECT user_id, created_at FROM application_invitee WHERE application_id = $1 \
         AND (CAST($2 AS BIGINT) IS NULL OR created_at < $2 OR (created_at = $2 AND user_id < $3)) \
         ORDER BY created_at DESC, user_id DESC LIMIT $4",
        &args![application, at, id, limit],
        |row| Ok((row.id("user_id")?, row.time("created_at")?)),
    )
    .await
}
