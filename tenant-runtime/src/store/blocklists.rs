//! Lists of networks: `blocklist` (R8).

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{Blocklist, BlocklistAction, BlocklistFormat};

/// A list to put in the place of the one with its name.
#[derive(Debug)]
pub struct NewList<'a> {
    /// Its name.
    pub name: &'a str,
    /// How it was written.
    pub format: BlocklistFormat,
    /// What its networks meet.
    pub action: BlocklistAction,
    /// Its networks, sealed.
    pub networks_sealed: &'a str,
    /// How many they are.
    pub networks: i64,
    /// How many entries were left out.
    pub skipped: i64,
}

/// The networks of a list.
#[derive(Debug)]
pub struct Networks {
    /// Its name.
    pub name: String,
    /// What its networks meet.
    pub action: BlocklistAction,
    /// They themselves, sealed.
    pub networks_sealed: String,
}

/// Puts a list, unless there were then more lists, or more networks on all of them, than there may be. One
/// statement: two at once cannot share the last place. `false` when there is no room.
pub async fn put(
    tx: &mut Tx,
    list: &NewList<'_>,
    (most_lists, most_networks): (i64, i64),
    now: Timestamp,
) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "INSERT INTO blocklist (name, format, action, networks_sealed, networks, skipped, updated_at) \
             SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT), \
             CAST($6 AS BIGINT), CAST($7 AS BIGINT) \
             WHERE (SELECT COUNT(*) FROM blocklist WHERE name <> $1) < CAST($8 AS BIGINT) \
             AND (SELECT COALESCE(CAST(SUM(networks) AS BIGINT), 0) FROM blocklist WHERE name <> $1) \
             + CAST($5 AS BIGINT) <= CAST($9 AS BIGINT) \
             ON CONFLICT (name) DO UPDATE SET format = excluded.format, action = excluded.action, \
             networks_sealed = excluded.networks_sealed, networks = excluded.networks, skipped = excluded.skipped, \
             updated_at = excluded.updated_at",
            &args![
                list.name,
                list.format.as_str(),
                list.action.as_str(),
                list.networks_sealed,
                list.networks,
                list.skipped,
                now,
                most_lists,
                most_networks
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Every list without its networks, by name.
pub async fn all(tx: &mut Tx) -> Result<Vec<Blocklist>, Error> {
    let sql = "SELECT name, format, action, networks, skipped, updated_at FROM blocklist ORDER BY name";
    tx.all(sql, &args![], listed).await
}

/// One list without its networks.
pub async fn find(tx: &mut Tx, name: &str) -> Result<Option<Blocklist>, Error> {
    let sql = "SELECT name, format, action, networks, skipped, updated_at FROM blocklist WHERE name = $1";
    tx.optional(sql, &args![name], listed).await
}

/// The networks of every list.
pub async fn with_networks(tx: &mut Tx) -> Result<Vec<Networks>, Error> {
    tx.all("SELECT name, action, networks_sealed FROM blocklist ORDER BY name", &args![], |row| {
        Ok(Networks {
            name: row.text("name")?,
            action: row.parse("action")?,
            networks_sealed: row.text("networks_sealed")?,
        })
    })
    .await
}

/// Removes a list. `false` when there is none with this name.
pub async fn remove(tx: &mut Tx, name: &str) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM blocklist WHERE name = $1", &args![name]).await? == 1)
}

fn listed(row: &Row) -> Result<Blocklist, Error> {
    Ok(Blocklist {
        name: row.text("name")?,
        format: row.parse("format")?,
        action: row.parse("action")?,
        networks: row.int("networks")?,
        skipped: row.int("skipped")?,
        updated_at: row.time("updated_at")?.rfc3339(),
    })
}
