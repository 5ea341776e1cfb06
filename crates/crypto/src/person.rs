//! One person's own key: destroying it makes that person's audit details unreadable, everywhere the
//! tenant's live data goes, while the audit chain over the sealed text still verifies (P5, F17).

use std::fmt;
use std::sync::Arc;

use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Entropy, Secret};

use crate::category::Category;
use crate::cipher::Cipher;
use crate::seal::SealError;

/// Marks what a person's key sealed, in a column where the tenant's key seals too.
const PREFIX: &str = "p.";

/// The open key of one person. Cheap to clone.
#[derive(Clone)]
pub struct PersonKey(Arc<(Cipher, Entropy)>);

impl PersonKey {
    pub(crate) fn new(key: &Secret<[u8; 32]>, entropy: Entropy) -> Self {
        Self(Arc::new((Cipher::new(key.expose()), entropy)))
    }

    /// Seals `plain`, bound to `context` (`table.column:row-id`).
    pub fn seal(&self, context: &str, plain: &[u8]) -> String {
        let (cipher, entropy) = &*self.0;
        format!("{PREFIX}{}", base64url(&cipher.seal(entropy, context.as_bytes(), plain)))
    }

    /// Opens what [`PersonKey::seal`] made for this person and `context`.
    ///
    /// # Errors
    /// [`SealError::Sealed`] for everything else.
    pub fn unseal(&self, context: &str, sealed: &str) -> Result<Secret<Vec<u8>>, SealError> {
        let (cipher, _) = &*self.0;
        let bytes = sealed.strip_prefix(PREFIX).and_then(from_base64url);
        bytes.and_then(|b| cipher.open(context.as_bytes(), &b)).ok_or(SealError::Sealed(Category::AuditDetails))
    }

    /// Whether `sealed` was sealed under some person's key rather than the tenant's.
    pub fn is_sealed_for_a_person(sealed: &str) -> bool {
        sealed.starts_with(PREFIX)
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(…)")
    }
}
