//! People who have signed in.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Tx, args};
use polder_kernel::{Email, Timestamp};

use crate::error::Fault;
use crate::model::{Member, MemberId, Side};

/// The keyed hash an address is found by.
pub fn email_index(keys: &Keyring, email: &Email) -> String {
    keys.index("member.email", email.as_str().as_bytes())
}

/// Records what the identity provider said of somebody; gives their id here.
///
/// # Errors
/// Storage.
pub async fn upsert(
    tx: &mut Tx,
    keys: &Keyring,
    subject: &str,
    member: &Member,
    now: Timestamp,
) -> Result<MemberId, Error> {
    let known = tx
        .optional(
            "SELECT id FROM member WHERE side = $1 AND subject = $2",
            &args![member.side.as_str(), subject],
            |row| row.id("id"),
        )
        .await?;
    let id = known.unwrap_or(member.id);
    let seal = |column: &str, text: &str| keys.seal_text(Category::Identifiers, &format!("member.{column}:{id}"), text);
    tx.execute(
        "INSERT INTO member (id, side, subject, email_index, email_sealed, name_sealed, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (id) DO UPDATE SET email_index = $4, email_sealed = $5, name_sealed = $6, updated_at = $7",
        &args![
            id,
            member.side.as_str(),
            subject,
            email_index(keys, &member.email),
            seal("email_sealed", member.email.as_str()),
            seal("name_sealed", &member.name),
            now
        ],
    )
    .await?;
    Ok(id)
}

/// The person the identity provider calls `subject`, if they came through this door before.
///
/// # Errors
/// Storage.
pub async fn id_of(tx: &mut Tx, side: Side, subject: &str) -> Result<Option<MemberId>, Error> {
    let sql = "SELECT id FROM member WHERE side = $1 AND subject = $2";
    tx.optional(sql, &args![side.as_str(), subject], |row| row.id("id")).await
}

/// A sealed row.
pub(crate) struct Sealed {
    pub id: MemberId,
    pub side: Side,
    pub email: String,
    pub name: String,
}

impl Sealed {
    /// Reads the columns of `member` joined into a query under their own names.
    pub(crate) fn from_row(row: &polder_db::Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id("member_id")?,
            side: row.parse("side")?,
            email: row.text("email_sealed")?,
            name: row.text("name_sealed")?,
        })
    }

    /// Opens the row.
    ///
    /// # Errors
    /// A row that was not sealed here.
    pub(crate) fn open(self, keys: &Keyring) -> Result<Member, Fault> {
        let open = |column: &str, text: &str| {
            keys.unseal_text(Category::Identifiers, &format!("member.{column}:{}", self.id), text)
        };
        let email = open("email_sealed", &self.email)?.parse().map_err(|_| Fault::Row("member.email_sealed"))?;
        Ok(Member { id: self.id, side: self.side, email, name: open("name_sealed", &self.name)? })
    }
}
