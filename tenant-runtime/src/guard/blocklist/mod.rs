//! Lists of networks that abuse comes from (R8): given by an administrator, kept sealed, held in memory, and
//! asked about the address that the gateway saw and no header could change (B42).
//!
//! A list says of a network that it is refused, or that it proves some work before each code. Whoever has a
//! passkey signs in from anywhere: what cannot be guessed needs no list.

mod crowdsec;
mod network;
mod plain;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use polder_crypto::{Category, Keyring};
use polder_db::Db;
use polder_kernel::Timestamp;
use polder_tenant_api::{BlocklistAction, BlocklistFormat};
use tokio::sync::Mutex;

pub use network::Network;

use crate::error::Internal;
use crate::store::blocklists;

/// The longest list, in bytes.
pub const LONGEST: usize = 1024 * 1024;
/// The most networks on one list.
pub const MOST_NETWORKS: usize = 50_000;
/// The most networks on all lists together.
pub const MOST_IN_ALL: i64 = 100_000;
/// The most lists.
pub const MOST_LISTS: i64 = 8;

/// A network on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The network.
    pub network: Network,
    /// What it meets, where it says so itself; else what its list says.
    pub action: Option<BlocklistAction>,
    /// When it is no longer on the list.
    pub until: Option<Timestamp>,
}

/// A list as it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Its networks.
    pub entries: Vec<Entry>,
    /// How many entries are about something else.
    pub skipped: usize,
}

/// What is wrong with a list, in words for an administrator that repeat nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(String);

/// Reads a list.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(format: BlocklistFormat, content: &str, now: Timestamp) -> Result<Parsed, Wrong> {
    if content.len() > LONGEST {
        return Err(Wrong("a list has up to 1 MiB".to_owned()));
    }
    let parsed = match format {
        BlocklistFormat::Plain => plain::parse(content)?,
        BlocklistFormat::Crowdsec => crowdsec::parse(content, now)?,
    };
    if parsed.entries.len() > MOST_NETWORKS {
        return Err(Wrong("a list has up to 50,000 networks".to_owned()));
    }
    Ok(parsed)
}

/// The entries as they are stored: one a line.
pub fn stored(entries: &[Entry]) -> String {
    let line = |entry: &Entry| {
        let action = entry.action.map_or("-", BlocklistAction::as_str);
        let until = entry.until.map_or_else(|| "-".to_owned(), |until| until.millis().to_string());
        format!("{} {action} {until}\n", entry.network)
    };
    entries.iter().map(line).collect()
}

fn of_stored(line: &str) -> Option<Entry> {
    let mut words = line.split(' ');
    let (network, action, until) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
    Some(Entry {
        network,
        action: if action == "-" { None } else { Some(action.parse().ok()?) },
        until: if until == "-" { None } else { Some(Timestamp::from_millis(until.parse().ok()?)) },
    })
}

/// All lists in memory. Replaced as a whole, so that nobody sees half of a list.
pub struct Blocklists {
    current: RwLock<Arc<Table>>,
    /// One reads at a time, so that what was read first is never put in last.
    reading: Mutex<()>,
}

/// Networks by how many of their bits count. A look-up asks once for each length that there is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    lengths: BTreeSet<u8>,
    networks: HashMap<Network, Vec<(BlocklistAction, Option<Timestamp>)>>,
}

impl Blocklists {
    /// Reads the lists that are stored.
    ///
    /// # Errors
    /// When the database fails, or a list does not open.
    pub async fn load(db: &Db, keyring: &Keyring) -> Result<Self, Internal> {
        let lists = Self { current: RwLock::default(), reading: Mutex::default() };
        lists.refresh(db, keyring).await?;
        Ok(lists)
    }

    /// Reads them again, after one was changed.
    ///
    /// # Errors
    /// As [`Blocklists::load`]; then those before stay in force.
    pub async fn refresh(&self, db: &Db, keyring: &Keyring) -> Result<(), Internal> {
        let _turn = self.reading.lock().await;
        let mut table = Table::default();
        for list in blocklists::with_networks(&mut db.read().await?).await? {
            let text = keyring.unseal_text(Category::Identifiers, &place(&list.name), &list.networks_sealed)?;
            for line in text.lines() {
                let wrong = Internal::Impossible { table: "blocklist", column: "networks_sealed" };
                table.add(&of_stored(line).ok_or(wrong)?, list.action);
            }
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
        Ok(())
    }

    /// What an address meets: of several entries the strictest.
    pub fn find(&self, ip: Option<IpAddr>, now: Timestamp) -> Option<BlocklistAction> {
        let table = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        ip.and_then(|ip| table.find(ip, now))
    }
}

impl Table {
    fn add(&mut self, entry: &Entry, action: BlocklistAction) {
        self.lengths.insert(entry.network.length());
        self.networks.entry(entry.network).or_default().push((entry.action.unwrap_or(action), entry.until));
    }

    fn find(&self, ip: IpAddr, now: Timestamp) -> Option<BlocklistAction> {
        let named = self.lengths.iter().filter_map(|length| self.networks.get(&Network::of(ip, *length)));
        let live = named.flatten().filter(|(_, until)| until.is_none_or(|until| now < until));
        live.map(|(action, _)| *action).max()
    }
}

/// Where the networks of a list are sealed to.
pub fn place(name: &str) -> String {
    format!("blocklist.networks_sealed:{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn table(lists: &[(&str, BlocklistAction)]) -> Table {
        let mut table = Table::default();
        for (content, action) in lists {
            let parsed = parse(BlocklistFormat::Plain, content, NOW).unwrap();
            for line in stored(&parsed.entries).lines() {
                table.add(&of_stored(line).unwrap(), *action);
            }
        }
        table
    }

    fn find(table: &Table, ip: &str) -> Option<BlocklistAction> {
        table.find(ip.parse().unwrap(), NOW)
    }

    #[test]
    fn r8_an_address_is_found_in_its_network_however_it_is_written() {
        let table = table(&[("192.0.2.0/24\n2001:db8::/32\n198.51.100.7\n", BlocklistAction::Refuse)]);
        for listed in ["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.9", "2001:db8:ffff::1", "198.51.100.7"] {
            assert_eq!(find(&table, listed), Some(BlocklistAction::Refuse), "{listed}");
        }
        for free in ["192.0.3.0", "192.0.1.255", "2001:db9::1", "198.51.100.8", "::192.0.2.9", "::1"] {
            assert_eq!(find(&table, free), None, "{free}");
        }
    }

    #[test]
    fn r8_of_two_lists_the_stricter_holds_and_what_ran_out_holds_no_more() {
        let mut table = table(&[("192.0.2.0/24", BlocklistAction::Prove), ("192.0.2.7", BlocklistAction::Refuse)]);
        assert_eq!(find(&table, "192.0.2.6"), Some(BlocklistAction::Prove));
        assert_eq!(find(&table, "192.0.2.7"), Some(BlocklistAction::Refuse));
        let network = "203.0.113.0/24".parse().unwrap();
        let entry = |until| Entry { network, action: None, until: Some(until) };
        table.add(&entry(NOW), BlocklistAction::Refuse);
        assert_eq!(find(&table, "203.0.113.1"), None, "its time is over");
        table.add(&entry(NOW + std::time::Duration::from_secs(1)), BlocklistAction::Prove);
        assert_eq!(find(&table, "203.0.113.1"), Some(BlocklistAction::Prove));
    }

    #[test]
    fn r8_a_list_is_bounded() {
        let long = "# ".to_owned() + &"x".repeat(LONGEST);
        assert!(parse(BlocklistFormat::Plain, &long, NOW).is_err());
        let many: String =
            (0..=MOST_NETWORKS).map(|n| format!("2001:db8:{:x}:{:x}::/64\n", n >> 16, n & 0xffff)).collect();
        assert!(many.len() > LONGEST || parse(BlocklistFormat::Plain, &many, NOW).is_err());
        let addresses: String =
            (0..=MOST_NETWORKS).map(|n| format!("10.{}.{}.{}\n", n >> 16, (n >> 8) & 255, n & 255)).collect();
        assert!(addresses.len() < LONGEST);
        assert_eq!(
            parse(BlocklistFormat::Plain, &addresses, NOW),
            Err(Wrong("a list has up to 50,000 networks".into()))
        );
    }
}
