//! What is written last in every commit.

use std::any::Any;

use crate::{Error, Value};

/// Adds statements to every commit, from what its units of work have [appended](crate::Tx::append).
///
/// One commit is one call of `before_commit`, then one of `committed` or `rolled_back`. All run in
/// the writer's task: they must be short and never block.
pub trait Tail: Send {
    /// The last statements of this commit, from the entries of all kept units in order. They run in
    /// the same transaction, before `COMMIT`. Statement texts are kept prepared: use few different
    /// ones. An error rolls the whole commit back.
    fn before_commit(&mut self, entries: Vec<Box<dyn Any + Send>>) -> Result<Vec<(String, Vec<Value>)>, Error>;

    /// What `before_commit` gave is durable.
    fn committed(&mut self);

    /// What `before_commit` gave is not kept: go back to the state before it.
    fn rolled_back(&mut self);
}
