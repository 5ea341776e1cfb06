//! Names and addresses in one packed buffer, with who they belong to, in the order the accounts were made.

use std::collections::HashMap;

use memchr::memmem;
use polder_kernel::Timestamp;
use polder_tenant_api::{ByCreation, UserId};

use super::fold::fold;

/// Between name and address: no word of a search holds it.
const BETWEEN: char = '\u{1}';
/// The most of a name and of an address that is kept, in bytes, folded: a letter can unfold into many.
const LONGEST: usize = 256;
/// A person whose roles are more than sets can be told apart: asked of the database.
const ANY_ROLES: u16 = u16::MAX;

/// What is known of a person.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who.
    pub id: UserId,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: String,
    /// Whether signing in is stopped.
    pub disabled: bool,
    /// Whether the address was never proved.
    pub unverified: bool,
    /// Their roles, in order.
    pub roles: Vec<String>,
}

/// Who is looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Folded words; all of them occur.
    pub words: Vec<String>,
    /// A role they hold.
    pub role: Option<String>,
    /// Whether signing in is stopped.
    pub disabled: Option<bool>,
    /// Whether the address was never proved.
    pub unverified: Option<bool>,
}

/// A place in the order: when the account was made, and whose it is.
pub type Place = (Timestamp, UserId);

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: Place,
    start: u32,
    length: u16,
    roles: u16,
    disabled: bool,
    unverified: bool,
}

/// Everybody. Its size is [`Index::bytes`].
#[derive(Debug, Default)]
pub struct Index {
    text: Vec<u8>,
    /// By place.
    entries: Vec<Entry>,
    /// Bytes of `text` that belong to nobody any more.
    stale: usize,
    role_sets: Vec<Vec<String>>,
    by_roles: HashMap<Vec<String>, u16>,
}

impl Index {
    /// Puts a person in, in place of what was known of them.
    pub fn put(&mut self, person: &Known) {
        let (name, email) = (fold(person.name.as_deref().unwrap_or_default()), fold(&person.email));
        let text = format!("{}{BETWEEN}{}", cut(&name), cut(&email));
        let (Ok(start), Ok(length)) = (u32::try_from(self.text.len()), u16::try_from(text.len())) else { return };
        // By an eighth at a time: what doubles takes twice what it needs.
        grow(&mut self.text, text.len());
        self.text.extend_from_slice(text.as_bytes());
        let entry = Entry {
            place: (person.created_at, person.id),
            start,
            length,
            roles: self.roles(&person.roles),
            disabled: person.disabled,
            unverified: person.unverified,
        };
        match self.entries.binary_search_by_key(&entry.place, |entry| entry.place) {
            Ok(at) => {
                self.blank(self.entries[at]);
                self.entries[at] = entry;
            }
            Err(at) => {
                grow(&mut self.entries, 1);
                self.entries.insert(at, entry);
            }
        }
        self.compact();
    }

    /// Takes a person out.
    pub fn remove(&mut self, place: Place) {
        if let Ok(at) = self.entries.binary_search_by_key(&place, |entry| entry.place) {
            let entry = self.entries.remove(at);
            self.blank(entry);
            self.compact();
        }
    }

    /// The people who are wanted, in their order, from after `seen`, at most `most`.
    pub fn find(&self, (wanted, order): (&Wanted, ByCreation), seen: Option<Place>, most: usize) -> Vec<Place> {
        let finders: Vec<_> = wanted.words.iter().map(|word| memmem::Finder::new(word.as_bytes())).collect();
        let roles = wanted.role.as_ref().map(|role| self.with(role));
        let fits = |entry: &&Entry| {
            wanted.disabled.is_none_or(|disabled| disabled == entry.disabled)
                && wanted.unverified.is_none_or(|unverified| unverified == entry.unverified)
                && roles.as_ref().is_none_or(|sets| sets.get(usize::from(entry.roles)).copied().unwrap_or(true))
                && finders.iter().all(|finder| finder.find(self.text_of(entry)).is_some())
        };
        let place = |entry: &Entry| entry.place;
        match order {
            ByCreation::Newest => {
                let end = seen.map_or(self.entries.len(), |seen| self.entries.partition_point(|e| e.place < seen));
                self.entries[..end].iter().rev().filter(fits).take(most).map(place).collect()
            }
            ByCreation::Oldest => {
                let start = seen.map_or(0, |seen| self.entries.partition_point(|e| e.place <= seen));
                self.entries[start..].iter().filter(fits).take(most).map(place).collect()
            }
        }
    }

    /// How many people it knows.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows nobody.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The memory it takes, in bytes, with what [`Index::compact`] takes for a moment.
    pub fn bytes(&self) -> usize {
        let sets: usize = self.role_sets.iter().flatten().map(|role| 2 * (role.len() + size_of::<String>())).sum();
        self.text.capacity() + self.entries.capacity() * (size_of::<Entry>() + size_of::<u32>()) + sets
    }

    fn text_of(&self, entry: &Entry) -> &[u8] {
        self.text.get(entry.range()).unwrap_or_default()
    }

    /// What an entry said is not kept until there is enough of it to write the text anew.
    fn blank(&mut self, entry: Entry) {
        if let Some(text) = self.text.get_mut(entry.range()) {
            text.fill(0);
        }
        self.stale += usize::from(entry.length);
    }

    /// The number of this set of roles.
    fn roles(&mut self, roles: &[String]) -> u16 {
        if let Some(known) = self.by_roles.get(roles) {
            return *known;
        }
        let Some(next) = u16::try_from(self.role_sets.len()).ok().filter(|next| *next < ANY_ROLES) else {
            return ANY_ROLES;
        };
        self.role_sets.push(roles.to_vec());
        self.by_roles.insert(roles.to_vec(), next);
        next
    }

    /// For each set of roles whether this one is in it.
    fn with(&self, role: &str) -> Vec<bool> {
        self.role_sets.iter().map(|set| set.iter().any(|known| known == role)).collect()
    }

    /// Moves the text together once half of it belongs to nobody; in its place, since a copy would take as much again.
    fn compact(&mut self) {
        if self.stale <= self.text.len() / 2 || self.stale < 4096 {
            return;
        }
        let mut order: Vec<u32> = (0..u32::try_from(self.entries.len()).unwrap_or(u32::MAX)).collect();
        order.sort_unstable_by_key(|at| self.entries[place(*at)].start);
        let mut end = 0;
        for at in order {
            let entry = &mut self.entries[place(at)];
            self.text.copy_within(entry.range(), end);
            entry.start = u32::try_from(end).unwrap_or(u32::MAX);
            end += usize::from(entry.length);
        }
        self.text[end..].fill(0);
        self.text.truncate(end);
        self.stale = 0;
    }
}

impl Entry {
    /// Where its text is.
    fn range(&self) -> std::ops::Range<usize> {
        let start = place(self.start);
        start..start.saturating_add(usize::from(self.length))
    }
}

/// The beginning of a folded text, whole letters.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn grow<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact(more.max(list.len() / 8).max(64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::fold::words;

    fn person(n: u8, name: &str) -> Known {
        Known {
            id: UserId::from_bytes([n; 16]),
            created_at: Timestamp::from_millis(i64::from(n)),
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            email: format!("p{n}@example.test"),
            disabled: n.is_multiple_of(2),
            unverified: n.is_multiple_of(3),
            roles: if n % 2 == 1 { vec!["coach".to_owned()] } else { Vec::new() },
        }
    }

    fn found(index: &Index, wanted: &Wanted, before: Option<Place>, most: usize) -> Vec<u8> {
        index.find((wanted, ByCreation::Newest), before, most).into_iter().map(|(_, id)| id.as_bytes()[0]).collect()
    }

    fn named(q: &str) -> Wanted {
        Wanted { words: words(q), ..Wanted::default() }
    }

    #[test]
    fn k17_part_of_a_name_or_address_finds_whose_it_is() {
        let mut index = Index::default();
        // Out of order, as when a clock was set back.
        for (n, name) in [(2, "Bo Čech"), (1, "Ann de Vries"), (4, ""), (3, "Anna Smit")] {
            index.put(&person(n, name));
        }
        let all = |q: &str| found(&index, &named(q), None, 9);
        assert_eq!(all("ann"), [3, 1], "newest first");
        assert_eq!(all("VRIES án"), [1], "every word, in any order");
        assert_eq!(all("cech"), [2]);
        assert_eq!(all("p4@ex"), [4]);
        assert_eq!(all("4@example"), [4]);
        assert_eq!(all("nobody"), [0_u8; 0]);
        assert_eq!(all("smitp3"), [0_u8; 0], "name and address are two texts");
        assert_eq!(all("example"), [4, 3, 2, 1]);
        assert_eq!(found(&index, &named("example"), None, 2), [4, 3]);
        let before = (Timestamp::from_millis(3), UserId::from_bytes([3; 16]));
        assert_eq!(found(&index, &named("example"), Some(before), 9), [2, 1], "the next page");
        let oldest = |seen: Option<Place>, most: usize| {
            let places = index.find((&named("example"), ByCreation::Oldest), seen, most);
            places.into_iter().map(|(_, id)| id.as_bytes()[0]).collect::<Vec<_>>()
        };
        assert_eq!(oldest(None, 3), [1, 2, 3], "oldest first");
        assert_eq!(oldest(Some(before), 9), [4], "and what comes after a page of it");
    }

    #[test]
    fn k17_filters_are_judged_with_the_words() {
        let mut index = Index::default();
        (1..=6).for_each(|n| index.put(&person(n, "Ann")));
        let of = |wanted: Wanted| found(&index, &wanted, None, 9);
        assert_eq!(of(Wanted { disabled: Some(true), ..named("ann") }), [6, 4, 2]);
        assert_eq!(of(Wanted { unverified: Some(false), ..named("") }), [5, 4, 2, 1]);
        assert_eq!(of(Wanted { role: Some("coach".to_owned()), unverified: Some(true), ..named("") }), [3]);
        assert_eq!(of(Wanted { role: Some("nobody".to_owned()), ..named("") }), [0_u8; 0]);
    }

    #[test]
    fn a_change_takes_the_place_of_what_was_known_and_memory_does_not_grow_with_it() {
        let mut index = Index::default();
        (1..=9).for_each(|n| index.put(&person(n, "Somebody")));
        for round in 0..2_000 {
            index.put(&person(5, &format!("Called {round}")));
        }
        assert_eq!(found(&index, &named("called 1999"), None, 9), [5]);
        assert_eq!(found(&index, &named("called 1998"), None, 9), [0_u8; 0]);
        assert_eq!(found(&index, &named("somebody"), None, 9).len(), 8, "the others are as they were");
        assert!(index.bytes() < 64 * 1024, "{}", index.bytes());
        index.remove((Timestamp::from_millis(5), UserId::from_bytes([5; 16])));
        index.remove((Timestamp::from_millis(5), UserId::from_bytes([5; 16])));
        assert_eq!((index.len(), found(&index, &named("called"), None, 9).len()), (8, 0));
    }

    #[test]
    fn a_letter_that_unfolds_into_many_takes_no_more_room_than_others() {
        let mut index = Index::default();
        // One letter that folds to 33 bytes.
        (0..200).for_each(|n| index.put(&person(n, &"\u{fdfa}".repeat(100))));
        assert!(index.bytes() < 200 * 800, "{}", index.bytes());
        assert_eq!(found(&index, &named("p7@example"), None, 9), [7]);
        assert_eq!(found(&index, &named("\u{fdfa}"), None, 999).len(), 200);
    }

    #[test]
    fn g05_what_somebody_was_called_is_not_kept() {
        let mut index = Index::default();
        (1..=9).for_each(|n| index.put(&person(n, "Somebody")));
        index.put(&person(5, "Secret"));
        index.put(&person(5, "Known"));
        index.put(&person(6, "Hidden"));
        index.remove((Timestamp::from_millis(6), UserId::from_bytes([6; 16])));
        let holds = |index: &Index, word: &str| memmem::find(&index.text, word.as_bytes()).is_some();
        assert!(holds(&index, "known") && !holds(&index, "secret") && !holds(&index, "hidden"));
        assert!(!holds(&index, "p6@"), "nor the address");
        for round in 0..2_000 {
            index.put(&person(5, &format!("Called {round}")));
        }
        assert!(!holds(&index, "called 1998") && holds(&index, "called 1999"));
    }
}
