//! Rings once what was put into the queue is durable, and not before.

use std::any::Any;
use std::sync::Arc;

use polder_db::{Error, Tail, Value};
use tokio::sync::Notify;

/// Appended to a unit of work that queued a delivery.
pub struct Queued;

/// Rung at each commit that has deliveries in it. Clones are one bell.
#[derive(Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Waits for the next ring; one that came while nobody waited counts.
    pub async fn rung(&self) {
        self.0.notified().await;
    }

    /// Rings.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// The tail of a database that also rings this bell.
    pub fn around(&self, inner: Box<dyn Tail>) -> Box<dyn Tail> {
        Box::new(Ringing { inner, bell: self.clone(), queued: false })
    }
}

struct Ringing {
    inner: Box<dyn Tail>,
    bell: Bell,
    /// Whether the commit under way has deliveries in it.
    queued: bool,
}

impl Tail for Ringing {
    fn before_commit(&mut self, entries: Vec<Box<dyn Any + Send>>) -> Result<Vec<(String, Vec<Value>)>, Error> {
        let before = entries.len();
        let others: Vec<_> = entries.into_iter().filter(|entry| !entry.is::<Queued>()).collect();
        self.queued = others.len() < before;
        self.inner.before_commit(others)
    }

    fn committed(&mut self) {
        self.inner.committed();
        if std::mem::take(&mut self.queued) {
            self.bell.ring();
        }
    }

    fn rolled_back(&mut self) {
        self.queued = false;
        self.inner.rolled_back();
    }
}
