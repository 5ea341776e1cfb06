//! What somebody may want of a tenant, and what that makes of it: one pure function.
//!
//! ```text
//!              sleep              suspend                 terminate           destroy, or grace over
//!  asleep <────────── running ──────────────> suspended ────────────> terminating ─────────> destroyed
//!         ──────────>         <──────────────           <────────────
//!              wake               resume          undo (to what it was before)
//! ```
//!
//! Asking for what is so already is no error and does nothing, so that a repeat is harmless.

use std::time::Duration;

use polder_audit::retention::next_run;
use polder_kernel::Timestamp;

use super::desired::Blueprint;
use crate::model::tenant::Plans;
use crate::model::{Aim, OperationKind, Tenant, TenantState};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How many days a grace period has (P15).
pub const GRACE_DAYS: std::ops::RangeInclusive<u32> = 30..=90;

/// What somebody wants of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Stop sign-in.
    Suspend,
    /// Let people sign in again.
    Resume,
    /// Stop it until the next request.
    Sleep,
    /// Start it now.
    Wake,
    /// End its runtime and start it again.
    Restart,
    /// Give the roles of its PostgreSQL database new passwords.
    RotateDatabase,
    /// Stop it for good, after so many days of grace.
    Terminate {
        /// Within [`GRACE_DAYS`].
        grace_days: u32,
    },
    /// Take a termination back.
    Undo,
    /// Destroy everything of it.
    Destroy,
}

impl Action {
    /// The operation it begins.
    pub const fn kind(self) -> OperationKind {
        match self {
            Self::Suspend => OperationKind::Suspend,
            Self::Resume => OperationKind::Resume,
            Self::Sleep => OperationKind::Sleep,
            Self::Wake => OperationKind::Wake,
            Self::Restart => OperationKind::Restart,
            Self::RotateDatabase => OperationKind::RotateDatabase,
            Self::Terminate { .. } => OperationKind::Terminate,
            Self::Undo => OperationKind::Undo,
            Self::Destroy => OperationKind::Destroy,
        }
    }

    /// What the log says of who asked.
    pub const fn asked(self) -> &'static str {
        match self {
            Self::Suspend => "tenant.suspend_asked",
            Self::Resume => "tenant.resume_asked",
            Self::Sleep => "tenant.sleep_asked",
            Self::Wake => "tenant.wake_asked",
            Self::Restart => "tenant.restart_asked",
            Self::RotateDatabase => "tenant.database_rotation_asked",
            Self::Terminate { .. } => "tenant.terminate_asked",
            Self::Undo => "tenant.undo_asked",
            Self::Destroy => "tenant.destroy_asked",
        }
    }
}

/// Why an action makes no sense now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The console signs people in there.
    #[error("the tenant platform is where the console signs people in: it always runs")]
    Platform,
    /// It is not made yet.
    #[error("the tenant is still being made; its events say how far that is")]
    NotMade,
    /// It is asleep.
    #[error("the tenant is asleep; wake it first")]
    Asleep,
    /// It is suspended.
    #[error("the tenant is suspended; resume it first")]
    Suspended,
    /// It is in its grace period.
    #[error("the tenant is terminated; undo that first")]
    Terminating,
    /// Only what was terminated can be undone or destroyed.
    #[error("the tenant is not terminated; terminate it first")]
    NotTerminating,
    /// Nothing of it is left, or soon will be.
    #[error("the tenant is destroyed; that cannot be undone")]
    Destroyed,
}

/// What `tenant` becomes when `action` is wanted at `now`: `None` when it is that already.
///
/// # Errors
/// [`Illegal`].
pub fn next(tenant: &Tenant, action: Action, now: Timestamp) -> Result<Option<Tenant>, Illegal> {
    if tenant.blueprint == Blueprint::Platform
        && !matches!(action, Action::Restart | Action::RotateDatabase | Action::Wake)
    {
        return Err(Illegal::Platform);
    }
    if tenant.state == TenantState::Provisioning {
        return Err(Illegal::NotMade);
    }
    let (aim, plans) = turn(tenant, action, now)?;
    let settled = tenant.state == tenant.desired.state();
    // Passwords are made anew each time.
    let same = settled && aim == tenant.desired && plans == tenant.plans && action != Action::RotateDatabase;
    Ok((!same).then(|| Tenant { desired: aim, plans, ..tenant.clone() }))
}

fn turn(tenant: &Tenant, action: Action, now: Timestamp) -> Result<(Aim, Plans), Illegal> {
    let plans = tenant.plans.clone();
    let awake = Plans { wake_at: None, ..plans.clone() };
    Ok(match (tenant.desired, action) {
        (Aim::Destroyed, Action::Destroy) => (Aim::Destroyed, plans),
        (Aim::Destroyed, _) => return Err(Illegal::Destroyed),
        (Aim::Terminating, Action::Terminate { .. }) => (Aim::Terminating, plans),
        (Aim::Terminating, Action::Destroy) => (Aim::Destroyed, Plans { terminate_at: None, ..plans }),
        (Aim::Terminating, Action::Undo) => {
            let before = plans.desired_before.unwrap_or(Aim::Running);
            let plans = Plans { desired_before: None, terminated_at: None, terminate_at: None, ..plans };
            (before, Plans { wake_at: wake_at(before, tenant, now), ..plans })
        }
        (Aim::Terminating, _) => return Err(Illegal::Terminating),
        (_, Action::Undo | Action::Destroy) => return Err(Illegal::NotTerminating),
        (before, Action::Terminate { grace_days }) => {
            let ends = now + DAY * grace_days;
            let (terminated_at, terminate_at) = (Some(now), Some(ends));
            (Aim::Terminating, Plans { desired_before: Some(before), terminated_at, terminate_at, ..awake })
        }
        (_, Action::Suspend) => (Aim::Suspended, awake),
        (Aim::Suspended | Aim::Running, Action::Resume) => (Aim::Running, awake),
        (Aim::Asleep, Action::Resume) => (Aim::Asleep, plans),
        (Aim::Running | Aim::Asleep, Action::Wake) => (Aim::Running, awake),
        (Aim::Suspended, Action::Wake | Action::Sleep) => return Err(Illegal::Suspended),
        (Aim::Asleep, Action::Sleep) => (Aim::Asleep, plans),
        (Aim::Running, Action::Sleep) => {
            (Aim::Asleep, Plans { wake_at: wake_at(Aim::Asleep, tenant, now), restart_at: None, ..plans })
        }
        (Aim::Asleep, Action::Restart) => return Err(Illegal::Asleep),
        (Aim::Asleep, Action::RotateDatabase) => (Aim::Asleep, plans),
        (aim @ (Aim::Running | Aim::Suspended), Action::Restart | Action::RotateDatabase) => {
            (aim, Plans { restart_at: Some(now), ..plans })
        }
    })
}

/// When work of a sleeping tenant's own is due: retention, spread over an hour so that not all of a
/// large installation wakes in one moment.
fn wake_at(aim: Aim, tenant: &Tenant, now: Timestamp) -> Option<Timestamp> {
    let spread = tenant.id.as_bytes().iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
    (aim == Aim::Asleep).then(|| next_run(now) + Duration::from_secs(u64::from(spread % 3600)))
}

#[cfg(test)]
pub(crate) mod tests {
    use polder_kernel::{Clock, Entropy};

    use super::*;
    use crate::model::TenantId;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_248_000);
    const GRACE: Action = Action::Terminate { grace_days: 30 };
    const ACTIONS: [Action; 8] = [
        Action::Suspend,
        Action::Resume,
        Action::Sleep,
        Action::Wake,
        Action::Restart,
        GRACE,
        Action::Undo,
        Action::Destroy,
    ];

    pub(crate) fn tenant(desired: Aim) -> Tenant {
        Tenant {
            id: TenantId::new(&Clock::System, &Entropy::System),
            slug: "acme".parse().unwrap(),
            short_id: "short".to_owned(),
            name: "Acme".to_owned(),
            issuer: "http://acme.localhost:8600".to_owned(),
            organisation_id: None,
            state: desired.state(),
            failure: None,
            desired,
            blueprint: Blueprint::Plain,
            plans: Plans::default(),
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn told(tenant: &Tenant, action: Action) -> &'static str {
        match next(tenant, action, NOW) {
            Ok(None) => "same",
            Ok(Some(turned)) => turned.desired.as_str(),
            Err(_) => "no",
        }
    }

    #[test]
    fn g25_every_action_in_every_state() {
        // suspend, resume, sleep, wake, restart, terminate, undo, destroy
        let table = [
            (Aim::Running, ["suspended", "same", "asleep", "same", "running", "terminating", "no", "no"]),
            (Aim::Asleep, ["suspended", "same", "same", "running", "no", "terminating", "no", "no"]),
            (Aim::Suspended, ["same", "running", "no", "no", "suspended", "terminating", "no", "no"]),
            (Aim::Terminating, ["no", "no", "no", "no", "no", "same", "running", "destroyed"]),
            (Aim::Destroyed, ["no", "no", "no", "no", "no", "no", "no", "same"]),
        ];
        for (aim, expected) in table {
            assert_eq!(ACTIONS.map(|action| told(&tenant(aim), action)), expected, "{aim}");
        }
    }

    #[test]
    fn g25_platform_always_runs() {
        let platform = Tenant { blueprint: Blueprint::Platform, ..tenant(Aim::Running) };
        let expected = ["no", "no", "no", "same", "running", "no", "no", "no"];
        assert_eq!(ACTIONS.map(|action| told(&platform, action)), expected);
    }

    #[test]
    fn g23_what_is_being_made_is_left_alone() {
        let young = Tenant { state: TenantState::Provisioning, ..tenant(Aim::Running) };
        assert!(ACTIONS.iter().all(|action| matches!(next(&young, *action, NOW), Err(Illegal::NotMade))));
    }

    #[test]
    fn g18_passwords_are_rotated_whatever_the_tenant_does_unless_it_is_ending() {
        let told = |aim| told(&tenant(aim), Action::RotateDatabase);
        assert_eq!([Aim::Running, Aim::Suspended, Aim::Asleep].map(told), ["running", "suspended", "asleep"]);
        assert_eq!([Aim::Terminating, Aim::Destroyed].map(told), ["no", "no"]);
        let turned = next(&tenant(Aim::Running), Action::RotateDatabase, NOW).unwrap().unwrap();
        assert_eq!(turned.plans.restart_at, Some(NOW));
        let platform = Tenant { blueprint: Blueprint::Platform, ..tenant(Aim::Running) };
        assert!(next(&platform, Action::RotateDatabase, NOW).unwrap().is_some());
    }

    #[test]
    fn g23_what_failed_can_be_tried_again() {
        let failed = Tenant { state: TenantState::Failed, ..tenant(Aim::Suspended) };
        assert_eq!(told(&failed, Action::Suspend), "suspended");
        let failed = Tenant { state: TenantState::Failed, ..tenant(Aim::Running) };
        assert_eq!(told(&failed, Action::Resume), "running");
        assert_eq!(told(&failed, GRACE), "terminating");
    }

    #[test]
    fn p15_the_grace_period_ends_in_its_time_and_undo_gives_back_what_was() {
        for before in [Aim::Running, Aim::Asleep, Aim::Suspended] {
            let mut ended = next(&tenant(before), GRACE, NOW).unwrap().unwrap();
            assert_eq!(ended.plans.terminate_at, Some(NOW + DAY * 30));
            ended.state = TenantState::Terminating;
            let back = next(&ended, Action::Undo, NOW).unwrap().unwrap();
            assert_eq!((back.desired, back.plans.terminate_at, back.plans.terminated_at), (before, None, None));
        }
    }

    #[test]
    fn p13_a_sleeping_tenant_wakes_for_its_own_work() {
        let asleep = next(&tenant(Aim::Running), Action::Sleep, NOW).unwrap().unwrap();
        let wake = asleep.plans.wake_at.unwrap();
        assert!(wake >= next_run(NOW) && wake < next_run(NOW) + Duration::from_secs(3600));
    }
}
