//! The plan, without anything that is planned.

use polder_kernel::Timestamp;
use polder_tenant_api::ApplicationId;

use super::super::desired::{Blueprint, Purpose};
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
