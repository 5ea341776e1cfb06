//! `/users/{id}/connected-accounts`: a person's accounts at outside providers. Their tokens are never shown.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::connections::{ConnectedAccount, ConnectedAccountId};
use polder_tenant_api::{Page, UserId};
use serde_json::json;

use super::{Caller, input};
use crate::account::notice::{self, Change};
use crate::connections::Problem as Trouble;
use crate::connections::revoke::{self, Dropped};
use crate::error::{Internal, ProblemError};
use crate::model::User;
use crate::store::{connected_accounts, users};
use crate::{App, audit};

/// `GET`: all of them, in the order they were connected.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<ConnectedAccount>>, ProblemError> {
    let (_, accounts) = of(&app, &id).await?;
    Ok(Json(Page { items: accounts.iter().map(view).collect(), next: None }))
}

/// `DELETE`: disconnects one. The person learns of it by mail, and the provider forgets what it gave.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, account)): Path<(String, String)>,
) -> Result<StatusCode, ProblemError> {
    let (user, account) = one(&app, &id, &account).await?;
    let connection = app.connections.find(account.connection_id);
    let provider = connection.as_ref().map(|connection| connection.name.clone()).unwrap_or_default();
    let (unit, id) = (Arc::clone(&app), account.id);
    let details = json!({ "connection": account.connection_id, "account": id });
    let kept = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let kept = connected_accounts::tokens(tx, &unit.keyring, id).await?;
                if connected_accounts::remove(tx, user.id, id).await? {
                    let event = caller.event("connected_account.removed").details(details);
                    polder_audit::record(tx, audit::about(&unit, event, &user)?);
                    notice::put(&unit, tx, &user, None, Change::AccountDisconnected { provider }).await?;
                }
                Ok::<_, Internal>(kept)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    let connection = account.connection_id;
    revoke::behind(&app, kept.map(|tokens| Dropped { account: id, connection, tokens }));
    Ok(StatusCode::NO_CONTENT)
}

/// `POST …/refresh`: trades the refresh token that is kept for new tokens. Where the provider says that the
/// grant is gone, what was kept goes too.
pub async fn refresh(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, account)): Path<(String, String)>,
) -> Result<Json<ConnectedAccount>, ProblemError> {
    let (user, account) = one(&app, &id, &account).await?;
    let connection = app.connections.find(account.connection_id).ok_or_else(input::not_found)?;
    let kept = connected_accounts::tokens(&mut app.db.read().await?, &app.keyring, account.id).await?;
    let kept = kept.ok_or_else(|| Problem::conflict("no_tokens", "no tokens are kept for this account"))?;
    let fresh = match kept.refreshed(&app, &connection).await {
        Ok(fresh) => Some(fresh),
        Err(Trouble::Refused | Trouble::Untrusted(_)) => None,
        Err(_) => return Err(Problem::conflict("provider_unavailable", "the provider does not answer").into()),
    };
    let (unit, id, tokens_kept) = (Arc::clone(&app), account.id, fresh.is_some());
    let details = json!({ "connection": account.connection_id, "account": id, "kept": tokens_kept });
    app.db
        .write(move |tx| {
            Box::pin(async move {
                connected_accounts::keep_tokens(tx, &unit.keyring, id, fresh.as_ref()).await?;
                let event = caller.event("connected_account.refreshed").details(details);
                polder_audit::record(tx, audit::about(&unit, event, &user)?);
                Ok::<_, Internal>(())
            })
        })
        .await?;
    Ok(Json(ConnectedAccount { tokens_kept, ..view(&account) }))
}

async fn of(app: &App, id: &str) -> Result<(User, Vec<connected_accounts::ConnectedAccount>), ProblemError> {
    let id: UserId = input::id(id)?;
    let mut tx = app.db.read().await?;
    let user = users::by_id(&mut tx, &app.keyring, id).await?.ok_or_else(input::not_found)?;
    let accounts = connected_accounts::of_user(&mut tx, &app.keyring, id).await?;
    Ok((user, accounts))
}

async fn one(app: &App, id: &str, account: &str) -> Result<(User, connected_accounts::ConnectedAccount), ProblemError> {
    let account: ConnectedAccountId = input::id(account)?;
    let (user, accounts) = of(app, id).await?;
    let found = accounts.into_iter().find(|known| known.id == account).ok_or_else(input::not_found)?;
    Ok((user, found))
}

fn view(account: &connected_accounts::ConnectedAccount) -> ConnectedAccount {
    ConnectedAccount {
        id: account.id,
        connection_id: account.connection_id,
        account: account.profile.account().map(str::to_owned),
        tokens_kept: account.tokens_kept,
        connected_at: account.created_at.rfc3339(),
        last_used_at: account.last_used_at.map(|at| at.rfc3339()),
    }
}
