//! What was just done, kept for a quarter of an hour with whoever did it, to be undone: how it was, and what it became.
//! It is sealed for this member, this tenant and this thing, and undoes only what nobody changed since.

use std::time::Duration;

use polder_crypto::Category;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::SignedIn;
use crate::administer::On;

/// How long something can be undone.
const WITHIN: Duration = Duration::from_secs(15 * 60);
/// The longest that is offered: it stands in an address.
const LONGEST: usize = 3000;

/// How something was, and what it became.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// How it was.
    pub before: T,
    /// What it became.
    pub after: T,
}

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    until: i64,
    change: Change<T>,
}

/// Seals a change to `what`. `None` where it is too long to be kept.
pub fn keep<T: Serialize>((member, on): (&SignedIn, &On), what: &str, change: Change<T>) -> Option<String> {
    let kept = Kept { until: (on.app.clock.now() + WITHIN).millis(), change };
    let text = serde_json::to_string(&kept).ok()?;
    let sealed = on.app.keyring.seal_text(Category::Flow, &context(member, on, what), &text);
    Some(sealed).filter(|sealed| sealed.len() <= LONGEST)
}

/// The change to `what` that was kept; `None` for what is somebody else's, another thing's, or too old.
pub fn kept<T: DeserializeOwned>((member, on): (&SignedIn, &On), what: &str, sealed: &str) -> Option<Change<T>> {
    let text = on.app.keyring.unseal_text(Category::Flow, &context(member, on, what), sealed).ok()?;
    let kept: Kept<T> = serde_json::from_str(&text).ok()?;
    (on.app.clock.now().millis() < kept.until).then_some(kept.change)
}

fn context(member: &SignedIn, on: &On, what: &str) -> String {
    format!("console.undo:{}:{}:{what}", on.tenant.id, member.session.member_id)
}
