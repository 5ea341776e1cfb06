//! How many codes may be sent and guessed: per address, per network and in all (D05, D06, D20).
//!
//! | counter | codes an hour | against |
//! | --- | --- | --- |
//! | address, from one site | 20 | flooding a mailbox; a flood from elsewhere leaves it untouched |
//! | address | 60 | the same from many sites |
//! | network | 3,000 | one visitor walking through many addresses |
//! | site (IPv6) | 6,000 | the same from the many networks of one visitor |
//! | tenant | 20,000 | all visitors together, and the growth of the tables |
//! | address, in a browser that proved it before | 10 | nothing else but its network and site counts there |
//!
//! A sign-in that succeeds takes its codes out of every count, so people who do sign in never meet a
//! limit. Hundred wrong codes in a row throttle an address: then a code allows one try and only three
//! codes an hour are sent to each site. That slows guessing to nothing and locks nobody out (K19). A browser
//! in which the address was proved before ([`super::known`]) has counters of its own: what others do
//! with the address, from however many networks, does not touch them.
//!
//! Long before a counter is full, [`super::risk`] asks for a proof of work.

use std::net::IpAddr;
use std::time::Duration;

use polder_crypto::Keyring;
use polder_db::{Error, Tx};
use polder_kernel::{Email, Timestamp};
use polder_tenant_api::LockoutKind;

use super::network;
use super::risk::Heat;
use crate::store::code_budgets::{self, Counter, Kind};
use crate::store::lockouts;
use crate::store::one_time_codes::MAX_TRIES;

/// The time over which sent codes are counted.
pub const WINDOW: Duration = Duration::from_secs(3600);
/// Codes for one address from one network.
pub const PER_ADDRESS_AND_NETWORK: i64 = 20;
/// The same once the address is throttled.
pub const PER_ADDRESS_AND_NETWORK_THROTTLED: i64 = 3;
/// Codes for one address.
pub const PER_ADDRESS: i64 = 60;
/// Codes for one address in a browser that proved it before.
pub const PER_BROWSER: i64 = 10;
/// Codes from one network.
pub const PER_NETWORK: i64 = 3_000;
/// Codes from one IPv6 site, which holds many networks.
pub const PER_SITE: i64 = 6_000;
/// Codes of the tenant.
pub const PER_TENANT: i64 = 20_000;
/// Wrong codes in a row after which the person hears of it (D26): more than anybody mistypes.
pub const FAILURES_NOTICED: i64 = 20;
/// Wrong codes in a row after which an address is throttled.
pub const FAILURES_BEFORE_THROTTLE: i64 = 100;

/// The keyed names of the counters that one address from one network falls under.
#[derive(Debug)]
pub struct Keys {
    address: String,
    address_and_network: String,
    network: String,
    /// `None` where the network is the whole site.
    site: Option<String>,
    tenant: String,
    /// Where the address was proved before, in this browser.
    browser: Option<String>,
}

/// What a permitted code may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Tries already taken from it.
    pub tries_spent: i64,
    /// How much went on before it.
    pub heat: Heat,
}

/// Why no code is sent.
#[derive(Debug)]
pub enum Refused {
    /// A counter is full.
    Full(Full),
    /// The database failed.
    Database(Error),
}

/// A counter that is full.
#[derive(Clone, Debug)]
pub struct Full {
    /// When there is room again.
    pub retry_after: Duration,
    /// The same as a moment.
    pub ends_at: Timestamp,
    /// What has to wait; `None` where everybody has.
    pub kind: Option<LockoutKind>,
    /// The counter's keyed name.
    pub counter: String,
    /// That of the address's own counter.
    pub address: String,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// Forgets what was counted for an address: its person is being erased.
pub async fn forget_address(tx: &mut Tx, keyring: &Keyring, email: &Email) -> Result<(), Error> {
    let address = keyring.index("budget-address", email.as_str().as_bytes());
    lockouts::forget_address(tx, &address).await?;
    code_budgets::clear(tx, &address).await
}

impl Keys {
    /// The counters for `email` asked for from `ip`, in the browser of this name where it is a known one.
    pub fn new(keyring: &Keyring, email: &Email, ip: Option<IpAddr>, browser: Option<&str>) -> Self {
        let (address, network, site) = (email.as_str(), network::name(ip), network::site(ip));
        // An address holds no NUL, so the pair has one reading.
        let pair = format!("{address}\0{site}");
        Self {
            address: keyring.index("budget-address", address.as_bytes()),
            address_and_network: keyring.index("budget-address-network", pair.as_bytes()),
            site: (site != network).then(|| keyring.index("budget-site", site.as_bytes())),
            network: keyring.index("budget-network", network.as_bytes()),
            tenant: keyring.index("budget-tenant", b""),
            // The name is tied to the address already.
            browser: browser.map(|name| keyring.index("budget-browser", name.as_bytes())),
        }
    }

    /// Counts one code. The caller rolls back when it is refused, so that a refusal counts nothing
    /// and leaves no row: a stranger cannot fill the table.
    pub async fn take(&self, tx: &mut Tx, now: Timestamp) -> Result<Allowance, Refused> {
        let heat = self.heat(tx, now).await?;
        let throttled = heat.failures >= FAILURES_BEFORE_THROTTLE;
        let narrow = if throttled { PER_ADDRESS_AND_NETWORK_THROTTLED } else { PER_ADDRESS_AND_NETWORK };
        let network = (&self.network, Kind::Network, PER_NETWORK);
        let counters = match &self.browser {
            Some(browser) => vec![network, (browser, Kind::Address, PER_BROWSER)],
            None => vec![
                (&self.tenant, Kind::Tenant, PER_TENANT),
                network,
                (&self.address, Kind::Address, PER_ADDRESS),
                (&self.address_and_network, Kind::Address, narrow),
            ],
        };
        let site = self.site.as_ref().map(|site| (site, Kind::Network, PER_SITE));
        for (key, kind, cap) in site.into_iter().chain(counters) {
            if !code_budgets::take(tx, key, kind, cap, (now - WINDOW, now)).await? {
                let ends_at = code_budgets::window(tx, key).await?.unwrap_or(now) + WINDOW;
                return Err(Refused::Full(Full {
                    retry_after: ends_at.since(now),
                    ends_at,
                    kind: match kind {
                        Kind::Address => Some(LockoutKind::Address),
                        Kind::Network => Some(LockoutKind::Network),
                        Kind::Tenant => None,
                    },
                    counter: key.clone(),
                    address: self.address.clone(),
                }));
            }
        }
        Ok(Allowance { tries_spent: if throttled { MAX_TRIES - 1 } else { 0 }, heat })
    }

    /// How much goes on around the address.
    async fn heat(&self, tx: &mut Tx, now: Timestamp) -> Result<Heat, Error> {
        let names = [self.guessed(), &self.address, &self.network, &self.tenant];
        let counters = code_budgets::counters(tx, names).await?;
        let find = |name: &str| counters.iter().find(|counter| counter.key_index == name);
        let sent = |name: &str| {
            let live = find(name).filter(|counter: &&Counter| counter.window_started_at > now - WINDOW);
            live.map_or(0, |counter| counter.sent)
        };
        Ok(Heat {
            address: sent(&self.address),
            network: sent(&self.network),
            tenant: sent(&self.tenant),
            failures: find(self.guessed()).map_or(0, |counter| counter.failures),
        })
    }

    /// Counts a wrong code, and gives how many there are in a row.
    pub async fn fail(&self, tx: &mut Tx, now: Timestamp) -> Result<i64, Error> {
        code_budgets::fail(tx, self.guessed(), now).await
    }

    /// The counter of wrong codes: a known browser's guesses are its own.
    fn guessed(&self) -> &str {
        self.browser.as_deref().unwrap_or(&self.address)
    }

    /// Notes that the person behind the address proved themselves.
    pub async fn succeed(&self, tx: &mut Tx) -> Result<(), Error> {
        lockouts::forget_address(tx, &self.address).await?;
        code_budgets::clear(tx, &self.address).await?;
        code_budgets::clear(tx, &self.address_and_network).await?;
        code_budgets::give_back(tx, &self.network).await?;
        if let Some(site) = &self.site {
            code_budgets::give_back(tx, site).await?;
        }
        match &self.browser {
            Some(browser) => code_budgets::clear(tx, browser).await,
            None => code_budgets::give_back(tx, &self.tenant).await,
        }
    }
}
