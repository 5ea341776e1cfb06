//! Erasing a person: everything about them but the number that their audit events carry.

use polder_db::Tx;

use crate::connections::revoke::Dropped;
use crate::error::Internal;
use crate::guard::{attempts, budget};
use crate::model::User;
use crate::signin::send;
use crate::store::{
    address_changes, connected_accounts, logout_deliveries, one_time_codes, outbox, sessions, user_imports, users,
};
use crate::{App, usage};

/// Erases `user`. What is kept under keyed hashes of their address goes as well, unless it also protects
/// others. The tokens of outside providers come back, to be revoked there once this is stored; `None` when
/// they were erased already.
pub async fn erase(app: &App, tx: &mut Tx, user: &User) -> Result<Option<Vec<Dropped>>, Internal> {
    let now = app.clock.now();
    // First: an import that is under way waits for the rest, and does not bring them back.
    let mut addresses = address_changes::kept_of(tx, &app.keyring, user.id, now).await?;
    addresses.push(user.email.clone());
    user_imports::forget(tx, &app.keyring, &addresses).await?;
    // Applications are told before who it was is gone (A51).
    sessions::end_all_of(tx, user.id, "user_erased", now).await?;
    logout_deliveries::forget_done(tx, user.id).await?;
    let dropped = connected_accounts::dropped(tx, &app.keyring, user.id).await?;
    one_time_codes::forget_address(tx, &send::address_index(app, &user.email)).await?;
    outbox::forget_address(tx, &app.keyring, &user.email).await?;
    budget::forget_address(tx, &app.keyring, &user.email).await?;
    attempts::forget_person(app, tx, user).await?;
    usage::forget_person(tx, (&app.keyring, &app.entropy), user.id, now).await?;
    Ok(users::erase(tx, user.id, now).await?.then_some(dropped))
}
