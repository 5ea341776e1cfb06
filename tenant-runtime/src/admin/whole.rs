//! Work that is finished once it is begun, whether or not its caller waits.

use std::future::Future;

use crate::error::Internal;

/// Does `work` in a task of its own: a caller that hangs up after the commit must not keep what is in
/// memory from following what is stored.
///
/// # Errors
/// The work's own.
pub(crate) async fn to_the_end<T, E, F>(work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Internal> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => Err(Internal::NotReady("the program is ending").into()),
    }
}
