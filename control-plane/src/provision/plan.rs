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

use std::fmt;

use polder_kernel::Timestamp;
use polder_tenant_api::{ApplicationId, Standing};

use super::desired::{Desired, Purpose};
use crate::gateway::WayState;
use crate::model::Aim;

/// One idempotent step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Makes the tenant's folders.
    MakeFolders,
    /// Makes the seal key and the admin key.
    MakeKeys,
    /// Makes the tenant's PostgreSQL database, or brings it to this version's schema.
    MakeDatabase,
    /// Makes new passwords for its PostgreSQL roles.
    RotatePasswords,
    /// Starts the tenant's process and waits until it answers.
    StartRuntime,
    /// Sets who may sign up.
    SetPolicy,
    /// Makes an application and keeps its secret.
    AddApplication(Purpose),
    /// Gives an application whose secret was lost a new one, and keeps that.
    RenewSecret(Purpose, ApplicationId),
    /// Brings an application's addresses in line with this start's.
    AlignApplication(Purpose, ApplicationId),
    /// Makes the account of the person at this place in the list.
    AddPerson(usize),
    /// Lets the gateway send requests.
    OpenRoute,
    /// Ends the tenant's process and starts it again, while requests wait.
    RestartRuntime,
    /// Tells the tenant whether it serves, so that its own log says so.
    TellTenant,
    /// Lets the gateway send requests for discovery and keys alone.
    LimitRoute,
    /// Has the gateway hold requests and wake the tenant for them.
    HoldRoute,
    /// Keeps the gateway from sending anything.
    CloseRoute,
    /// Ends the tenant's process.
    StopRuntime,
    /// Writes down what there is to destroy.
    TakeInventory,
    /// Destroys the seal key and the admin keys: no copy of the data can be read from then on.
    DestroyKeys,
    /// Destroys the process or container, the database, the queue and the folders.
    DestroyData,
    /// Looks that nothing is left, and signs for it.
    Certify,
}

impl fmt::Display for Step {
    /// The name in the journal and in the events: no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeFolders => f.write_str("make-folders"),
            Self::MakeKeys => f.write_str("make-keys"),
            Self::MakeDatabase => f.write_str("make-database"),
            Self::RotatePasswords => f.write_str("rotate-passwords"),
            Self::StartRuntime => f.write_str("start-runtime"),
            Self::SetPolicy => f.write_str("set-policy"),
            Self::AddApplication(purpose) => write!(f, "add-application-{}", purpose.as_str()),
            Self::RenewSecret(purpose, _) => write!(f, "renew-secret-{}", purpose.as_str()),
            Self::AlignApplication(purpose, _) => write!(f, "align-application-{}", purpose.as_str()),
            Self::AddPerson(place) => write!(f, "add-person-{}", place + 1),
            Self::OpenRoute => f.write_str("open-route"),
            Self::RestartRuntime => f.write_str("restart-runtime"),
            Self::TellTenant => f.write_str("tell-tenant"),
            Self::LimitRoute => f.write_str("limit-route"),
            Self::HoldRoute => f.write_str("hold-route"),
            Self::CloseRoute => f.write_str("close-route"),
            Self::StopRuntime => f.write_str("stop-runtime"),
            Self::TakeInventory => f.write_str("take-inventory"),
            Self::DestroyKeys => f.write_str("destroy-keys"),
            Self::DestroyData => f.write_str("destroy-data"),
            Self::Certify => f.write_str("certify"),
        }
    }
}

/// What is there. What cannot be seen yet, because the runtime does not answer, is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Whether the tenant's folders are there.
    pub folders: bool,
    /// Whether both keys are there.
    pub keys: bool,
    /// Whether a database is there, which only the lost seal key could open.
    pub data: bool,
    /// Whether a PostgreSQL database is to be made or brought up to date. Looked at before a start alone.
    pub database_due: bool,
    /// Whether new passwords are wanted and not made yet.
    pub passwords_due: bool,
    /// Whether the runtime answers.
    pub runtime: bool,
    /// Whether sign-up is as wanted.
    pub policy: bool,
    /// How each wanted application is.
    pub applications: Vec<ApplicationState>,
    /// Which of the wanted people are there.
    pub people: Vec<bool>,
    /// What the gateway does with requests.
    pub route: WayState,
    /// Whether anything of the runtime is there: a process or container, or a way to it.
    pub alive: bool,
    /// When this control plane started the runtime.
    pub started_at: Option<Timestamp>,
    /// Whether the tenant was told to serve.
    pub standing: Standing,
    /// What is left of a tenant that is to be destroyed.
    pub remains: Remains,
}

/// What is left of a tenant that is to be destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remains {
    /// Whether what there is to destroy is written down.
    pub inventory: bool,
    /// Whether any key is left.
    pub keys: bool,
    /// Whether any data is left.
    pub data: bool,
    /// Whether it was signed for.
    pub certified: bool,
}

/// How a wanted application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationState {
    /// Not there.
    Missing,
    /// There, and its secret is not known: a crash came between making it and keeping the secret.
    SecretUnknown(ApplicationId),
    /// There, with addresses of an earlier start.
    Differs(ApplicationId),
    /// There.
    Ready,
}

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

#[cfg(test)]
mod tests {
    use super::super::desired::Blueprint;
    use super::super::transition::tests::tenant;
    use super::*;
    use crate::model::Tenant;
    use crate::settings::tests::settings;

    const ID: ApplicationId = ApplicationId::from_bytes([7; 16]);

    fn there(blueprint: Blueprint) -> (Desired, Observed) {
        let tenant = Tenant { blueprint, ..tenant(Aim::Running) };
        let desired = Desired::of(&tenant, &settings(std::path::Path::new("/nowhere")));
        let observed = Observed {
            folders: true,
            keys: true,
            data: true,
            runtime: true,
            policy: true,
            applications: vec![ApplicationState::Ready; desired.applications.len()],
            people: vec![true; desired.people.len()],
            route: WayState::Open,
            alive: true,
            ..Observed::default()
        };
        (desired, observed)
    }

    #[test]
    fn g23_what_is_all_there_needs_nothing() {
        for blueprint in [Blueprint::Plain, Blueprint::Platform, Blueprint::Practice] {
            let (desired, observed) = there(blueprint);
            assert_eq!(next(&desired, &observed), Ok(None), "{blueprint}");
        }
    }

    #[test]
    fn g23_each_missing_part_has_its_step() {
        type Take = fn(&mut Observed);
        let table: [(Take, Step); 10] = [
            (|o| o.folders = false, Step::MakeFolders),
            (|o| (o.keys, o.data) = (false, false), Step::MakeKeys),
            (|o| o.runtime = false, Step::StartRuntime),
            (|o| o.applications[0] = ApplicationState::Missing, Step::AddApplication(Purpose::Coach)),
            (|o| o.applications.clear(), Step::AddApplication(Purpose::Coach)),
            (|o| o.applications[1] = ApplicationState::SecretUnknown(ID), Step::RenewSecret(Purpose::Portal, ID)),
            (|o| o.applications[1] = ApplicationState::Differs(ID), Step::AlignApplication(Purpose::Portal, ID)),
            (|o| o.people[1] = false, Step::AddPerson(1)),
            (|o| o.people.clear(), Step::AddPerson(0)),
            (|o| o.route = WayState::Closed, Step::OpenRoute),
        ];
        for (take, step) in table {
            let (desired, mut observed) = there(Blueprint::Practice);
            take(&mut observed);
            assert_eq!(next(&desired, &observed), Ok(Some(step)));
        }
    }

    #[test]
    fn g23_policy_is_set_where_it_is_wanted_and_before_anything_else_at_the_tenant() {
        let (desired, mut observed) = there(Blueprint::Platform);
        observed.policy = false;
        observed.applications.clear();
        observed.route = WayState::Closed;
        assert_eq!(next(&desired, &observed), Ok(Some(Step::SetPolicy)));
        let (desired, mut observed) = there(Blueprint::Plain);
        observed.policy = false;
        assert_eq!(next(&desired, &observed), Ok(None));
    }

    #[test]
    fn g23_a_database_is_made_before_the_runtime_starts_and_not_while_it_runs() {
        let (desired, mut observed) = there(Blueprint::Plain);
        observed.database_due = true;
        assert_eq!(next(&desired, &observed), Ok(None));
        observed.runtime = false;
        assert_eq!(next(&desired, &observed), Ok(Some(Step::MakeDatabase)));
        observed.keys = false;
        assert_eq!(next(&desired, &observed), Err(KeysLost));
    }

    #[test]
    fn k3_lost_keys_are_never_replaced_beside_their_data() {
        let (desired, mut observed) = there(Blueprint::Plain);
        observed.keys = false;
        assert_eq!(next(&desired, &observed), Err(KeysLost));
    }

    #[test]
    fn g23_the_route_opens_last() {
        let (desired, all) = there(Blueprint::Practice);
        let mut observed = Observed::default();
        let mut steps = Vec::new();
        while let Some(step) = next(&desired, &observed).unwrap() {
            assert_eq!(observed.route, WayState::Closed, "{step} came after the route was open");
            match step {
                Step::MakeFolders => observed.folders = true,
                Step::MakeKeys => observed.keys = true,
                Step::StartRuntime => (observed.runtime, observed.alive) = (true, true),
                Step::AddApplication(_) => observed.applications.push(ApplicationState::Ready),
                Step::AddPerson(_) => observed.people.push(true),
                Step::OpenRoute => observed.route = WayState::Open,
                other => panic!("{other} was not needed"),
            }
            steps.push(step.to_string());
        }
        assert_eq!(observed, Observed { data: false, policy: false, ..all });
        assert_eq!(
            steps.join(" "),
            "make-folders make-keys start-runtime add-application-coach add-application-portal \
             add-person-1 add-person-2 open-route"
        );
    }

    /// What a step does to what is there, as far as the plan can see.
    fn done(step: Step, aim: Aim, observed: &mut Observed) {
        match step {
            Step::StartRuntime | Step::RestartRuntime => {
                (observed.runtime, observed.alive) = (true, true);
                observed.started_at = Some(Timestamp::from_seconds(100));
            }
            Step::TellTenant => {
                observed.standing = match aim {
                    Aim::Suspended => Standing::Suspended,
                    Aim::Terminating => Standing::Terminating,
                    _ => Standing::Serving,
                };
            }
            Step::OpenRoute => observed.route = WayState::Open,
            Step::LimitRoute => observed.route = WayState::Documents,
            Step::HoldRoute => observed.route = WayState::Held,
            Step::CloseRoute => observed.route = WayState::Closed,
            Step::StopRuntime => (observed.runtime, observed.alive) = (false, false),
            Step::TakeInventory => observed.remains.inventory = true,
            Step::DestroyKeys => observed.remains.keys = false,
            Step::DestroyData => observed.remains.data = false,
            Step::Certify => observed.remains.certified = true,
            other => panic!("{other} was not needed"),
        }
    }

    fn walked(desired: &Desired, observed: &mut Observed) -> String {
        let mut steps = Vec::new();
        while let Some(step) = next(desired, observed).unwrap() {
            done(step, desired.aim, observed);
            steps.push(step.to_string());
            assert!(steps.len() < 20, "it never ends: {steps:?}");
        }
        steps.join(" ")
    }

    #[test]
    fn g25_from_any_aim_to_any_other() {
        let (running, up) = there(Blueprint::Plain);
        let wish = |aim| Desired { aim, ..running.clone() };
        let table = [
            (Aim::Running, Aim::Suspended, "limit-route tell-tenant"),
            (Aim::Running, Aim::Asleep, "hold-route stop-runtime"),
            (Aim::Running, Aim::Terminating, "close-route tell-tenant stop-runtime"),
            (Aim::Suspended, Aim::Running, "tell-tenant open-route"),
            (Aim::Suspended, Aim::Terminating, "close-route tell-tenant stop-runtime"),
            (Aim::Asleep, Aim::Running, "start-runtime open-route"),
            (Aim::Asleep, Aim::Suspended, "start-runtime tell-tenant limit-route"),
            (Aim::Asleep, Aim::Terminating, "close-route"),
            (Aim::Terminating, Aim::Running, "start-runtime tell-tenant open-route"),
            (Aim::Terminating, Aim::Suspended, "start-runtime tell-tenant limit-route"),
            (Aim::Terminating, Aim::Asleep, "hold-route"),
            (Aim::Terminating, Aim::Destroyed, "take-inventory destroy-keys destroy-data certify"),
        ];
        for (from, to, expected) in table {
            let mut observed = up.clone();
            walked(&wish(from), &mut observed);
            observed.remains = Remains { keys: true, data: true, ..Remains::default() };
            assert_eq!(walked(&wish(to), &mut observed), expected, "{from} to {to}");
        }
    }

    #[test]
    fn g18_new_passwords_are_made_before_the_restart_that_takes_them_up() {
        let (desired, up) = there(Blueprint::Plain);
        for aim in [Aim::Running, Aim::Suspended, Aim::Asleep] {
            let desired = Desired { aim, restart_at: Some(Timestamp::from_seconds(50)), ..desired.clone() };
            let mut observed = Observed { passwords_due: true, ..up.clone() };
            assert_eq!(next(&desired, &observed), Ok(Some(Step::RotatePasswords)), "{aim}");
            observed.passwords_due = false;
            assert_ne!(next(&desired, &observed), Ok(None), "{aim}: and then the rest");
        }
        let desired = Desired { aim: Aim::Destroyed, ..desired };
        let observed = Observed { passwords_due: true, ..up };
        assert_eq!(next(&desired, &observed), Ok(Some(Step::CloseRoute)));
    }

    #[test]
    fn g25_sign_in_stops_before_anything_else_is_tried() {
        let (running, up) = there(Blueprint::Practice);
        let suspended = Desired { aim: Aim::Suspended, ..running };
        let down = Observed { runtime: false, ..up };
        assert_eq!(next(&suspended, &down), Ok(Some(Step::LimitRoute)));
    }

    #[test]
    fn h17_the_keys_go_before_the_data_and_the_certificate_comes_last() {
        let (running, up) = there(Blueprint::Plain);
        let mut observed = Observed { remains: Remains { keys: true, data: true, ..Remains::default() }, ..up };
        let told = walked(&Desired { aim: Aim::Destroyed, ..running }, &mut observed);
        assert_eq!(told, "close-route take-inventory stop-runtime destroy-keys destroy-data certify");
    }

    #[test]
    fn a_restart_is_over_once_the_runtime_is_younger_than_the_wish() {
        let (mut desired, observed) = there(Blueprint::Plain);
        let at = Timestamp::from_seconds(50);
        desired.restart_at = Some(at);
        for started_at in [None, Some(Timestamp::from_seconds(49))] {
            let observed = Observed { started_at, ..observed.clone() };
            assert_eq!(next(&desired, &observed), Ok(Some(Step::RestartRuntime)), "{started_at:?}");
        }
        let observed = Observed { started_at: Some(at), ..observed };
        assert_eq!(next(&desired, &observed), Ok(None));
    }
}
