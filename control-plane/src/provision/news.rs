//! A tenant's steps as a stream: what was, then what comes.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::unfold;
use polder_db::Error;
use tokio::sync::broadcast::Receiver;

use crate::app::App;
use crate::model::{OperationId, StepEvent, StepStatus, TenantId};
use crate::store::operations;

struct Follow {
    tenant: TenantId,
    history: VecDeque<StepEvent>,
    told: HashSet<(OperationId, i64, StepStatus)>,
    live: Receiver<(TenantId, StepEvent)>,
    over: bool,
}

/// The events of the tenant's latest operation: first those of the journal, then live ones, each
/// once. The stream ends with the operation, and early when the reader is too slow; whoever reads
/// again gets the whole story again.
///
/// # Errors
/// When the journal cannot be read.
pub async fn events(app: &Arc<App>, tenant: TenantId) -> Result<impl Stream<Item = StepEvent> + Send + use<>, Error> {
    // Listen first: what happens while the journal is read comes twice rather than never.
    let live = app.provision.listen();
    let history = operations::history(&mut app.db.read().await?, tenant).await?;
    let follow = Follow { tenant, history: history.into(), told: HashSet::new(), live, over: false };
    Ok(unfold(follow, next))
}

async fn next(mut follow: Follow) -> Option<(StepEvent, Follow)> {
    while !follow.over {
        let event = match follow.history.pop_front() {
            Some(event) => event,
            None => match follow.live.recv().await.ok()? {
                (tenant, event) if tenant == follow.tenant => event,
                _ => continue,
            },
        };
        if follow.told.insert((event.operation_id, event.seq, event.status)) {
            follow.over = event.is_last();
            return Some((event, follow));
        }
    }
    None
}
