//! The seal key, and its rotation: every data key is wrapped anew in one transaction.
//!
//! The new key comes as a file beside the old one, `FILE.next`, never through a call: whoever holds the
//! control plane's assertion key alone must not be able to choose it. The database always opens with one
//! of the two, so whoever is killed at any point finds at the next start what to do:
//!
//! | files | data keys are under | what happens |
//! | --- | --- | --- |
//! | `FILE` | `FILE` | nothing |
//! | `FILE`, `FILE.next` | `FILE` | they are wrapped under `FILE.next` |
//! | `FILE`, `FILE.next` | `FILE.next` | done; whoever owns the files moves `FILE.next` to `FILE` |
//! | `FILE` | neither | refused |

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use polder_audit::Event;
use polder_crypto::{Keyring, SealError, SealKey, WrappedKey};
use polder_db::Db;
use polder_kernel::{Entropy, Secret};
use serde_json::json;

use super::By;
use crate::App;
use crate::error::Internal;
use crate::store::data_keys;

/// What the seal key's files hold at a start.
#[derive(Clone, Debug)]
pub struct SealKeys {
    /// The key in `FILE`.
    pub current: SealKey,
    /// The key in `FILE.next`, while it is being rotated.
    pub next: Option<SealKey>,
    /// Where they were read; `None` where there is no file to read again.
    pub file: Option<PathBuf>,
}

impl From<SealKey> for SealKeys {
    fn from(current: SealKey) -> Self {
        Self { current, next: None, file: None }
    }
}

/// Why the seal key's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A file cannot be read.
    #[error("cannot read the seal key file {file}: {1}; `polder-tenant seal-key FILE` makes one", file = .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// A file holds something else.
    #[error("{file} is not a seal key file", file = .0.display())]
    NotASealKey(PathBuf),
}

impl SealKeys {
    /// Reads `file`, and `file.next` where there is one.
    ///
    /// # Errors
    /// [`Unusable`], in one line.
    pub fn read(file: &Path) -> Result<Self, Unusable> {
        let current = read(file)?
            .ok_or_else(|| Unusable::Unreadable(file.to_owned(), io::Error::from(io::ErrorKind::NotFound)))?;
        Ok(Self { current, next: read(&next_to(file))?, file: Some(file.to_owned()) })
    }

    /// The key that opens these data keys, and the one to wrap them under if that is another.
    ///
    /// # Errors
    /// [`SealError::WrongSealKey`] when neither opens them.
    pub fn opening(
        &self,
        rows: &[WrappedKey],
        entropy: &Entropy,
    ) -> Result<(Keyring, SealKey, Option<SealKey>), SealError> {
        match (Keyring::open(&self.current, rows, entropy.clone()), &self.next) {
            (Ok(keyring), next) => {
                let other = next.clone().filter(|next| next.id() != self.current.id());
                Ok((keyring, self.current.clone(), other))
            }
            (Err(SealError::WrongSealKey(_)), Some(next)) => {
                Ok((Keyring::open(next, rows, entropy.clone())?, next.clone(), None))
            }
            (Err(error), _) => Err(error),
        }
    }
}

/// Where the next seal key is put: beside the one in use.
pub fn next_to(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".next");
    name.into()
}

/// The seal key in use.
pub struct Seal {
    key: RwLock<SealKey>,
    file: Option<PathBuf>,
}

impl Seal {
    /// `key` opens the data keys; `file` is where the next one will lie beside.
    pub fn new(key: SealKey, file: Option<PathBuf>) -> Self {
        Self { key: RwLock::new(key), file }
    }

    /// The key.
    pub fn current(&self) -> SealKey {
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, key: SealKey) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }
}

/// Wraps every data key under the key in `FILE.next`, if there is one; the id of the seal key in use then.
/// `None` when there is none to be seen: a restart with it does the same. Asked again, it changes nothing.
///
/// # Errors
/// When the file cannot be read or the database fails; then the old key stays in use.
pub async fn rotate(app: &App, by: &By) -> Result<Option<String>, Internal> {
    let _custody = app.custody.lock().await;
    let Some(file) = &app.seal.file else { return Ok(None) };
    let Ok(Some(next)) = read(&next_to(file)) else { return Ok(None) };
    let current = app.seal.current();
    if next.id() != current.id() {
        rewrap(&app.db, (&current, &next), &app.entropy, by).await?;
        app.seal.replace(next);
    }
    Ok(Some(app.seal.current().id()))
}

/// Wraps every data key under another seal key, in one transaction.
///
/// # Errors
/// When the database fails or a key does not open; then nothing changed.
pub async fn rewrap(db: &Db, (old, new): (&SealKey, &SealKey), entropy: &Entropy, by: &By) -> Result<(), Internal> {
    let rows = data_keys::all(&mut db.read().await?).await?;
    let pairs: Vec<(WrappedKey, WrappedKey)> = rows
        .into_iter()
        .map(|row| Ok((row.rewrap(old, new, entropy)?, row)))
        .map(|pair: Result<_, SealError>| pair.map(|(new, old)| (old, new)))
        .collect::<Result<_, _>>()?;
    let event: Event = by.event("seal_key.rotated").details(json!({ "from": old.id(), "to": new.id() }));
    db.write(move |tx| {
        Box::pin(async move {
            for (old, new) in &pairs {
                if !data_keys::rewrap(tx, old, new).await? {
                    return Err(Internal::NotReady("the data keys changed meanwhile"));
                }
            }
            polder_audit::record(tx, event);
            Ok(())
        })
    })
    .await
}

fn read(file: &Path) -> Result<Option<SealKey>, Unusable> {
    let text = match fs::read_to_string(file).map(Secret::new) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Unusable::Unreadable(file.to_owned(), error)),
    };
    SealKey::parse(text.expose()).map(Some).map_err(|_| Unusable::NotASealKey(file.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g17_whichever_of_the_two_files_fits_opens_the_data_keys() {
        let entropy = Entropy::seeded(1);
        let (old, new) = (SealKey::generate(&entropy), SealKey::generate(&entropy));
        let under = |key: &SealKey| Keyring::generate(key, &entropy);
        let files = |current: &SealKey, next: Option<&SealKey>| SealKeys {
            current: current.clone(),
            next: next.cloned(),
            file: None,
        };
        let opened = |files: SealKeys, rows: &[WrappedKey]| {
            files.opening(rows, &entropy).ok().map(|(_, in_use, then)| (in_use.id(), then.map(|key| key.id())))
        };
        assert_eq!(opened(files(&old, None), &under(&old)), Some((old.id(), None)));
        assert_eq!(opened(files(&old, Some(&new)), &under(&old)), Some((old.id(), Some(new.id()))));
        assert_eq!(opened(files(&old, Some(&new)), &under(&new)), Some((new.id(), None)));
        assert_eq!(opened(files(&new, None), &under(&new)), Some((new.id(), None)));
        assert_eq!(opened(files(&new, Some(&new)), &under(&new)), Some((new.id(), None)));
        assert_eq!(opened(files(&old, None), &under(&new)), None);
        assert_eq!(opened(files(&old, Some(&old)), &under(&new)), None);
    }
}
