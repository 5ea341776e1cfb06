//! The seal key of a tenant (or of the control plane) and the data keys it wraps.

use std::fmt;

use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Entropy, Secret};
use zeroize::Zeroize;

use crate::category::Category;
use crate::cipher::Cipher;

/// The file's text starts with this, so that a misplaced file is told apart and scanners can find it.
const PREFIX: &str = "polder-seal-1.";

/// The key above all others. It lives in a file outside the data; destroying it makes the database
/// and every backup unreadable.
#[derive(Clone)]
pub struct SealKey(Secret<[u8; 32]>);

/// Something sealed could not be opened, or a key could not be read. Says nothing about the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text is not a seal key.
    #[error("this is not a seal key")]
    NotASealKey,
    /// A data key is missing.
    #[error("no data key for {0}")]
    Missing(Category),
    /// A data key was wrapped under another seal key, or was changed.
    #[error("the data key for {0} does not open with this seal key")]
    WrongSealKey(Category),
    /// A sealed value was changed, moved to another column or row, or sealed under another key.
    #[error("a sealed value of {0} does not open")]
    Sealed(Category),
}

/// A data key, wrapped under the seal key: a row of `data_key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// What it seals.
    pub category: Category,
    /// Counts from 1; the highest seals, all open.
    pub version: u32,
    /// The key, sealed.
    pub wrapped: String,
}

impl SealKey {
    /// A new key.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(Secret::new(entropy.bytes()))
    }

    /// Reads the text of a key file; white space around it is ignored.
    ///
    /// # Errors
    /// [`SealError::NotASealKey`].
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let encoded = text.trim_ascii().strip_prefix(PREFIX).ok_or(SealError::NotASealKey)?;
        let bytes = Secret::new(from_base64url(encoded).ok_or(SealError::NotASealKey)?);
        let key = <[u8; 32]>::try_from(bytes.expose().as_slice()).map_err(|_| SealError::NotASealKey)?;
        Ok(Self(Secret::new(key)))
    }

    /// The text for the key file.
    pub fn to_text(&self) -> Secret<String> {
        let mut encoded = base64url(self.0.expose());
        let text = [PREFIX, &encoded].concat();
        encoded.zeroize();
        Secret::new(text)
    }

    /// Names the key without saying anything about it: the same for the same key only. Public.
    pub fn id(&self) -> String {
        let mac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, self.0.expose());
        base64url(&ring::hmac::sign(&mac, b"polder seal key id 1").as_ref()[..12])
    }

    fn cipher(&self) -> Cipher {
        Cipher::new(self.0.expose())
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl WrappedKey {
    /// A fresh data key, wrapped.
    pub fn generate(seal: &SealKey, category: Category, version: u32, entropy: &Entropy) -> Self {
        Self::wrap(seal, (category, version), &Secret::new(entropy.bytes::<32>()), entropy)
    }

    /// The same data key, wrapped under `new` instead of `old`.
    ///
    /// # Errors
    /// [`SealError::WrongSealKey`] when it does not open with `old`.
    pub fn rewrap(&self, old: &SealKey, new: &SealKey, entropy: &Entropy) -> Result<Self, SealError> {
        Ok(Self::wrap(new, (self.category, self.version), &self.unwrap_key(old)?, entropy))
    }

    fn wrap(seal: &SealKey, (category, version): (Category, u32), key: &Secret<[u8; 32]>, entropy: &Entropy) -> Self {
        let wrapped = base64url(&seal.cipher().seal(entropy, wrap_context(category, version).as_bytes(), key.expose()));
        Self { category, version, wrapped }
    }

    /// The data key.
    ///
    /// # Errors
    /// [`SealError::WrongSealKey`], also when the row was given another category or version.
    pub(crate) fn unwrap_key(&self, seal: &SealKey) -> Result<Secret<[u8; 32]>, SealError> {
        let wrong = SealError::WrongSealKey(self.category);
        let sealed = from_base64url(&self.wrapped).ok_or(wrong)?;
        let context = wrap_context(self.category, self.version);
        let plain = seal.cipher().open(context.as_bytes(), &sealed).ok_or(wrong)?;
        Ok(Secret::new(<[u8; 32]>::try_from(plain.expose().as_slice()).map_err(|_| wrong)?))
    }
}

fn wrap_context(category: Category, version: u32) -> String {
    format!("data_key\0{category}\0{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g17_a_seal_key_comes_back_from_its_file_and_never_prints() {
        let key = SealKey::generate(&Entropy::seeded(1));
        let text = key.to_text();
        let again = SealKey::parse(&format!("{}\n", text.expose())).unwrap();
        assert_eq!(again.0.expose(), key.0.expose());
        assert_eq!(format!("{key:?}"), "SealKey(…)");
        for wrong in ["", "polder-seal-1.", "polder-seal-1.AAAA", &text.expose()[..56], &format!("{}A", text.expose())]
        {
            assert_eq!(SealKey::parse(wrong).unwrap_err(), SealError::NotASealKey, "{wrong}");
        }
    }

    #[test]
    fn p17_a_wrapped_key_cannot_be_passed_off_as_another() {
        let entropy = Entropy::seeded(1);
        let seal = SealKey::generate(&entropy);
        let row = WrappedKey::generate(&seal, Category::Factors, 1, &entropy);
        assert!(row.unwrap_key(&seal).is_ok());
        let moved = WrappedKey { category: Category::Flow, ..row.clone() };
        assert_eq!(moved.unwrap_key(&seal).unwrap_err(), SealError::WrongSealKey(Category::Flow));
        let aged = WrappedKey { version: 2, ..row.clone() };
        assert_eq!(aged.unwrap_key(&seal).unwrap_err(), SealError::WrongSealKey(Category::Factors));
        let other = SealKey::generate(&entropy);
        assert_eq!(row.unwrap_key(&other).unwrap_err(), SealError::WrongSealKey(Category::Factors));
    }

    #[test]
    fn p17_a_rewrapped_key_is_the_same_key_and_opens_with_the_new_seal_key_alone() {
        let entropy = Entropy::seeded(1);
        let (old, new) = (SealKey::generate(&entropy), SealKey::generate(&entropy));
        assert_ne!(old.id(), new.id());
        assert_eq!(old.id(), SealKey::parse(old.to_text().expose()).unwrap().id());
        let row = WrappedKey::generate(&old, Category::Factors, 3, &entropy);
        let again = row.rewrap(&old, &new, &entropy).unwrap();
        assert_eq!((again.category, again.version), (Category::Factors, 3));
        assert_eq!(again.unwrap_key(&new).unwrap().expose(), row.unwrap_key(&old).unwrap().expose());
        assert!(again.unwrap_key(&old).is_err() && row.rewrap(&new, &old, &entropy).is_err());
    }
}
