//! What to do next: one pure function from what is wanted and what is there.
//!
//! ```text
//! folders ─> keys ─> runtime ─> policy ─> applications ─> people ─> route
//! ```
//!
//! A step is only ever chosen because what it makes is not there. So a journal is not needed to know
//! where to go on after a crash: looking is enough, and a step that was done and not written down is
//! not done again.

use std::fmt;

use polder_tenant_api::ApplicationId;

use super::desired::{Desired, Purpose};

/// One idempotent step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Makes the tenant's folders.
    MakeFolders,
    /// Makes the seal key and the admin key.
    MakeKeys,
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
}

impl fmt::Display for Step {
    /// The name in the journal and in the events: no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeFolders => f.write_str("make-folders"),
            Self::MakeKeys => f.write_str("make-keys"),
            Self::StartRuntime => f.write_str("start-runtime"),
            Self::SetPolicy => f.write_str("set-policy"),
            Self::AddApplication(purpose) => write!(f, "add-application-{}", purpose.as_str()),
            Self::RenewSecret(purpose, _) => write!(f, "renew-secret-{}", purpose.as_str()),
            Self::AlignApplication(purpose, _) => write!(f, "align-application-{}", purpose.as_str()),
            Self::AddPerson(place) => write!(f, "add-person-{}", place + 1),
            Self::OpenRoute => f.write_str("open-route"),
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
    /// Whether the runtime answers.
    pub runtime: bool,
    /// Whether sign-up is as wanted.
    pub policy: bool,
    /// How each wanted application is.
    pub applications: Vec<ApplicationState>,
    /// Which of the wanted people are there.
    pub people: Vec<bool>,
    /// Whether the gateway sends requests.
    pub route: bool,
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

/// The next step, or `None` when all that is wanted is there.
///
/// # Errors
/// [`KeysLost`]: new keys would be made beside data that only the old ones can open.
pub fn next(desired: &Desired, observed: &Observed) -> Result<Option<Step>, KeysLost> {
    if !observed.folders {
        return Ok(Some(Step::MakeFolders));
    }
    if !observed.keys {
        return if observed.data { Err(KeysLost) } else { Ok(Some(Step::MakeKeys)) };
    }
    if !observed.runtime {
        return Ok(Some(Step::StartRuntime));
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
    Ok((!observed.route).then_some(Step::OpenRoute))
}

#[cfg(test)]
mod tests {
    use super::super::desired::Blueprint;
    use super::*;
    use crate::settings::tests::settings;

    const ID: ApplicationId = ApplicationId::from_bytes([7; 16]);

    fn there(blueprint: Blueprint) -> (Desired, Observed) {
        let desired = Desired::of(blueprint, &settings(std::path::Path::new("/nowhere")));
        let observed = Observed {
            folders: true,
            keys: true,
            data: true,
            runtime: true,
            policy: true,
            applications: vec![ApplicationState::Ready; desired.applications.len()],
            people: vec![true; desired.people.len()],
            route: true,
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
            (|o| o.route = false, Step::OpenRoute),
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
        observed.route = false;
        assert_eq!(next(&desired, &observed), Ok(Some(Step::SetPolicy)));
        let (desired, mut observed) = there(Blueprint::Plain);
        observed.policy = false;
        assert_eq!(next(&desired, &observed), Ok(None));
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
            assert!(!observed.route, "{step} came after the route was open");
            match step {
                Step::MakeFolders => observed.folders = true,
                Step::MakeKeys => observed.keys = true,
                Step::StartRuntime => observed.runtime = true,
                Step::AddApplication(_) => observed.applications.push(ApplicationState::Ready),
                Step::AddPerson(_) => observed.people.push(true),
                Step::OpenRoute => observed.route = true,
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
}
