//! The walls around a tenant, as a report: what is in force, and what is not.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One wall around a tenant, and whether it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Measure {
    /// Its name, such as `seccomp`: it never changes.
    pub name: String,
    /// Whether it is in force.
    pub in_force: bool,
    /// What it is, or why it is not in force.
    pub detail: String,
}

impl Measure {
    /// A wall that stands.
    pub fn stands(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), in_force: true, detail: detail.into() }
    }

    /// A wall that does not stand, and why.
    pub fn missing(name: &str, why: impl Into<String>) -> Self {
        Self { in_force: false, ..Self::stands(name, why) }
    }
}

/// One report out of several views of one tenant: its runtime's and its driver's. A wall stands if anybody
/// put it up; each is told once, in the order of its first mention.
pub fn merged(views: impl IntoIterator<Item = Vec<Measure>>) -> Vec<Measure> {
    let mut all: Vec<Measure> = Vec::new();
    for measure in views.into_iter().flatten() {
        match all.iter_mut().find(|known| known.name == measure.name) {
            None => all.push(measure),
            Some(known) if measure.in_force && !known.in_force => *known = measure,
            Some(_) => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_stands_whoever_put_it_up() {
        let driver = vec![Measure::stands("network", "none"), Measure::missing("seccomp", "no profile")];
        let runtime = vec![Measure::missing("network", "refused"), Measure::stands("seccomp", "a list")];
        let all = merged([driver, runtime, vec![Measure::missing("apparmor", "the host has none")]]);
        let told: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.in_force, one.detail.as_str())).collect();
        assert_eq!(
            told,
            [("network", true, "none"), ("seccomp", true, "a list"), ("apparmor", false, "the host has none")]
        );
    }
}
