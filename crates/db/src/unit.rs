//! A unit of work on its way through the writer.

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::{Error, Tx};

/// A unit of work of whatever type, as the writer sees it.
pub(crate) trait Unit: Send {
    /// Does the work; whether it should be kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;

    /// Answers the caller: with the work's own result, or with the error in its place.
    fn answer(self: Box<Self>, instead: Option<Error>);
}

pub(crate) struct Work<T, E, F> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Work<T, E, F> {
    pub(crate) fn new(work: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (caller, answer) = oneshot::channel();
        (Self { work: Some(work), result: None, caller }, answer)
    }
}

impl<T, E, F> Unit for Work<T, E, F>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return false };
            let result = work(tx).await;
            self.result.insert(result).is_ok()
        })
    }

    fn answer(self: Box<Self>, instead: Option<Error>) {
        let result = match (instead, self.result) {
            (Some(error), _) => Err(error.into()),
            (None, Some(result)) => result,
            (None, None) => Err(Error::Panicked.into()),
        };
        // The caller may have gone; the work is kept all the same.
        drop(self.caller.send(result));
    }
}
