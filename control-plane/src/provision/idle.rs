//! How long a tenant goes without a request before it sleeps.

use std::time::Duration;

use super::desired::Blueprint;
use crate::model::Tenant;
use crate::settings::Settings;

/// The shortest time that can be chosen, in seconds: starting costs more than a minute of idling.
pub const SHORTEST: i64 = 60;

/// The longest time that can be chosen, in seconds: a week.
pub const LONGEST: i64 = 7 * 24 * 60 * 60;

/// How long a tenant may be idle: `None` is for ever. Polder's own tenants do not sleep by themselves:
/// `platform` is the way into the console.
pub fn after(settings: &Settings, tenant: &Tenant) -> Option<Duration> {
    match (tenant.blueprint, tenant.plans.idle_after_seconds) {
        (Blueprint::Platform, _) | (Blueprint::Practice, None) | (_, Some(0)) => None,
        (_, Some(seconds)) => u64::try_from(seconds).ok().map(Duration::from_secs),
        (Blueprint::Plain, None) => Some(settings.patience.idle),
    }
}

#[cfg(test)]
mod tests {
    use super::super::transition::tests::tenant;
    use super::*;
    use crate::model::Aim;
    use crate::settings::tests::settings;

    #[test]
    fn a_tenants_own_choice_comes_first_and_platform_never_sleeps() {
        let settings = settings(std::path::Path::new("/nowhere"));
        let choose = |blueprint, seconds| {
            let mut tenant = Tenant { blueprint, ..tenant(Aim::Running) };
            tenant.plans.idle_after_seconds = seconds;
            after(&settings, &tenant)
        };
        assert_eq!(choose(Blueprint::Plain, None), Some(settings.patience.idle));
        assert_eq!(choose(Blueprint::Plain, Some(0)), None);
        assert_eq!(choose(Blueprint::Plain, Some(90)), Some(Duration::from_secs(90)));
        assert_eq!(choose(Blueprint::Practice, None), None);
        assert_eq!(choose(Blueprint::Platform, Some(90)), None);
    }
}
