//! How much of the disk a tenant takes. No file system counts by folder for somebody who is not root, so it is
//! measured while the tenant runs:
//!
//! ```text
//! holds more than it may ────> suspended, and its state says why: what is there stays, people add nothing
//! holds much more, still ────> its runtime is stopped: who filled it goes on, suspended or not
//! ```
//!
//! It is no wall: between two looks a tenant that was broken into writes as fast as the disk takes it. A tenant
//! whose data is in a PostgreSQL database has it on that server, whose operator sees to that.

use std::path::Path;
use std::sync::Arc;

use polder_db::Error;

use super::contents::{End, look_through};
use super::{Action, ChangeError, change, runner, settled};
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{Aim, Tenant, TenantState};
use crate::store::tenants;

/// What a tenant's folder may hold where the operator says nothing, in bytes.
pub const USUAL: u64 = 10 << 30;

/// A tenant's own program makes a few dozen files. More than can be looked at is much more than it may.
const END: End = End { most: 10_000, deepest: 8 };

/// What a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    /// On the disk: a file with holes counts what is in it.
    bytes: u64,
    /// Whether that is all.
    all: bool,
}

impl Held {
    fn of(folder: &Path) -> Self {
        let mut bytes = 0_u64;
        let all = look_through(folder, END, |_, found| {
            bytes = bytes.saturating_add(u64::try_from(found.st_blocks).unwrap_or(0).saturating_mul(512));
        });
        Self { bytes, all }
    }

    const fn is_too_much(self, most: u64) -> bool {
        !self.all || self.bytes > most
    }

    const fn is_much_too_much(self, most: u64) -> bool {
        !self.all || self.bytes > most.saturating_add(most / 4)
    }

    fn in_words(self, most: u64) -> String {
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        let more = if self.all { "" } else { " and more files than are counted" };
        format!("its folder holds {} MiB{more}; it may hold {} MiB (--disk-per-tenant)", mib(self.bytes), mib(most))
    }
}

/// Measures every tenant that runs, and holds back who took too much.
///
/// # Errors
/// The database's; the next look tries again.
pub async fn look(app: &Arc<App>) -> Result<(), Error> {
    let Some(most) = app.settings.disk_per_tenant else { return Ok(()) };
    for (id, short_id) in app.links.all() {
        let folder = app.settings.layout.tenant(&short_id);
        // Beside the tasks that others wait for.
        let measured = tokio::task::spawn_blocking(move || Held::of(&folder)).await;
        if let Ok(held) = &measured {
            app.usage.holds(id, held.bytes, most);
        }
        let Some(held) = measured.ok().filter(|held| held.is_too_much(most)) else { continue };
        if let Some(tenant) = tenants::by_id(&mut app.db.read().await?, id).await? {
            hold_back(app, &tenant, held, most).await?;
        }
    }
    Ok(())
}

async fn hold_back(app: &Arc<App>, tenant: &Tenant, held: Held, most: u64) -> Result<(), Error> {
    let why = held.in_words(most);
    if tenant.desired == Aim::Running {
        match change(app, &ActingFor::system(), tenant.id, Action::Suspend).await {
            Ok(()) => {
                tracing::error!(tenant = %tenant.slug, why, "a tenant is suspended");
                settled(app, tenant.id, app.settings.patience.start).await;
                return say(app, tenant, why).await;
            }
            Err(ChangeError::Database(error)) => return Err(error),
            // `platform` is never suspended.
            Err(error) => tracing::error!(tenant = %tenant.slug, why, %error, "a tenant takes too much of the disk"),
        }
    } else if tenant.state == TenantState::Suspended && tenant.failure.is_none() {
        say(app, tenant, why.clone()).await?;
    }
    if held.is_much_too_much(most) && tenant.state == TenantState::Suspended {
        runner::stop(app, tenant, why).await?;
    }
    Ok(())
}

/// Keeps the reason where the tenant's state is shown.
async fn say(app: &App, tenant: &Tenant, why: String) -> Result<(), Error> {
    let (id, now) = (tenant.id, app.clock.now());
    let event = audit::event(
        "tenant.held_back",
        &ActingFor::system_within(tenant.organisation_id),
        Some(&tenant.slug),
        &[("why", &why)],
    );
    app.db
        .write(move |tx| {
            Box::pin(async move {
                tenants::set_state(tx, id, TenantState::Suspended, Some(why), now).await?;
                polder_audit::record(tx, event);
                Ok(())
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn g12_what_a_folder_holds_is_what_it_takes_of_the_disk() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("tenant");
        fs::create_dir_all(folder.join("data")).unwrap();
        fs::write(home.path().join("elsewhere"), vec![1; 4 << 20]).unwrap();
        std::os::unix::fs::symlink(home.path().join("elsewhere"), folder.join("data/link")).unwrap();
        fs::File::create(folder.join("data/holes")).unwrap().set_len(1 << 40).unwrap();
        let empty = Held::of(&folder);
        assert!(empty.all && empty.bytes < 1 << 20, "{empty:?}");
        fs::write(folder.join("data/tenant.db"), vec![1; 2 << 20]).unwrap();
        let held = Held::of(&folder);
        assert!((2 << 20..3 << 20).contains(&held.bytes), "{held:?}");
        assert!(held.is_too_much(2 << 20) && !held.is_too_much(3 << 20));
        assert!(held.is_much_too_much(1 << 20) && !held.is_much_too_much(2 << 20));
        for n in 0..END.most {
            fs::write(folder.join(n.to_string()), "").unwrap();
        }
        let held = Held::of(&folder);
        assert!(held.is_much_too_much(u64::MAX) && held.in_words(1 << 30).contains("more files"), "{held:?}");
    }
}
