//! The open data keys of one tenant: seals columns, makes keyed hashes.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Entropy, Secret};
use ring::hmac;

use crate::category::Category;
use crate::cipher::Cipher;
use crate::person::PersonKey;
use crate::seal::{SealError, SealKey, WrappedKey};

/// All data keys of one tenant, open. Cheap to clone.
///
/// Every sealed value is bound to its place: `context` is `table.column:row-id`, so that a value
/// moved to another row or column does not open.
///
/// Clones share the keys: what one [adopts](Keyring::adopt), all use from then on.
#[derive(Clone)]
pub struct Keyring(Arc<Keys>);

struct Keys {
    ciphers: RwLock<Arc<Ciphers>>,
    index: Subkeys,
    mac: Subkeys,
    entropy: Entropy,
}

/// All versions of each category; the last one seals.
type Ciphers = BTreeMap<Category, BTreeMap<u32, Cipher>>;

/// Keys by purpose under the Index key, derived at first use and held.
struct Subkeys {
    label: &'static str,
    root: hmac::Key,
    held: RwLock<HashMap<String, hmac::Key>>,
}

/// More purposes than the program has words for: what a bug could add is bounded.
const HELD_SUBKEYS: usize = 128;

impl Keyring {
    /// One new key per category, version 1, as rows to store.
    pub fn generate(seal: &SealKey, entropy: &Entropy) -> Vec<WrappedKey> {
        Category::ALL.into_iter().map(|category| WrappedKey::generate(seal, category, 1, entropy)).collect()
    }

    /// Opens stored keys. Every category must be there; older versions open what they once sealed.
    ///
    /// # Errors
    /// [`SealError::Missing`], or [`SealError::WrongSealKey`] for another seal key or a changed row.
    pub fn open(seal: &SealKey, rows: &[WrappedKey], entropy: Entropy) -> Result<Self, SealError> {
        let ciphers = RwLock::new(Arc::new(ciphers(seal, rows)?));
        let oldest = rows.iter().filter(|row| row.category == Category::Index).min_by_key(|row| row.version);
        let root = oldest.ok_or(SealError::Missing(Category::Index))?.unwrap_key(seal)?;
        let root = hmac::Key::new(hmac::HMAC_SHA256, root.expose());
        let (index, mac) = (Subkeys::new("polder index 1", root.clone()), Subkeys::new("polder mac 1", root));
        Ok(Self(Arc::new(Keys { ciphers, index, mac, entropy })))
    }

    /// Takes `rows` in place of the keys held until now, at once for every clone: after a new version
    /// was stored, or an old one removed. The Index key stays as it is.
    ///
    /// # Errors
    /// As [`Keyring::open`]; then nothing changes.
    pub fn adopt(&self, seal: &SealKey, rows: &[WrappedKey]) -> Result<(), SealError> {
        let ciphers = Arc::new(ciphers(seal, rows)?);
        *self.0.ciphers.write().unwrap_or_else(PoisonError::into_inner) = ciphers;
        Ok(())
    }

    /// The version that seals `category` now.
    pub fn newest(&self, category: Category) -> u32 {
        self.ciphers().get(&category).and_then(|versions| versions.last_key_value()).map_or(0, |(version, _)| *version)
    }

    /// What [`Keyring::seal`] made once, sealed again under the newest key for the same place.
    ///
    /// # Errors
    /// [`SealError::Sealed`] when it does not open.
    pub fn reseal(&self, category: Category, context: &str, sealed: &str) -> Result<String, SealError> {
        Ok(self.seal(category, context, self.unseal(category, context, sealed)?.expose()))
    }

    fn ciphers(&self) -> Arc<Ciphers> {
        Arc::clone(&self.0.ciphers.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Seals `plain` under the newest key of `category`, bound to `context`:
    /// `VERSION.BASE64URL(nonce ‖ ciphertext ‖ tag)`.
    #[expect(clippy::expect_used, reason = "`open` saw at least one key of every category")]
    pub fn seal(&self, category: Category, context: &str, plain: &[u8]) -> String {
        let ciphers = self.ciphers();
        let versions = ciphers.get(&category).expect("every category has keys");
        let (version, cipher) = versions.last_key_value().expect("every category has a newest key");
        let sealed = cipher.seal(&self.0.entropy, &bound_to(category, context), plain);
        format!("{version}.{}", base64url(&sealed))
    }

    /// Opens what [`Keyring::seal`] made for this `category` and `context`.
    ///
    /// # Errors
    /// [`SealError::Sealed`] for everything else.
    pub fn unseal(&self, category: Category, context: &str, sealed: &str) -> Result<Secret<Vec<u8>>, SealError> {
        self.try_unseal(category, context, sealed).ok_or(SealError::Sealed(category))
    }

    fn try_unseal(&self, category: Category, context: &str, sealed: &str) -> Option<Secret<Vec<u8>>> {
        let (version, body) = sealed.split_once('.')?;
        let number: u32 = version.parse().ok()?;
        // One spelling only: `+1` and `01` parse too.
        if version.starts_with(['0', '+']) {
            return None;
        }
        self.ciphers().get(&category)?.get(&number)?.open(&bound_to(category, context), &from_base64url(body)?)
    }

    /// [`Keyring::seal`] for text.
    pub fn seal_text(&self, category: Category, context: &str, plain: &str) -> String {
        self.seal(category, context, plain.as_bytes())
    }

    /// [`Keyring::unseal`] for text.
    ///
    /// # Errors
    /// [`SealError::Sealed`], also when the content is not text.
    pub fn unseal_text(&self, category: Category, context: &str, sealed: &str) -> Result<String, SealError> {
        let plain = self.unseal(category, context, sealed)?;
        std::str::from_utf8(plain.expose()).map(str::to_owned).map_err(|_| SealError::Sealed(category))
    }

    /// Chance for a commitment: 32 bytes that nobody can try out.
    pub fn salt(&self) -> [u8; 32] {
        self.0.entropy.bytes()
    }

    /// A blind index or stored hash of `value`: equal for equal values and purposes, and meaningless
    /// to whoever has no key. 43 base64url characters.
    pub fn index(&self, purpose: &str, value: &[u8]) -> String {
        base64url(hmac::sign(&self.0.index.for_purpose(purpose), value).as_ref())
    }

    /// A keyed hash over `parts`, for derived tokens and CSRF tokens. Each part goes in with its
    /// length, so that `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0.mac.for_purpose(purpose));
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }

    /// A new key for one person's audit details, wrapped for `user_account.audit_key_wrapped`.
    pub fn new_person_key(&self, user: &str) -> String {
        let key = Secret::new(self.0.entropy.bytes::<32>());
        self.seal(Category::AuditDetails, &person_context(user), key.expose())
    }

    /// Opens the key of one person.
    ///
    /// # Errors
    /// [`SealError::Sealed`], also for another person's key.
    pub fn person_key(&self, user: &str, wrapped: &str) -> Result<PersonKey, SealError> {
        let plain = self.unseal(Category::AuditDetails, &person_context(user), wrapped)?;
        let key = <[u8; 32]>::try_from(plain.expose().as_slice()).map(Secret::new);
        let key = key.map_err(|_| SealError::Sealed(Category::AuditDetails))?;
        Ok(PersonKey::new(&key, self.0.entropy.clone()))
    }
}

fn ciphers(seal: &SealKey, rows: &[WrappedKey]) -> Result<Ciphers, SealError> {
    let mut ciphers = Ciphers::new();
    for row in rows {
        let key = row.unwrap_key(seal)?;
        ciphers.entry(row.category).or_default().insert(row.version, Cipher::new(key.expose()));
    }
    match Category::ALL.into_iter().find(|category| !ciphers.contains_key(category)) {
        Some(missing) => Err(SealError::Missing(missing)),
        None => Ok(ciphers),
    }
}

impl Subkeys {
    fn new(label: &'static str, root: hmac::Key) -> Self {
        Self { label, root, held: RwLock::default() }
    }

    fn for_purpose(&self, purpose: &str) -> hmac::Key {
        if let Some(key) = self.held.read().unwrap_or_else(PoisonError::into_inner).get(purpose) {
            return key.clone();
        }
        let derived = hmac::sign(&self.root, format!("{}\0{purpose}", self.label).as_bytes());
        let key = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() < HELD_SUBKEYS {
            held.insert(purpose.to_owned(), key.clone());
        }
        key
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(…)")
    }
}

/// Category names hold no NUL, so the border cannot be moved.
fn bound_to(category: Category, context: &str) -> Vec<u8> {
    [category.as_str().as_bytes(), b"\0", context.as_bytes()].concat()
}

fn person_context(user: &str) -> String {
    format!("user_account.audit_key_wrapped:{user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(seed: u64) -> Keyring {
        let entropy = Entropy::seeded(seed);
        let seal = SealKey::generate(&entropy);
        Keyring::open(&seal, &Keyring::generate(&seal, &entropy), entropy).unwrap()
    }

    #[test]
    fn p17_each_category_has_a_key_of_its_own() {
        let keys = keyring(1);
        for sealed_as in Category::ALL {
            let sealed = keys.seal_text(sealed_as, "user_account.email_sealed:1", "anna@example.test");
            assert!(!sealed.contains("anna"));
            for opened_as in Category::ALL {
                let opened = keys.unseal_text(opened_as, "user_account.email_sealed:1", &sealed);
                let expected = if opened_as == sealed_as {
                    Ok("anna@example.test".to_owned())
                } else {
                    Err(SealError::Sealed(opened_as))
                };
                assert_eq!(opened, expected);
            }
        }
    }

    #[test]
    fn p17_a_sealed_value_is_bound_to_its_column_and_row() {
        let keys = keyring(1);
        let sealed = keys.seal_text(Category::Identifiers, "user_account.email_sealed:1", "anna@example.test");
        for elsewhere in
            ["user_account.email_sealed:2", "user_account.name_sealed:1", "", "user_account.email_sealed:1 "]
        {
            assert!(keys.unseal(Category::Identifiers, elsewhere, &sealed).is_err(), "{elsewhere}");
        }
        assert!(keyring(2).unseal(Category::Identifiers, "user_account.email_sealed:1", &sealed).is_err());
    }

    #[test]
    fn b26_a_sealed_value_changed_at_any_character_does_not_open() {
        let keys = keyring(1);
        let sealed = keys.seal_text(Category::Flow, "flow", "request");
        for at in 0..sealed.len() {
            for replacement in ["A", "b", "0", "1", ".", "=", "", "+"] {
                let forged = [&sealed[..at], replacement, &sealed[at + 1..]].concat();
                if forged != sealed {
                    assert!(keys.unseal(Category::Flow, "flow", &forged).is_err(), "{replacement} at {at}");
                }
            }
        }
        for forged in [
            format!("{sealed}A"),
            format!("{sealed}="),
            format!("0{sealed}"),
            format!("+{sealed}"),
            format!(" {sealed}"),
        ] {
            assert!(keys.unseal(Category::Flow, "flow", &forged).is_err(), "{forged}");
        }
    }

    #[test]
    fn p17_after_rotation_new_values_use_the_new_key_and_old_ones_still_open() {
        let entropy = Entropy::seeded(3);
        let seal = SealKey::generate(&entropy);
        let mut rows = Keyring::generate(&seal, &entropy);
        let before = Keyring::open(&seal, &rows, entropy.clone()).unwrap();
        let (old, index) = (before.seal_text(Category::Messages, "c", "old"), before.index("email", b"anna"));
        for category in [Category::Messages, Category::Index] {
            rows.push(WrappedKey::generate(&seal, category, 2, &entropy));
        }
        let after = Keyring::open(&seal, &rows, entropy).unwrap();
        let new = after.seal_text(Category::Messages, "c", "new");
        assert!(old.starts_with("1.") && new.starts_with("2."));
        assert_eq!(after.unseal_text(Category::Messages, "c", &old).unwrap(), "old");
        assert_eq!(after.unseal_text(Category::Messages, "c", &new).unwrap(), "new");
        assert!(before.unseal(Category::Messages, "c", &new).is_err());
        // Stored hashes must stay findable: the Index key does not move on.
        assert_eq!(after.index("email", b"anna"), index);
        // The version says which key: relabelled, nothing opens.
        assert!(after.unseal(Category::Messages, "c", &new.replacen("2.", "1.", 1)).is_err());
    }

    #[test]
    fn p17_an_adopted_version_seals_for_every_clone_and_a_removed_one_opens_nothing() {
        let entropy = Entropy::seeded(5);
        let seal = SealKey::generate(&entropy);
        let mut rows = Keyring::generate(&seal, &entropy);
        let keys = Keyring::open(&seal, &rows, entropy.clone()).unwrap();
        let (clone, index) = (keys.clone(), keys.index("email", b"anna"));
        let old = clone.seal_text(Category::Factors, "c", "secret");
        rows.push(WrappedKey::generate(&seal, Category::Factors, 2, &entropy));
        assert!(keys.adopt(&SealKey::generate(&entropy), &rows).is_err());
        assert_eq!(clone.newest(Category::Factors), 1, "a refused set changes nothing");
        keys.adopt(&seal, &rows).unwrap();
        let new = clone.reseal(Category::Factors, "c", &old).unwrap();
        assert!(new.starts_with("2.") && clone.newest(Category::Factors) == 2);
        assert!(clone.reseal(Category::Factors, "elsewhere", &old).is_err(), "its place stays");
        rows.retain(|row| row.category != Category::Factors || row.version == 2);
        keys.adopt(&seal, &rows).unwrap();
        assert!(clone.unseal(Category::Factors, "c", &old).is_err());
        assert_eq!(clone.unseal_text(Category::Factors, "c", &new).unwrap(), "secret");
        assert_eq!(clone.index("email", b"anna"), index, "stored hashes stay findable");
    }

    #[test]
    fn p17_a_missing_category_or_another_seal_key_is_refused_at_start() {
        let entropy = Entropy::seeded(4);
        let seal = SealKey::generate(&entropy);
        let mut rows = Keyring::generate(&seal, &entropy);
        let other = SealKey::generate(&entropy);
        assert!(matches!(Keyring::open(&other, &rows, entropy.clone()), Err(SealError::WrongSealKey(_))));
        rows.retain(|row| row.category != Category::Index);
        assert_eq!(Keyring::open(&seal, &rows, entropy).unwrap_err(), SealError::Missing(Category::Index));
    }

    #[test]
    fn b18_stored_hashes_differ_by_purpose_and_by_tenant() {
        let (keys, other) = (keyring(1), keyring(2));
        let hash = keys.index("client-secret", b"secret");
        assert_eq!(hash.len(), 43);
        assert_eq!(hash, keys.index("client-secret", b"secret"));
        assert_ne!(hash, keys.index("session-cookie", b"secret"));
        assert_ne!(hash, other.index("client-secret", b"secret"));
        assert_ne!(hash, base64url(&keys.mac("client-secret", &[b"secret"])));
    }

    #[test]
    fn keyed_hashes_over_parts_keep_the_borders() {
        let keys = keyring(1);
        let all = [
            keys.mac("refresh", &[b"ab", b"c"]),
            keys.mac("refresh", &[b"a", b"bc"]),
            keys.mac("refresh", &[b"abc"]),
            keys.mac("refresh", &[b"abc", b""]),
            keys.mac("csrf", &[b"ab", b"c"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| other != one));
        }
    }

    #[test]
    fn p5_a_persons_key_opens_only_that_persons_details() {
        let keys = keyring(1);
        let (anna, ben) = (keys.new_person_key("anna"), keys.new_person_key("ben"));
        assert!(keys.person_key("ben", &anna).is_err());
        let (anna, ben) = (keys.person_key("anna", &anna).unwrap(), keys.person_key("ben", &ben).unwrap());
        let sealed = anna.seal("audit_event.details_sealed:0:1", b"details");
        assert!(PersonKey::is_sealed_for_a_person(&sealed));
        assert_eq!(anna.unseal("audit_event.details_sealed:0:1", &sealed).unwrap().expose(), b"details");
        assert!(anna.unseal("audit_event.details_sealed:0:2", &sealed).is_err());
        assert!(ben.unseal("audit_event.details_sealed:0:1", &sealed).is_err());
        assert!(keys.unseal(Category::AuditDetails, "audit_event.details_sealed:0:1", &sealed).is_err());
    }

    #[test]
    fn g17_no_key_prints() {
        let keys = keyring(1);
        let person = keys.person_key("anna", &keys.new_person_key("anna")).unwrap();
        assert_eq!(format!("{keys:?} {person:?}"), "Keyring(…) PersonKey(…)");
    }
}
