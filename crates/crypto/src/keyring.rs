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
#[derive(Clone)]
pub struct Keyring(Arc<Keys>);

struct Keys {
    /// All versions of each category; the last one seals.
    ciphers: BTreeMap<Category, BTreeMap<u32, Cipher>>,
    index: hmac::Key,
    /// Subkeys of `index` by domain and purpose, derived at first use: purposes are the program's own few words.
    subkeys: RwLock<HashMap<(Domain, String), hmac::Key>>,
    entropy: Entropy,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Domain {
    Index,
    Mac,
}

/// More purposes than the program has: what a bug could add is bounded.
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
        let mut ciphers: BTreeMap<Category, BTreeMap<u32, Cipher>> = BTreeMap::new();
        let mut index: Option<(u32, hmac::Key)> = None;
        for row in rows {
            let key = row.unwrap_key(seal)?;
            if row.category == Category::Index && index.as_ref().is_none_or(|(version, _)| row.version < *version) {
                index = Some((row.version, hmac::Key::new(hmac::HMAC_SHA256, key.expose())));
            }
            ciphers.entry(row.category).or_default().insert(row.version, Cipher::new(key.expose()));
        }
        if let Some(missing) = Category::ALL.into_iter().find(|category| !ciphers.contains_key(category)) {
            return Err(SealError::Missing(missing));
        }
        let (_, index) = index.ok_or(SealError::Missing(Category::Index))?;
        Ok(Self(Arc::new(Keys { ciphers, index, subkeys: RwLock::default(), entropy })))
    }

    /// Seals `plain` under the newest key of `category`, bound to `context`:
    /// `VERSION.BASE64URL(nonce ‖ ciphertext ‖ tag)`.
    #[expect(clippy::expect_used, reason = "`open` saw at least one key of every category")]
    pub fn seal(&self, category: Category, context: &str, plain: &[u8]) -> String {
        let versions = self.0.ciphers.get(&category).expect("every category has keys");
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
        let cipher = self.0.ciphers.get(&category)?.get(&number)?;
        cipher.open(&bound_to(category, context), &from_base64url(body)?)
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

    /// A blind index or stored hash of `value`: equal for equal values and purposes, and meaningless
    /// to whoever has no key. 43 base64url characters.
    pub fn index(&self, purpose: &str, value: &[u8]) -> String {
        base64url(hmac::sign(&self.subkey(Domain::Index, purpose), value).as_ref())
    }

    /// A keyed hash over `parts`, for derived tokens and CSRF tokens. Each part goes in with its
    /// length, so that `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.subkey(Domain::Mac, purpose));
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

    fn subkey(&self, domain: Domain, purpose: &str) -> hmac::Key {
        let name = (domain, purpose.to_owned());
        if let Some(key) = self.0.subkeys.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return key.clone();
        }
        let label = match domain {
            Domain::Index => "polder index 1",
            Domain::Mac => "polder mac 1",
        };
        let derived = hmac::sign(&self.0.index, format!("{label}\0{purpose}").as_bytes());
        let key = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        let mut held = self.0.subkeys.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() < HELD_SUBKEYS {
            held.insert(name, key.clone());
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
