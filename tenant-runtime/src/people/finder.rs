//! The index while it is there: built, kept current, searched, dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use polder_kernel::Timestamp;
use polder_tenant_api::ByCreation;
use tokio::sync::Mutex;

use super::Changed;
use super::index::{Index, Place, Wanted};
use crate::App;
use crate::error::Internal;
use crate::store::everybody;

/// How long it stays when nobody searches.
pub const KEPT: Duration = Duration::from_secs(600);
/// How many people are read in one go.
const BATCH: i64 = 500;
/// The most memory it may take, in bytes: some 400,000 people. A tenant has 256 MiB for everything.
const MOST_BYTES: usize = 48 * 1024 * 1024;
/// How long it is not tried again where it took more.
const TOO_LARGE_FOR: Duration = Duration::from_secs(600);

/// Finds people. One at a time: a search takes milliseconds, and only administrators search.
#[derive(Debug)]
pub struct Finder {
    built: Mutex<Option<Built>>,
    changed: Changed,
    most_bytes: AtomicUsize,
    /// Unix milliseconds.
    too_large_until: AtomicI64,
}

#[derive(Debug)]
struct Built {
    index: Index,
    used_at: Timestamp,
}

impl Finder {
    /// One that hears of changes.
    pub fn new(changed: Changed) -> Self {
        Self {
            built: Mutex::default(),
            changed,
            most_bytes: AtomicUsize::new(MOST_BYTES),
            too_large_until: AtomicI64::new(i64::MIN),
        }
    }

    /// From now on it may take this much memory, in bytes.
    pub fn limit(&self, bytes: usize) {
        self.most_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Builds the index in the background, where it is not there: somebody looks at the list of people, and is
    /// likely to search it next.
    pub fn warm(app: &Arc<App>) {
        // Somebody builds or searches just now.
        let Ok(built) = app.people.built.try_lock() else { return };
        if built.is_some() || app.people.was_too_large(app.clock.now()) {
            return;
        }
        drop(built);
        let app = Arc::clone(app);
        tokio::spawn(async move {
            if let Err(error) = app.people.find(&app, (&Wanted::default(), ByCreation::Newest), None, 0).await {
                tracing::warn!(%error, "people could not be read for searching");
            }
        });
    }

    /// The people who are wanted, in their order, from after `seen`, at most `most`. They were so when the last
    /// commit before this was durable; the database has the last word. Must not be dropped half-way.
    ///
    /// # Errors
    /// When the database fails, or there are more people than the index takes.
    pub async fn find(
        &self,
        app: &App,
        wanted: (&Wanted, ByCreation),
        seen: Option<Place>,
        most: usize,
    ) -> Result<Vec<Place>, Internal> {
        let mut built = self.built.lock().await;
        if self.was_too_large(app.clock.now()) {
            return Err(TOO_MANY);
        }
        let current = match built.take() {
            Some(Built { index, .. }) => self.catch_up(app, index).await,
            None => {
                self.changed.listen();
                match self.build(app).await {
                    Ok(index) => self.catch_up(app, index).await,
                    Err(error) => Err(error),
                }
            }
        };
        // Whatever was not read is not known to be missing: the next search begins anew.
        let index = current.inspect_err(|_| self.changed.stop())?;
        let found = index.find(wanted, seen, most);
        *built = Some(Built { index, used_at: app.clock.now() });
        Ok(found)
    }

    /// Drops the index when nobody used it for a while.
    pub async fn drop_idle(&self, now: Timestamp) {
        let mut built = self.built.lock().await;
        if built.as_ref().is_some_and(|built| built.used_at + KEPT <= now) {
            *built = None;
            self.changed.stop();
        }
    }

    /// The memory it takes, in bytes; nothing while it is not there.
    pub async fn bytes(&self) -> Option<usize> {
        self.built.lock().await.as_ref().map(|built| built.index.bytes())
    }

    /// Whether it was found to be too large a moment ago.
    fn was_too_large(&self, now: Timestamp) -> bool {
        now.millis() < self.too_large_until.load(Ordering::Relaxed)
    }

    /// Reads those who changed since.
    async fn catch_up(&self, app: &App, mut index: Index) -> Result<Index, Internal> {
        let changed = self.changed.take();
        if changed.is_empty() {
            return Ok(index);
        }
        let mut tx = app.db.read().await?;
        for row in everybody::these(&mut tx, &app.keyring, &changed).await? {
            match row {
                everybody::Row::There(person) => index.put(&person),
                everybody::Row::Erased(place) => index.remove(place),
            }
        }
        self.fits(app, &index)?;
        Ok(index)
    }

    async fn build(&self, app: &App) -> Result<Index, Internal> {
        let (mut index, mut after) = (Index::default(), None);
        loop {
            // A reader for each part: a long one would keep the database from tidying up behind it.
            let mut tx = app.db.read().await?;
            let people = everybody::page(&mut tx, &app.keyring, after, BATCH).await?;
            let Some(last) = people.last() else { break };
            after = Some((last.created_at, last.id));
            people.iter().for_each(|person| index.put(person));
            self.fits(app, &index)?;
        }
        tracing::info!(people = index.len(), bytes = index.bytes(), "people can be searched");
        Ok(index)
    }

    /// Reading everybody to find that they do not fit is done once in a while, not at each look at the list.
    fn fits(&self, app: &App, index: &Index) -> Result<(), Internal> {
        if index.bytes() <= self.most_bytes.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.too_large_until.store((app.clock.now() + TOO_LARGE_FOR).millis(), Ordering::Relaxed);
        Err(TOO_MANY)
    }
}

const TOO_MANY: Internal = Internal::NotReady("there are too many people to search");
