//! `POST /signin/connect`: whether the account that waits in a flow becomes the person's.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::answer::{self, At};
use super::federated::Connecting;
use super::flow::Step;
use super::form::FlowForm;
use super::session::Signed;
use super::start::Proof;
use crate::App;
use crate::error::{Internal, Kind, PageError};
use crate::store::{connections, unconnected_accounts};

/// Connects it to the person who has proved in this flow who they are, if they say so, or forgets it.
/// The word counts for the person and the account that the page showed (E19).
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let hash = form.waiting.hash(&app);
    if form.field("answer") != "yes" {
        forget(&app, hash).await?;
        return answer::proceed(&app, &form.visit, &form.waiting, None, false).await;
    }
    let at = At { request: &form.waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(&app, &form.visit, at).await?;
    let (Step::Connect, Some(signed), Some(waits)) = (look.step, look.signed, look.unconnected) else {
        return Err(PageError::new(Kind::Expired));
    };
    if form.waiting.connecting(&app, signed.user.id, &waits.subject_index) != form.field("account") {
        return Err(PageError::new(Kind::Expired));
    }
    let proof = Proof::in_flow(&app, &form.visit, &form.waiting);
    connect(&app, proof, signed.clone(), (hash, waits.subject_index)).await?;
    answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), false).await
}

/// Takes what waits and connects it, in one transaction: pressed twice, it is connected once.
async fn connect(
    app: &Arc<App>,
    proof: Proof,
    signed: Signed,
    (flow_hash, subject_index): (String, String),
) -> Result<(), Internal> {
    let unit = Arc::clone(app);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let now = unit.clock.now();
                let Some(waits) = unconnected_accounts::take(tx, &flow_hash, &subject_index, now).await? else {
                    return Ok(());
                };
                // Switched off or removed meanwhile: nothing to connect to.
                let connection = connections::find(tx, waits.connection_id).await?;
                let Some(connection) = connection.filter(|it| it.disabled_at.is_none()) else { return Ok(()) };
                let vouched = waits.vouched(&unit.keyring, &flow_hash)?;
                let connecting = Connecting { connection: &connection, vouched: &vouched, proof: &proof };
                connecting.add(&unit, tx, &signed.user, &subject_index).await?;
                Ok::<_, Internal>(())
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    Ok(())
}

async fn forget(app: &Arc<App>, flow_hash: String) -> Result<(), Internal> {
    let work = app.db.write(move |tx| {
        Box::pin(async move { Ok::<_, Internal>(unconnected_accounts::forget(tx, &flow_hash).await?) })
    });
    work.await.map(drop)
}
