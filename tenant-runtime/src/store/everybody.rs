//! Lists of people: `user_account` with `user_role`.

use std::collections::HashMap;

use polder_crypto::Keyring;
use polder_db::{Error, Row as DbRow, Tx, args, list};
use polder_kernel::Timestamp;
use polder_tenant_api::{UserId, UserOrder};

use super::users::Sealed;
use crate::error::Internal;
use crate::model::User;
use crate::people::index::{Known, Place};

/// A person, as they are or as they were.
#[derive(Debug)]
pub enum Row {
    /// There is somebody.
    There(Known),
    /// There was.
    Erased(Place),
}

/// People in an order, from where `cursor` left off (the time that decides and the id of the last one seen). Who never
/// signed in is on no list that goes by that. A statement for each order, so that each has its index.
///
/// # Errors
/// When the database fails or a value does not open.
pub async fn in_order(
    tx: &mut Tx,
    keyring: &Keyring,
    order: UserOrder,
    cursor: Option<Place>,
    limit: i64,
) -> Result<Vec<User>, Internal> {
    let (sql, begin) = match order {
        UserOrder::Newest => (
            "SELECT id, email_sealed, email_verified_at, name_sealed, locale, audit_key_wrapped, created_at, \
             updated_at, last_sign_in_at, disabled_at FROM user_account WHERE erased_at IS NULL AND created_at <= $1 \
             AND (created_at < $1 OR (created_at = $1 AND id < $2)) ORDER BY created_at DESC, id DESC LIMIT $3",
            i64::MAX,
        ),
        UserOrder::Oldest => (
            "SELECT id, email_sealed, email_verified_at, name_sealed, locale, audit_key_wrapped, created_at, \
             updated_at, last_sign_in_at, disabled_at FROM user_account WHERE erased_at IS NULL AND created_at >= $1 \
             AND (created_at > $1 OR (created_at = $1 AND id > $2)) ORDER BY created_at, id LIMIT $3",
            i64::MIN,
        ),
        UserOrder::LastSignIn => (
            "SELECT id, email_sealed, email_verified_at, name_sealed, locale, audit_key_wrapped, created_at, \
             updated_at, last_sign_in_at, disabled_at FROM user_account WHERE last_sign_in_at IS NOT NULL \
             AND erased_at IS NULL AND last_sign_in_at <= $1 \
             AND (last_sign_in_at < $1 OR (last_sign_in_at = $1 AND id < $2)) \
             ORDER BY last_sign_in_at DESC, id DESC LIMIT $3",
            i64::MAX,
        ),
        UserOrder::LongestAway => (
            "SELECT id, email_sealed, email_verified_at, name_sealed, locale, audit_key_wrapped, created_at, \
             updated_at, last_sign_in_at, disabled_at FROM user_account WHERE last_sign_in_at IS NOT NULL \
             AND erased_at IS NULL AND last_sign_in_at >= $1 \
             AND (last_sign_in_at > $1 OR (last_sign_in_at = $1 AND id > $2)) \
             ORDER BY last_sign_in_at, id LIMIT $3",
            i64::MIN,
        ),
    };
    let at = cursor.map_or(Timestamp::from_millis(begin), |(at, _)| at);
    let id = cursor.map(|(_, id)| id.to_string()).unwrap_or_default();
    let rows = tx.all(sql, &args![at, id, limit], Sealed::from_row).await?;
    rows.into_iter().map(|sealed| sealed.open(keyring)).collect()
}

/// People in the order their accounts were made, from above `after`, with their roles in one statement.
///
/// # Errors
/// When the database fails or a value does not open.
pub async fn page(tx: &mut Tx, keyring: &Keyring, after: Option<Place>, limit: i64) -> Result<Vec<Known>, Internal> {
    let at = after.map_or(Timestamp::from_millis(i64::MIN), |(at, _)| at);
    let id = after.map(|(_, id)| id.to_string()).unwrap_or_default();
    let rows = tx
        .all(
            "SELECT u.id, u.email_sealed, u.email_verified_at, u.name_sealed, u.locale, u.audit_key_wrapped, \
             u.created_at, u.updated_at, u.last_sign_in_at, u.disabled_at, u.erased_at, r.role FROM \
             (SELECT id, email_sealed, email_verified_at, name_sealed, locale, audit_key_wrapped, created_at, \
             updated_at, last_sign_in_at, disabled_at, erased_at FROM user_account WHERE erased_at IS NULL \
             AND created_at >= $1 AND (created_at > $1 OR (created_at = $1 AND id > $2)) ORDER BY created_at, id \
             LIMIT $3) u LEFT JOIN user_role r ON r.user_id = u.id ORDER BY u.created_at, u.id, r.role",
            &args![at, id, limit],
            Joined::from_row,
        )
        .await?;
    let rows = together(rows, keyring)?;
    Ok(rows.into_iter().filter_map(|row| if let Row::There(known) = row { Some(known) } else { None }).collect())
}

/// These people, in no order, the erased ones as such.
///
/// # Errors
/// As [`page`].
pub async fn these(tx: &mut Tx, keyring: &Keyring, ids: &[UserId]) -> Result<Vec<Row>, Internal> {
    let mut people = Vec::with_capacity(ids.len());
    for group in list::groups::<64, _>(ids.iter().copied()) {
        let sql = "SELECT u.id, u.email_sealed, u.email_verified_at, u.name_sealed, u.locale, u.audit_key_wrapped, \
                   u.created_at, u.updated_at, u.last_sign_in_at, u.disabled_at, u.erased_at, r.role FROM user_account u \
                   LEFT JOIN user_role r ON r.user_id = u.id WHERE u.id IN (\
                   $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
                   $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, \
                   $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, \
                   $60, $61, $62, $63, $64) ORDER BY u.id, r.role";
        people.extend(together(tx.all(sql, &group, Joined::from_row).await?, keyring)?);
    }
    Ok(people)
}

/// A person with one of their roles: they come once for each, and once where they have none.
struct Joined {
    place: Place,
    /// `None` for somebody who was erased.
    sealed: Option<Sealed>,
    role: Option<String>,
}

impl Joined {
    fn from_row(row: &DbRow) -> Result<Self, Error> {
        let erased = row.opt_time("erased_at")?.is_some();
        Ok(Self {
            place: (row.time("created_at")?, row.id("id")?),
            sealed: if erased { None } else { Some(Sealed::from_row(row)?) },
            role: row.opt_text("role")?,
        })
    }
}

/// Each person once, of rows in which theirs follow one another.
fn together(rows: Vec<Joined>, keyring: &Keyring) -> Result<Vec<Row>, Internal> {
    let mut people: Vec<Row> = Vec::with_capacity(rows.len());
    for Joined { place, sealed, role } in rows {
        let Some(sealed) = sealed else {
            people.push(Row::Erased(place));
            continue;
        };
        match people.last_mut() {
            Some(Row::There(last)) if last.id == place.1 => last.roles.extend(role),
            _ => people.push(Row::There(known(sealed.open(keyring)?, role))),
        }
    }
    Ok(people)
}

/// Those of these people who are there, in no order.
///
/// # Errors
/// As [`page`].
pub async fn by_ids(tx: &mut Tx, keyring: &Keyring, ids: &[UserId]) -> Result<Vec<User>, Internal> {
    let mut users = Vec::with_capacity(ids.len());
    for group in list::groups::<16, _>(ids.iter().copied()) {
        let sql = "SELECT id, email_sealed, email_verified_at, name_sealed, locale, audit_key_wrapped, created_at, \
                   updated_at, last_sign_in_at, disabled_at FROM user_account WHERE erased_at IS NULL \
                   AND id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
        for sealed in tx.all(sql, &group, Sealed::from_row).await? {
            users.push(sealed.open(keyring)?);
        }
    }
    Ok(users)
}

/// The roles of these people, each person's in order.
///
/// # Errors
/// When the database fails.
pub async fn roles_of(tx: &mut Tx, ids: &[UserId]) -> Result<HashMap<UserId, Vec<String>>, Error> {
    let mut roles: HashMap<UserId, Vec<String>> = HashMap::new();
    for group in list::groups::<16, _>(ids.iter().copied()) {
        let sql = "SELECT user_id, role FROM user_role WHERE user_id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
                   $12, $13, $14, $15, $16) ORDER BY user_id, role";
        for (id, role) in tx.all(sql, &group, |row: &DbRow| Ok((row.id("user_id")?, row.text("role")?))).await? {
            roles.entry(id).or_default().push(role);
        }
    }
    Ok(roles)
}

fn known(user: User, role: Option<String>) -> Known {
    Known {
        id: user.id,
        created_at: user.created_at,
        name: user.name,
        email: user.email.as_str().to_owned(),
        disabled: user.disabled_at.is_some(),
        unverified: user.email_verified_at.is_none(),
        roles: role.into_iter().collect(),
    }
}
