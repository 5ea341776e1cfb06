//! Keys of the public API, as keyed hashes.

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::orders;

use crate::model::{ApiKeyId, KeyAccess, Networks, OrganisationId, Scopes};

/// What a key may do, from where, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// What.
    pub scopes: Scopes,
    /// From where; `None` for everywhere.
    pub addresses: Option<Networks>,
    /// Until when; `None` for ever.
    pub expires_at: Option<Timestamp>,
}

impl Rights {
    /// The same in every area, from everywhere, for ever.
    pub const fn all(access: KeyAccess) -> Self {
        Self { scopes: Scopes::all(access), addresses: None, expires_at: None }
    }

    /// Whether whoever has these has `other` as well.
    pub fn include(&self, other: &Self) -> bool {
        let within = match (&self.addresses, &other.addresses) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(theirs)) => own.include(theirs),
        };
        let in_time = match (self.expires_at, other.expires_at) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(theirs)) => theirs <= own,
        };
        self.scopes.include(other.scopes) && within && in_time
    }

    fn from_row(row: &Row) -> Result<Self, Error> {
        let access: KeyAccess = row.parse("access")?;
        Ok(Self {
            scopes: row.opt_parse("scopes")?.unwrap_or_else(|| Scopes::of_before(access)),
            addresses: row.opt_parse("addresses")?,
            expires_at: row.opt_time("expires_at")?,
        })
    }

    /// What the column `access` of before holds: nobody reads it where there are scopes.
    fn access(&self) -> &'static str {
        if self.scopes.may_write() { KeyAccess::Write.as_str() } else { KeyAccess::Read.as_str() }
    }
}

/// What a presented key stands for.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The key's id.
    pub id: ApiKeyId,
    /// Whose tenants it reaches.
    pub organisation_id: OrganisationId,
    /// What it may do.
    pub rights: Rights,
    /// When it was last used, as far as that was written down.
    pub last_used_at: Option<Timestamp>,
}

/// A key to keep.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Names it.
    pub id: ApiKeyId,
    /// Whose tenants it reaches.
    pub organisation_id: OrganisationId,
    /// What its maker calls it.
    pub name: String,
    /// Its keyed hash.
    pub key_hash: String,
    /// What it may do.
    pub rights: Rights,
    /// The member or key that made it, or `polder`.
    pub created_by: String,
}

/// A key as a list shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Names it.
    pub id: ApiKeyId,
    /// What its maker calls it.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The member or key that made it, or `polder`.
    pub created_by: String,
}

impl Listed {
    /// Whether it opens anything at this moment.
    pub fn lives(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.rights.expires_at.is_none_or(|at| at > now)
    }
}

/// The holder of a living key with this hash.
pub async fn by_hash(tx: &mut Tx, key_hash: &str, now: Timestamp) -> Result<Option<Holder>, Error> {
    tx.optional(
        "SELECT id, organisation_id, access, scopes, addresses, expires_at, last_used_at FROM api_key
         WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        &args![key_hash, now],
        |row| {
            Ok(Holder {
                id: row.id("id")?,
                organisation_id: row.id("organisation_id")?,
                rights: Rights::from_row(row)?,
                last_used_at: row.opt_time("last_used_at")?,
            })
        },
    )
    .await
}

orders!(
    /// The order of keys.
    KeyOrder {
        /// The one made last comes first.
        Newest = "-created_at",
        /// The one made first comes first.
        Oldest = "created_at",
        /// By name.
        Name = "name",
        /// By name, from the end.
        NameBackwards = "-name",
        /// The one used last comes first; those never used are the last.
        LastUsed = "-last_used_at",
        /// Those never used come first, then the one not used for longest.
        LongestIdle = "last_used_at",
    }
);

impl KeyOrder {
    /// An organisation has a few hundred living keys, and those that ended within a year: what decides is put in order
    /// where it is read.
    const fn sql(self) -> &'static str {
        match self {
            Self::Newest => {
                "SELECT id, name, access, scopes, addresses, expires_at, created_at, last_used_at, revoked_at, created_by FROM api_key
                 WHERE organisation_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"
            }
            Self::Oldest => {
                "SELECT id, name, access, scopes, addresses, expires_at, created_at, last_used_at, revoked_at, created_by FROM api_key
                 WHERE organisation_id = $1 AND (id > $2) ORDER BY id LIMIT $3"
            }
            Self::Name => {
                "SELECT id, name, access, scopes, addresses, expires_at, created_at, last_used_at, revoked_at, created_by FROM api_key
                 WHERE organisation_id = $1 AND ($2 = '' OR name > (SELECT s.name FROM api_key s WHERE s.id = $2 AND s.organisation_id = $1)
                 OR (name = (SELECT s.name FROM api_key s WHERE s.id = $2 AND s.organisation_id = $1) AND id > $2)) ORDER BY name, id LIMIT $3"
            }
            Self::NameBackwards => {
                "SELECT id, name, access, scopes, addresses, expires_at, created_at, last_used_at, revoked_at, created_by FROM api_key
                 WHERE organisation_id = $1 AND ($2 = '' OR name < (SELECT s.name FROM api_key s WHERE s.id = $2 AND s.organisation_id = $1)
                 OR (name = (SELECT s.name FROM api_key s WHERE s.id = $2 AND s.organisation_id = $1) AND id < $2)) ORDER BY name DESC, id DESC LIMIT $3"
            }
            Self::LastUsed => {
                "SELECT id, name, access, scopes, addresses, expires_at, created_at, last_used_at, revoked_at, created_by FROM api_key
                 WHERE organisation_id = $1 AND ($2 = '' OR COALESCE(last_used_at, 0) < (SELECT COALESCE(s.last_used_at, 0) FROM api_key s WHERE s.id = $2 AND s.organisation_id = $1)
                 OR (COALESCE(last_used_at, 0) = (SELECT COALESCE(s.last_used_at, 0) FROM api_key s WHERE s.id = $2 AND s.organisation_id = $1) AND id < $2)) ORDER BY COALESCE(last_used_at, 0) DESC, id DESC LIMIT $3"
            }
            Self::LongestIdle => {
                "SELECT id, name, access, scopes, addresses, expires_at, created_at, last_used_at, revoked_at, created_by FROM api_key
                 WHERE organisation_id = $1 AND ($2 = '' OR COALESCE(last_used_at, 0) > (SELECT COALESCE(s.last_used_at, 0) FROM api_key s WHERE s.id = $2 AND s.organisation_id = $1)
                 OR (COALESCE(last_used_at, 0) = (SELECT COALESCE(s.last_used_at, 0) FROM api_key s WHERE s.id = $2 AND s.organisation_id = $1) AND id > $2)) ORDER BY COALESCE(last_used_at, 0), id LIMIT $3"
            }
        }
    }
}

/// Keys of an organisation in an order, revoked ones among them, from after the key `seen`.
pub async fn page(
    tx: &mut Tx,
    organisation: OrganisationId,
    (order, seen): (KeyOrder, Option<ApiKeyId>),
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let seen = seen.map(|id| id.to_string()).unwrap_or_default();
    tx.all(order.sql(), &args![organisation, seen, limit], listed).await
}

/// A key of this organisation.
pub async fn by_id(tx: &mut Tx, organisation: OrganisationId, id: ApiKeyId) -> Result<Option<Listed>, Error> {
    tx.optional(
        "SELECT id, name, access, scopes, addresses, expires_at, created_at, last_used_at, revoked_at, created_by
         FROM api_key
         WHERE organisation_id = $1 AND id = $2",
        &args![organisation, id],
        listed,
    )
    .await
}

/// Adds a key.
pub async fn insert(tx: &mut Tx, key: &NewApiKey, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO api_key
             (id, organisation_id, name, key_hash, access, scopes, addresses, expires_at, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &args![
            key.id,
            key.organisation_id,
            key.name.as_str(),
            key.key_hash.as_str(),
            key.rights.access(),
            key.rights.scopes.to_string(),
            key.rights.addresses.as_ref().map(ToString::to_string),
            key.rights.expires_at,
            key.created_by.as_str(),
            now
        ],
    )
    .await?;
    Ok(())
}

/// How many living keys an organisation has, counted up to `most`.
pub async fn count(tx: &mut Tx, organisation: OrganisationId, (now, most): (Timestamp, i64)) -> Result<i64, Error> {
    let counted = tx
        .optional(
            "SELECT COUNT(*) AS n FROM
                 (SELECT id FROM api_key
                  WHERE organisation_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
                  LIMIT $3) AS some_keys",
            &args![organisation, now, most],
            |row| row.int("n"),
        )
        .await?;
    Ok(counted.unwrap_or_default())
}

/// Gives a key of this organisation that was not revoked another name and other rights; `false` when there is none.
pub async fn change(
    tx: &mut Tx,
    (organisation, id): (OrganisationId, ApiKeyId),
    (name, rights): (&str, &Rights),
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            "UPDATE api_key SET name = $3, access = $4, scopes = $5, addresses = $6, expires_at = $7
             WHERE id = $1 AND organisation_id = $2 AND revoked_at IS NULL",
            &args![
                id,
                organisation,
                name,
                rights.access(),
                rights.scopes.to_string(),
                rights.addresses.as_ref().map(ToString::to_string),
                rights.expires_at
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Writes down that a key was used now.
pub async fn used(tx: &mut Tx, id: ApiKeyId, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE api_key SET last_used_at = $2 WHERE id = $1", &args![id, now]).await?;
    Ok(())
}

/// Ends a living key of this organisation; `false` when there is none.
pub async fn revoke(tx: &mut Tx, organisation: OrganisationId, id: ApiKeyId, now: Timestamp) -> Result<bool, Error> {
    let ended = tx
        .execute(
            "UPDATE api_key SET revoked_at = $3 WHERE id = $1 AND organisation_id = $2 AND revoked_at IS NULL",
            &args![id, organisation, now],
        )
        .await?;
    Ok(ended == 1)
}

/// The keys of this organisation that this one made, and those that they made, as far as they were not revoked.
pub async fn made_by(tx: &mut Tx, organisation: OrganisationId, id: ApiKeyId) -> Result<Vec<ApiKeyId>, Error> {
    tx.all(
        "WITH RECURSIVE made (id) AS (
             SELECT id FROM api_key WHERE organisation_id = $1 AND created_by = $2
             UNION
             SELECT api_key.id FROM api_key JOIN made ON api_key.created_by = made.id
             WHERE api_key.organisation_id = $1)
         SELECT api_key.id FROM made JOIN api_key ON api_key.id = made.id
         WHERE revoked_at IS NULL ORDER BY api_key.id",
        &args![organisation, id.to_string()],
        |row| row.id("id"),
    )
    .await
}

/// Ends every living key that `created_by` made under this name.
pub async fn revoke_named(tx: &mut Tx, created_by: &str, name: &str, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE api_key SET revoked_at = $3 WHERE created_by = $1 AND name = $2 AND revoked_at IS NULL",
        &args![created_by, name, now],
    )
    .await
}

fn listed(row: &Row) -> Result<Listed, Error> {
    Ok(Listed {
        id: row.id("id")?,
        name: row.text("name")?,
        rights: Rights::from_row(row)?,
        created_at: row.time("created_at")?,
        last_used_at: row.opt_time("last_used_at")?,
        revoked_at: row.opt_time("revoked_at")?,
        created_by: row.text("created_by")?,
    })
}
