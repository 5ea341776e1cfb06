//! Messages as files: `MILLISECONDS-NUMBER.json`, so that names sort by arrival.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use polder_kernel::{Clock, Email, Slug};
use serde::{Deserialize, Serialize};

use crate::secrets::sync_folder;

/// How many messages are kept; older ones go.
const MOST: usize = 5000;

/// A message as a tenant sent it.
pub struct Letter {
    /// Who sent it.
    pub tenant: Slug,
    /// The tenant's own name for it; a second attempt has the same one.
    pub id: String,
    /// To whom.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The body as text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
}

/// A stored message, as the mailbox's API gives it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Message {
    /// The tenant's own name for it.
    pub id: String,
    /// The slug of the tenant that sent it.
    pub tenant: String,
    /// To whom.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The body as text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
    /// When it arrived: RFC 3339, UTC.
    pub sent_at: String,
}

/// The folder of messages.
pub struct Mailbox {
    folder: PathBuf,
    clock: Clock,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    /// In order of arrival.
    entries: Vec<Entry>,
    arrived: u64,
}

#[derive(Clone)]
struct Entry {
    file: String,
    tenant: String,
    id: String,
    to: String,
    stored: bool,
}

impl Mailbox {
    /// The mailbox in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: PathBuf, clock: Clock) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            match name.strip_suffix(".json") {
                Some(_) => names.push(name),
                // A draft that a killed control plane left behind: it was never acknowledged.
                None if name.ends_with(".new") => fs::remove_file(folder.join(&name))?,
                None => {}
            }
        }
        names.sort_unstable();
        let arrived = names.iter().filter_map(|name| number(name)).max().unwrap_or(0);
        let entries = names.into_iter().filter_map(|name| entry_of(&folder, name)).collect();
        Ok(Self { folder, clock, index: Mutex::new(Index { entries, arrived }) })
    }

    /// Stores a message. It is on the disk when this returns; one that is there already is not
    /// stored again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(self: &Arc<Self>, letter: Letter) -> io::Result<()> {
        let mailbox = Arc::clone(self);
        tokio::task::spawn_blocking(move || mailbox.put_now(letter)).await.map_err(io::Error::other)?
    }

    fn put_now(&self, letter: Letter) -> io::Result<()> {
        let now = self.clock.now();
        let message = Message {
            id: letter.id,
            tenant: letter.tenant.to_string(),
            to: canonical(&letter.to),
            subject: letter.subject,
            text: letter.text,
            html: letter.html,
            sent_at: now.rfc3339(),
        };
        let Some(file) = self.announce(&message, now.millis())? else { return Ok(()) };
        let written = write(&self.folder, &file, &message);
        let mut index = self.lock();
        let Some(place) = index.entries.iter().position(|entry| entry.file == file) else { return written };
        if written.is_err() {
            index.entries.remove(place);
            return written;
        }
        index.entries[place].stored = true;
        if index.entries.len() > MOST {
            let oldest = index.entries.remove(0);
            drop(index);
            fs::remove_file(self.folder.join(oldest.file))?;
        }
        Ok(())
    }

    /// Takes a place in the order for a message, or `None` when it is stored already.
    fn announce(&self, message: &Message, millis: i64) -> io::Result<Option<String>> {
        let mut index = self.lock();
        let same = index.entries.iter().find(|entry| entry.id == message.id && entry.tenant == message.tenant);
        match same {
            Some(entry) if entry.stored => return Ok(None),
            // The first attempt is still being written: its answer is not known yet.
            Some(_) => return Err(io::ErrorKind::ResourceBusy.into()),
            None => {}
        }
        index.arrived += 1;
        let file = format!("{millis:015}-{:010}.json", index.arrived);
        index.entries.push(Entry {
            file: file.clone(),
            tenant: message.tenant.clone(),
            id: message.id.clone(),
            to: message.to.clone(),
            stored: false,
        });
        Ok(Some(file))
    }

    /// Messages to an address, or all of them, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn to(&self, address: Option<&str>) -> io::Result<Vec<Message>> {
        let address = address.map(canonical);
        let files: Vec<String> = {
            let index = self.lock();
            let wanted = |entry: &&Entry| entry.stored && address.as_ref().is_none_or(|to| *to == entry.to);
            index.entries.iter().rev().filter(wanted).map(|entry| entry.file.clone()).collect()
        };
        let mut messages = Vec::with_capacity(files.len());
        for file in files {
            match tokio::fs::read(self.folder.join(file)).await {
                Ok(bytes) => messages.push(serde_json::from_slice(&bytes)?),
                // It was the oldest of too many, or somebody emptied the folder.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(messages)
    }

    /// How many messages of a tenant are kept.
    pub fn count_of(&self, tenant: &Slug) -> usize {
        self.lock().entries.iter().filter(|entry| entry.tenant == tenant.as_str()).count()
    }

    /// Removes every message of a tenant that is no more.
    ///
    /// # Errors
    /// When one stays.
    pub async fn forget(&self, tenant: &Slug) -> io::Result<()> {
        let of_it = |entry: &Entry| entry.tenant == tenant.as_str();
        let files: Vec<String> =
            self.lock().entries.iter().filter(|entry| of_it(entry)).map(|entry| entry.file.clone()).collect();
        for file in files {
            match tokio::fs::remove_file(self.folder.join(&file)).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.lock().entries.retain(|entry| !of_it(entry));
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(folder: &Path, file: &str, message: &Message) -> io::Result<()> {
    let draft = folder.join(format!("{file}.new"));
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    out.write_all(&serde_json::to_vec(message)?)?;
    out.sync_all()?;
    fs::rename(&draft, folder.join(file))?;
    sync_folder(folder)
}

fn entry_of(folder: &Path, file: String) -> Option<Entry> {
    let message: Message = serde_json::from_slice(&fs::read(folder.join(&file)).ok()?).ok()?;
    Some(Entry { file, tenant: message.tenant, id: message.id, to: message.to, stored: true })
}

fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".json")?.split_once('-')?.1.parse().ok()
}

/// Addresses are compared in their canonical form; what is no address is compared as it is.
fn canonical(address: &str) -> String {
    address.parse::<Email>().map_or_else(|_| address.to_owned(), |email| email.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use polder_kernel::Timestamp;

    use super::*;

    fn letter(id: &str, to: &str) -> Letter {
        Letter {
            tenant: "practice".parse().unwrap(),
            id: id.to_owned(),
            to: to.to_owned(),
            subject: "Your code".to_owned(),
            text: "12345678".to_owned(),
            html: "<p>12345678</p>".to_owned(),
        }
    }

    #[tokio::test]
    async fn messages_come_newest_first_and_by_canonical_address() {
        let folder = tempfile::tempdir().unwrap();
        // All in one millisecond: the order of arrival still holds.
        let clock = Clock::manual(Timestamp::from_seconds(1_795_248_000));
        let mailbox = Arc::new(Mailbox::open(folder.path().to_owned(), clock.clone()).unwrap());
        for (id, to) in [("1", "ann@example.test"), ("2", "bob@example.test"), ("3", "Ann@Example.TEST")] {
            mailbox.put(letter(id, to)).await.unwrap();
        }
        let ids = |messages: Vec<Message>| messages.into_iter().map(|message| message.id).collect::<Vec<_>>();
        assert_eq!(ids(mailbox.to(Some("ANN@example.test")).await.unwrap()), ["3", "1"]);
        assert_eq!(ids(mailbox.to(None).await.unwrap()), ["3", "2", "1"]);
        assert!(mailbox.to(Some("eve@example.test")).await.unwrap().is_empty());

        let again = Arc::new(Mailbox::open(folder.path().to_owned(), clock).unwrap());
        again.put(letter("4", "ann@example.test")).await.unwrap();
        assert_eq!(ids(again.to(None).await.unwrap()), ["4", "3", "2", "1"]);
        assert_eq!(again.to(None).await.unwrap()[0].sent_at, "2026-11-21T08:00:00.000Z");
    }

    #[tokio::test]
    async fn a_half_written_message_of_a_killed_start_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("000000000000001-0000000001.json.new"), "{\"id\":").unwrap();
        fs::write(folder.path().join("000000000000001-0000000002.json"), "{\"id\":").unwrap();
        let mailbox = Mailbox::open(folder.path().to_owned(), Clock::System).unwrap();
        assert!(mailbox.to(None).await.unwrap().is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
