//! Whom a commit changed, known once it is durable and not before.

use std::any::Any;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use polder_db::{Error, Tail, Value};
use polder_tenant_api::UserId;

/// Appended to a unit of work that changed what people are found by.
#[derive(Clone, Copy, Debug)]
pub struct Touched(pub UserId);

/// People who changed since somebody last asked; nothing is kept while nobody listens. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Changed(Arc<Mutex<Option<HashSet<UserId>>>>);

impl Changed {
    /// From now on changes are kept.
    pub fn listen(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(HashSet::new());
    }

    /// From now on they are not.
    pub fn stop(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Who changed since the last time.
    pub fn take(&self) -> Vec<UserId> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_mut().map(std::mem::take).unwrap_or_default().into_iter().collect()
    }

    /// The tail of a database that also says whom it changed.
    pub fn around(&self, inner: Box<dyn Tail>) -> Box<dyn Tail> {
        Box::new(Noting { inner, changed: self.clone(), touched: Vec::new() })
    }

    fn add(&self, people: &mut Vec<UserId>) {
        if let Some(kept) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            kept.extend(people.iter().copied());
        }
        people.clear();
    }
}

struct Noting {
    inner: Box<dyn Tail>,
    changed: Changed,
    /// Whom the commit under way changes.
    touched: Vec<UserId>,
}

impl Tail for Noting {
    fn before_commit(&mut self, entries: Vec<Box<dyn Any + Send>>) -> Result<Vec<(String, Vec<Value>)>, Error> {
        let mut others = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry.downcast::<Touched>() {
                Ok(touched) => self.touched.push(touched.0),
                Err(other) => others.push(other),
            }
        }
        self.inner.before_commit(others)
    }

    fn committed(&mut self) {
        self.inner.committed();
        self.changed.add(&mut self.touched);
    }

    fn rolled_back(&mut self) {
        self.touched.clear();
        self.inner.rolled_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Tail for Nothing {
        fn before_commit(&mut self, entries: Vec<Box<dyn Any + Send>>) -> Result<Vec<(String, Vec<Value>)>, Error> {
            assert!(entries.is_empty(), "what is ours goes no further");
            Ok(Vec::new())
        }
        fn committed(&mut self) {}
        fn rolled_back(&mut self) {}
    }

    #[test]
    fn k17_only_what_is_durable_counts_as_changed() {
        let (changed, ann) = (Changed::default(), UserId::from_bytes([1; 16]));
        let mut tail = changed.around(Box::new(Nothing));
        let mut commit = |kept: bool| {
            tail.before_commit(vec![Box::new(Touched(ann))]).unwrap();
            if kept { tail.committed() } else { tail.rolled_back() }
        };
        commit(true);
        assert_eq!(changed.take(), [], "nobody listens");
        changed.listen();
        commit(false);
        assert_eq!(changed.take(), []);
        commit(true);
        commit(true);
        assert_eq!(changed.take(), [ann]);
        assert_eq!(changed.take(), [], "each once");
        changed.stop();
        commit(true);
        assert_eq!(changed.take(), []);
    }
}
