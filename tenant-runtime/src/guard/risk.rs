//! When more is asked for before another code is sent. One pure decision over what is known; whether an
//! address has an account is none of it (D10). A signal refuses nobody and lasts for an hour: it asks for a
//! proof of work, which a browser gives by itself (K19).
//!
//! | signal | from |
//! | --- | --- |
//! | codes for one address that nobody typed in, within an hour | 11 |
//! | the same for one network | 101; from this machine itself 1,001 |
//! | the same in all | 5,001 |
//! | wrong codes for one address since the last right one | 50 |
//! | the field that people leave empty is filled in (R2) | once |
//! | the form came back within two seconds, or without saying when it was shown (R2) | once, but not from this machine |
//! | the network is on a list that asks for it (R8) | once |
//!
//! Twice and four times as many ask for twice and four times the work. A browser in which the address was
//! proved before counts for itself: what others do with the address or from its network is nothing to it.
//! Forms that come from this machine itself (loopback) are filled in by programs, such as the sign-in that
//! checks a new version, and those are quick.

use super::proof::Level;
use polder_tenant_api::ProofOfWork;

const ADDRESS: i64 = 10;
const NETWORK: i64 = 100;
const NETWORK_OF_OURS: i64 = 1_000;
const TENANT: i64 = 5_000;
const FAILURES: i64 = 49;

/// How much goes on around one form, before it counts itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heat {
    /// Codes for this address, within an hour, that nobody typed in.
    pub address: i64,
    /// The same for the network.
    pub network: i64,
    /// The same for the tenant.
    pub tenant: i64,
    /// Wrong codes since the last right one.
    pub failures: i64,
}

/// What is known when a form comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// How much goes on.
    pub heat: Heat,
    /// The field that people leave empty is filled in.
    pub trapped: bool,
    /// The form answers a challenge: whoever was asked is asked until the answer is right.
    pub answering: bool,
    /// The form came back faster than people are.
    pub hasty: bool,
    /// The network is on a list that asks for work.
    pub listed: bool,
    /// The address was proved in this browser before.
    pub known_browser: bool,
    /// The form comes from this machine.
    pub from_this_machine: bool,
}

/// What is asked for, if anything.
pub fn asks(policy: ProofOfWork, signals: &Signals) -> Option<Level> {
    let listed = signals.listed.then_some(Level::Low);
    match policy {
        ProofOfWork::Never => listed,
        ProofOfWork::Always => Some(by_risk(signals).unwrap_or(Level::Low)),
        ProofOfWork::Risk => by_risk(signals).max(listed),
    }
}

fn by_risk(signals: &Signals) -> Option<Level> {
    let Signals { heat, trapped, answering, hasty, known_browser, from_this_machine, .. } = *signals;
    let hasty = hasty && !from_this_machine && !known_browser;
    let form = (trapped || answering || hasty).then_some(Level::Low);
    if known_browser {
        return form;
    }
    let network = if from_this_machine { NETWORK_OF_OURS } else { NETWORK };
    let counts = [(heat.address, ADDRESS), (heat.network, network), (heat.tenant, TENANT), (heat.failures, FAILURES)];
    counts.into_iter().filter_map(|(count, free)| level(count, free)).max().max(form)
}

fn level(count: i64, free: i64) -> Option<Level> {
    match count {
        _ if count < free => None,
        _ if count < free * 2 => Some(Level::Low),
        _ if count < free * 4 => Some(Level::Middle),
        _ => Some(Level::High),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Signals = Signals {
        heat: Heat { address: 0, network: 0, tenant: 0, failures: 0 },
        trapped: false,
        answering: false,
        hasty: false,
        listed: false,
        known_browser: false,
        from_this_machine: false,
    };

    fn with(heat: Heat) -> Signals {
        Signals { heat, ..QUIET }
    }

    fn by_risk_alone(signals: Signals) -> Option<Level> {
        asks(ProofOfWork::Risk, &signals)
    }

    #[test]
    fn r1_nobody_is_asked_for_work_without_a_reason() {
        assert_eq!(by_risk_alone(QUIET), None);
        let busy = Heat { address: ADDRESS - 1, network: NETWORK - 1, tenant: TENANT - 1, failures: FAILURES - 1 };
        assert_eq!(by_risk_alone(with(busy)), None);
    }

    #[test]
    fn r1_a_burst_asks_for_more_the_longer_it_goes_on_and_never_for_more_than_the_most() {
        for (heat, expected) in [
            (Heat { address: 10, ..Heat::default() }, Level::Low),
            (Heat { address: 20, ..Heat::default() }, Level::Middle),
            (Heat { network: 100, ..Heat::default() }, Level::Low),
            (Heat { network: 400, ..Heat::default() }, Level::High),
            (Heat { tenant: 5_000, ..Heat::default() }, Level::Low),
            (Heat { failures: 49, ..Heat::default() }, Level::Low),
            (Heat { address: i64::MAX, network: i64::MAX, tenant: i64::MAX, failures: i64::MAX }, Level::High),
        ] {
            assert_eq!(by_risk_alone(with(heat)), Some(expected), "{heat:?}");
        }
    }

    #[test]
    fn r2_a_filled_trap_and_a_hasty_form_ask_for_work_and_for_no_more() {
        assert_eq!(by_risk_alone(Signals { trapped: true, ..QUIET }), Some(Level::Low));
        assert_eq!(by_risk_alone(Signals { answering: true, ..QUIET }), Some(Level::Low), "until it is answered");
        assert_eq!(by_risk_alone(Signals { hasty: true, ..QUIET }), Some(Level::Low));
        let ours = Signals { from_this_machine: true, ..QUIET };
        assert_eq!(by_risk_alone(Signals { hasty: true, ..ours }), None, "programs of this machine are quick");
        assert_eq!(by_risk_alone(Signals { trapped: true, ..ours }), Some(Level::Low));
        let burst = Heat { network: 1_000, ..Heat::default() };
        assert_eq!(by_risk_alone(Signals { heat: burst, ..ours }), Some(Level::Low));
    }

    #[test]
    fn k19_what_others_do_is_nothing_to_a_browser_that_proved_the_address() {
        let flooded = Heat { address: 60, network: 3_000, tenant: 20_000, failures: 100 };
        let known = Signals { heat: flooded, known_browser: true, hasty: true, ..QUIET };
        assert_eq!(by_risk_alone(known), None);
        assert_eq!(by_risk_alone(Signals { listed: true, ..known }), Some(Level::Low));
    }

    #[test]
    fn r1_an_administrator_may_ask_always_or_never_and_lists_still_ask() {
        assert_eq!(asks(ProofOfWork::Always, &QUIET), Some(Level::Low));
        let burst = with(Heat { address: 60, ..Heat::default() });
        assert_eq!(asks(ProofOfWork::Always, &burst), Some(Level::High));
        assert_eq!(asks(ProofOfWork::Never, &burst), None);
        assert_eq!(asks(ProofOfWork::Never, &Signals { listed: true, ..burst }), Some(Level::Low));
    }
}
