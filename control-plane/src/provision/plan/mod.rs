//! What to do next: one pure function from what is wanted and what is there.
//!
//! ```text
//! running      folders ─> keys ─> (database) ─> runtime ─> told ─> policy ─> applications ─> people ─> route
//! suspended    route for documents alone ─> folders ─> keys ─> runtime ─> told
//! asleep       requests held ─> runtime stopped
//! terminating  route closed ─> told, where it runs ─> runtime stopped
//! destroyed    route closed ─> inventory ─> runtime stopped ─> keys ─> data ─> certificate
//! ```
//!
//! New passwords, where they are wanted, come before all of that.
//!
//! A step is only ever chosen because what it makes is not there. So a journal is not needed to know
//! where to go on after a crash: looking is enough, and a step that was done and not written down is
//! not done again.

mod observed;
mod step;
#[cfg(test)]
mod tests;

use polder_tenant_api::Standing;

use super::desired::Desired;
use crate::gateway::WayState;
use crate::model::Aim;

pub use observed::{ApplicationState, Observed, Remains};
pub use step::Step;

/// Nothing may be done without a person: going on would make things worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant's keys are missing while its database is there: restore them to the folder `secrets`")]
pub struct KeysLost;

/// The next step, or `None` when all is as it is meant to be.
///
/// # Errors
/// [`KeysLost`]: new keys would be made beside data that only the old ones can open.
pub fn next(desired: &Desired, observed: &Observed) -> Result<Option<Step>, KeysLost> {
    if observed.passwords_due && !matches!(desired.aim, Aim::Terminating | Aim::Destroyed) {
        return Ok(Some(Step::RotatePasswords));
    }
    match desired.aim {
        Aim::Running => running(desired, observed),
        Aim::Suspended => suspended(desired, observed),
        Aim::Asleep => Ok(asleep(observed)),
        Aim::Terminating => Ok(terminating(observed)),
        Aim::Destroyed => Ok(destroyed(observed)),
    }
}

fn running(desired: &Desired, observed: &Observed) -> Result<Option<Step>, KeysLost> {
    if let Some(step) = up(desired, observed)? {
        return Ok(Some(step));
    }
    if observed.standing != Standing::Serving {
        return Ok(Some(Step::TellTenant));
    }
    if desired.sign_up.is_some() && !observed.policy {
        return Ok(Some(Step::SetPolicy));
    }
    for (place, (purpose, _)) in desired.applications.iter().enumerate() {
        match observed.applications.get(place).copied().unwrap_or(ApplicationState::Missing) {
            ApplicationState::Missing => return Ok(Some(Step::AddApplication(*purpose))),
            ApplicationState::SecretUnknown(id) => return Ok(Some(Step::RenewSecret(*purpose, id))),
            ApplicationState::Differs(id) => return Ok(Some(Step::AlignApplication(*purpose, id))),
            ApplicationState::Ready => {}
        }
    }
    let missing = (0..desired.people.len()).find(|&place| !observed.people.get(place).copied().unwrap_or(false));
    if let Some(place) = missing {
        return Ok(Some(Step::AddPerson(place)));
    }
    Ok((observed.route != WayState::Open).then_some(Step::OpenRoute))
}

/// Sign-in stops with the first step, whatever becomes of the others.
fn suspended(desired: &Desired, observed: &Observed) -> Result<Option<Step>, KeysLost> {
    if observed.route == WayState::Open {
        return Ok(Some(Step::LimitRoute));
    }
    if let Some(step) = up(desired, observed)? {
        return Ok(Some(step));
    }
    if observed.standing != Standing::Suspended {
        return Ok(Some(Step::TellTenant));
    }
    Ok((observed.route != WayState::Documents).then_some(Step::LimitRoute))
}

/// What a tenant needs to answer at all.
fn up(desired: &Desired, observed: &Observed) -> Result<Option<Step>, KeysLost> {
    if !observed.folders {
        return Ok(Some(Step::MakeFolders));
    }
    if !observed.keys {
        return if observed.data { Err(KeysLost) } else { Ok(Some(Step::MakeKeys)) };
    }
    if !observed.runtime {
        return Ok(Some(if observed.database_due { Step::MakeDatabase } else { Step::StartRuntime }));
    }
    // One whose start this control plane has not seen may be older than the wish.
    let stale = desired.restart_at.is_some_and(|at| observed.started_at.is_none_or(|started| started < at));
    Ok(stale.then_some(Step::RestartRuntime))
}

fn asleep(observed: &Observed) -> Option<Step> {
    if observed.route != WayState::Held {
        return Some(Step::HoldRoute);
    }
    observed.alive.then_some(Step::StopRuntime)
}

fn terminating(observed: &Observed) -> Option<Step> {
    if observed.route != WayState::Closed {
        return Some(Step::CloseRoute);
    }
    // One that sleeps is not woken for it: whoever takes the termination back tells it then.
    if observed.runtime && observed.standing != Standing::Terminating {
        return Some(Step::TellTenant);
    }
    observed.alive.then_some(Step::StopRuntime)
}

/// The keys go before the data: should anything stop it in between, what is left cannot be read.
const fn destroyed(observed: &Observed) -> Option<Step> {
    let Remains { inventory, keys, data, certified } = observed.remains;
    if !matches!(observed.route, WayState::Closed) {
        Some(Step::CloseRoute)
    } else if !inventory {
        Some(Step::TakeInventory)
    } else if observed.alive {
        Some(Step::StopRuntime)
    } else if keys {
        Some(Step::DestroyKeys)
    } else if data {
        Some(Step::DestroyData)
    } else if !certified {
        Some(Step::Certify)
    } else {
        None
    }
}
