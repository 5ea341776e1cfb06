//! What keeps a tenant apart, told in one piece: what its driver put around it, and what its runtime says
//! it took from itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use polder_tenant_api::{Measure, isolation};

use crate::app::App;
use crate::model::{Tenant, TenantId, TenantState};
use crate::tenant_client;

/// How long a runtime may take to say; it is the reader who waits.
const WITHIN: Duration = Duration::from_millis(500);

/// How many measures a runtime may tell of.
const MOST: usize = 40;

/// The longest word about one, in characters.
const LONGEST: usize = 200;

/// The walls around a tenant that runs; `None` around one that does not, or not yet, and which nobody wakes
/// or waits for to ask.
pub async fn report(app: &App, tenant: &Tenant) -> Option<Vec<Measure>> {
    told(app, tenant).await.map(|(walls, _)| walls)
}

/// The same, with the version of the program it runs.
pub async fn told(app: &App, tenant: &Tenant) -> Option<(Vec<Measure>, Option<String>)> {
    let serves = matches!(tenant.state, TenantState::Running | TenantState::Suspended);
    if !serves || !app.driver.running(&tenant.short_id) {
        return None;
    }
    Some(ask(app, tenant).await)
}

async fn ask(app: &App, tenant: &Tenant) -> (Vec<Measure>, Option<String>) {
    let asked = tokio::time::timeout(WITHIN, tenant_client::health(app, tenant)).await;
    let (own, version) = asked.ok().and_then(Result::ok).map(|health| (health.isolation, health.version)).unzip();
    let own: Vec<Measure> = own.unwrap_or_default();
    let walls = isolation::merged([
        app.driver.isolation(&tenant.short_id),
        own.into_iter().take(MOST).map(|told| shortened(&told)).collect(),
    ]);
    (walls, version.map(|version| plain(&version)))
}

/// What a tenant says of itself is shown and logged: one that was broken into says what it likes, but not
/// at any length, and without moving the reader's cursor.
fn shortened(told: &Measure) -> Measure {
    Measure { name: plain(&told.name), in_force: told.in_force, detail: plain(&told.detail) }
}

fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

/// What was logged of each tenant's walls last.
#[derive(Default)]
pub struct Told(Mutex<HashMap<TenantId, [String; 2]>>);

impl Told {
    /// Whether this is news: a tenant that wakes behind the same walls is none.
    fn is_news(&self, tenant: TenantId, walls: &[String; 2]) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(tenant, walls.clone()).as_ref() != Some(walls)
    }

    /// Forgets a tenant that is no more.
    pub fn forget(&self, tenant: TenantId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }
}

/// Logs what is in force around a tenant that was just started, in one line, where that has changed.
pub async fn tell(app: &App, tenant: &Tenant) {
    let (walls, _) = ask(app, tenant).await;
    let named = [true, false].map(|in_force| {
        let found = walls.iter().filter(|wall| wall.in_force == in_force);
        found.map(|wall| wall.name.as_str()).collect::<Vec<_>>().join(", ")
    });
    if app.told.is_news(tenant.id, &named) {
        let [in_force, not_in_force] = named;
        tracing::info!(tenant = %tenant.slug, in_force, not_in_force, "isolation");
    }
}

#[cfg(test)]
mod tests {
    use polder_kernel::{Clock, Entropy};

    use super::*;

    #[test]
    fn the_same_walls_are_told_once_and_others_again() {
        let (told, tenant) = (Told::default(), TenantId::new(&Clock::System, &Entropy::System));
        let walls = ["seccomp".to_owned(), String::new()];
        assert!(told.is_news(tenant, &walls) && !told.is_news(tenant, &walls));
        assert!(told.is_news(tenant, &[String::new(), "seccomp".to_owned()]));
        assert!(told.is_news(tenant, &walls));
        told.forget(tenant);
        assert!(told.is_news(tenant, &walls));
    }

    #[test]
    fn g32_a_tenants_words_about_itself_are_short_and_plain() {
        let told = Measure::stands("seccomp\u{1b}[2J", "x".repeat(5_000));
        let shown = shortened(&told);
        assert_eq!((shown.name.as_str(), shown.detail.len()), ("seccomp[2J", LONGEST));
    }
}
