//! What the page after a change offers to take back. It stands in that page's address, sealed, for a few minutes: a
//! link that somebody else made up offers nothing.

use std::time::Duration;

use polder_crypto::Category;
use polder_kernel::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::administer::On;

/// For how long it is offered.
const OFFERED: Duration = Duration::from_secs(600);

#[derive(Serialize, Deserialize)]
struct Offer<T> {
    until: Timestamp,
    undo: T,
}

/// Seals what takes a change back. `what` names what was changed and how it stands since, so that the offer holds for
/// that alone. `None` when it cannot be written.
pub fn seal<T: Serialize>(on: &On, what: &str, undo: T) -> Option<String> {
    let offer = Offer { until: on.app.clock.now() + OFFERED, undo };
    let text = serde_json::to_string(&offer).ok()?;
    Some(on.app.keyring.seal_text(Category::Flow, &context(on, what), &text))
}

/// Opens it. `None` for what is made up, of something else, of before a later change, or too old.
pub fn open<T: DeserializeOwned>(on: &On, what: &str, sealed: &str) -> Option<T> {
    let text = on.app.keyring.unseal_text(Category::Flow, &context(on, what), sealed).ok()?;
    let offer: Offer<T> = serde_json::from_str(&text).ok()?;
    (on.app.clock.now() < offer.until).then_some(offer.undo)
}

fn context(on: &On, what: &str) -> String {
    format!("console.undo:{}:{what}", on.tenant.id)
}
