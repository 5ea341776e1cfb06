//! People who make an organisation of their own, where the operator allows it.
//!
//! The tenant `platform` stays closed: nobody signs up there. An address that asks gets a mail with a link; whoever
//! follows it names themselves and the organisation, and only then becomes a person at `platform`, as somebody
//! who is invited does. Signing in with that address makes the organisation. Strangers cause one row per address,
//! and no more mails and organisations than there is room for in an hour and a day.

use std::sync::Arc;
use std::time::Duration;

use polder_crypto::Keyring;
use polder_db::{Error, Tx};
use polder_kernel::{Email, Locale, Secret, Timestamp};

use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::OrganisationId;
use crate::store::sign_ups::{self, Asking};
use crate::store::{organisations, settings};

/// How long a link can be used.
pub const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// How long somebody waits before they get another mail.
pub const PAUSE: Duration = Duration::from_secs(60);
/// How many mails one address gets before its last link ran out.
pub const SENDINGS: i64 = 5;
/// How many addresses may ask in an hour.
pub const ASKED: i64 = 200;
/// How many organisations may be made in a day.
pub const MADE: i64 = 100;

const HOUR: i64 = 60 * 60 * 1000;

/// Whether people may make an organisation of their own.
///
/// # Errors
/// The database's.
pub async fn is_open(tx: &mut Tx) -> Result<bool, Error> {
    Ok(settings::get(tx, settings::SIGN_UP).await?.as_deref() == Some("open"))
}

/// The operator allows it, or no longer.
///
/// # Errors
/// The database's.
pub async fn set_open(app: &Arc<App>, open: bool) -> Result<(), Error> {
    let (now, word) = (app.clock.now(), if open { "open" } else { "closed" });
    let action = if open { "sign_up.opened" } else { "sign_up.closed" };
    let event = audit::event(action, &ActingFor::system(), None, &[("by", "operator")]);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                settings::set(tx, settings::SIGN_UP, word, now).await?;
                polder_audit::record(tx, event);
                Ok(())
            })
        })
        .await
}

/// How the token of a link is found.
pub fn hash(keyring: &Keyring, token: &str) -> String {
    keyring.index("sign-up", token.as_bytes())
}

/// Sends a link to an address. What comes back says nothing: whether the address is known, asked just now, or there
/// is no room, is nobody's to learn.
///
/// # Errors
/// The database's.
pub async fn ask(app: &Arc<App>, email: Email, locale: Locale) -> Result<(), Error> {
    let (unit, now, token) = (Arc::clone(app), app.clock.now(), app.entropy.token());
    let asking = Asking {
        email,
        locale,
        token_hash: hash(&app.keyring, token.expose()),
        token: token.expose().clone(),
        times: (now, now + LIFETIME, Timestamp::from_millis(now.millis() - 60_000)),
        most: SENDINGS,
    };
    let sent = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let since = Timestamp::from_millis(now.millis() - HOUR);
                if sign_ups::asked_since(tx, since, ASKED).await? >= ASKED {
                    return Ok::<_, Error>(None);
                }
                sign_ups::ask(tx, &unit.keyring, &asking).await.map(Some)
            })
        })
        .await?;
    match sent {
        Some(true) => app.mail_bell.notify_one(),
        Some(false) => {}
        None => tracing::warn!(ASKED, "sign-up is refused: as many addresses asked within an hour"),
    }
    Ok(())
}

/// The organisation that somebody asked for, by the hash of their link's token, their subject and the hash of the address
/// that they proved; `None` when they did not, or it is closed, or there were too many today.
///
/// # Errors
/// The database's.
pub async fn take(
    tx: &mut Tx,
    app: &App,
    proved: (&str, &str, &str),
) -> Result<Option<(OrganisationId, String)>, Error> {
    let now = app.clock.now();
    if !is_open(tx).await? {
        return Ok(None);
    }
    let since = Timestamp::from_millis(now.millis() - 24 * HOUR);
    if organisations::signed_up_since(tx, since, MADE).await? >= MADE {
        tracing::warn!(MADE, "sign-up is refused: as many organisations were made within a day");
        return Ok(None);
    }
    let Some(name) = sign_ups::consume(tx, proved, now).await? else { return Ok(None) };
    let id = OrganisationId::new(&app.clock, &app.entropy);
    organisations::insert_signed_up(tx, id, &name, now).await?;
    Ok(Some((id, name)))
}

/// The address of a link.
pub fn link(app: &App, token: &Secret<String>) -> Secret<String> {
    Secret::new(format!("{}/signup/{}", app.settings.console(), token.expose()))
}
