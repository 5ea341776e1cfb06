//! `/account/connections`: the accounts elsewhere that a person can sign in with.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use polder_audit::Actor;
use polder_hosted_pages::account::Section;
use polder_hosted_pages::tenant::{Connected, ConnectedAccounts, ConnectedNews, OnTheWay, ProviderButton};
use polder_hosted_pages::when;
use polder_tenant_api::SessionId;
use polder_tenant_api::connections::ConnectedAccountId;
use serde_json::json;

use super::door::{AccountForm, Away, Here};
use super::notice::{self, Change};
use super::sheet::Sheet;
use crate::connections::answer::Answer;
use crate::connections::attempt::Attempt;
use crate::connections::begin::{self, Wish};
use crate::connections::redeem;
use crate::connections::revoke::{self, Dropped};
use crate::error::{Internal, Kind, PageError};
use crate::model::Connection;
use crate::signin::accounts;
use crate::signin::federated::Connecting;
use crate::signin::page::Paper;
use crate::signin::session::Signed;
use crate::signin::start::Proof;
use crate::signin::visit::Visit;
use crate::signin::with;
use crate::store::connected_accounts::{self, ConnectedAccount, subject_index};
use crate::store::{connections, used_states};
use crate::{App, audit};

/// Where the page is.
pub const PATH: &str = "/account/connections";

/// Shows the page.
pub async fn show(State(app): State<Arc<App>>, here: Here) -> Result<Response, PageError> {
    page(&app, &here, (StatusCode::OK, None)).await
}

/// Begins connecting an account. The browser goes on by `Refresh`, which no `form-action` holds back.
pub async fn connect(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    form.here.fresh(&app, PATH).await?;
    let here = &form.here;
    let connection = app.connections.enabled(form.field("connection"));
    let connection = connection.ok_or_else(|| PageError::new(Kind::NotFound))?;
    let attempt = Attempt::to_connect(&app, connection.id, here.signed.session.id);
    let url = match begin::address(&app, &connection, &attempt, Wish { again: false, choose: true }).await {
        Ok(url) => url,
        Err(problem) => {
            with::log(&connection, &problem);
            let (status, trouble) = with::trouble(&connection.name, &problem);
            return Ok(page(&app, here, (status, Some(ConnectedNews::Trouble(trouble)))).await?);
        }
    };
    let paper = Paper::new(&app, &here.visit, PATH, "");
    let page = OnTheWay { frame: paper.frame(), provider: &connection.name, href: url.as_str() };
    let mut response = paper.print(StatusCode::OK, &page);
    let refresh = HeaderValue::try_from(format!("0; url={url}"));
    response.headers_mut().insert("refresh", refresh.map_err(|_| PageError::new(Kind::Failed))?);
    for cookie in attempt.keep(&app, &here.visit.jar)? {
        cookie.append_to(response.headers_mut());
    }
    Ok(response)
}

/// Back from the provider: connects the account to the person of the session that began, and of no other.
pub async fn connected(
    app: &Arc<App>,
    visit: &Visit,
    began_in: SessionId,
    (connection, attempt, answer): (&Arc<Connection>, &Attempt, &Answer),
) -> Result<Response, PageError> {
    let accounts = accounts::live(app, &mut app.db.read().await?, &visit.jar).await?;
    let others = accounts.len() > 1;
    let signed = accounts.into_iter().next().map(|account| account.signed);
    let signed = signed.filter(|signed| signed.session.id == began_in).ok_or_else(|| PageError::new(Kind::Expired))?;
    let here = Here { visit: visit.clone(), signed, others };
    let vouched = match redeem::redeem(app, connection, attempt, answer).await {
        Ok(vouched) => vouched,
        Err(problem) => {
            with::log(connection, &problem);
            let (status, trouble) = with::trouble(&connection.name, &problem);
            return page(app, &here, (status, Some(ConnectedNews::Trouble(trouble)))).await;
        }
    };
    let (unit, user, connection) = (Arc::clone(app), here.signed.user.clone(), Arc::clone(connection));
    let (state, ends, proof) = (attempt.state_hash(app), attempt.expires_at(), Proof::of_account(visit));
    let added = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !used_states::add(tx, &state, ends).await? || !connections::is_enabled(tx, connection.id).await? {
                    return Ok(None);
                }
                let profile = &vouched.profile;
                let index = subject_index(&unit.keyring, connection.id, &profile.issuer, &profile.subject);
                let connecting = Connecting { connection: &connection, vouched: &vouched, proof: &proof };
                Ok::<_, Internal>(Some(connecting.add(&unit, tx, &user, &index).await?))
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    let news = match added {
        Some(true) => ConnectedNews::Connected,
        Some(false) => ConnectedNews::Taken,
        None => return Err(PageError::new(Kind::Expired)),
    };
    page(app, &here, (StatusCode::OK, Some(news))).await
}

/// Disconnects an account, unless nothing else would let the person in. What was kept of the provider's
/// tokens goes, and the provider is told.
pub async fn disconnect(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    form.here.fresh(&app, PATH).await?;
    let here = &form.here;
    let id: Option<ConnectedAccountId> = form.field("account").parse().ok();
    let accounts = of(&app, &here.signed).await?;
    let Some(account) = accounts.iter().find(|account| Some(account.id) == id) else {
        return Ok(page(&app, here, (StatusCode::OK, None)).await?);
    };
    let done = match remove(&app, &here.visit, &here.signed, account).await? {
        true => (StatusCode::OK, Some(ConnectedNews::Disconnected)),
        false => (StatusCode::CONFLICT, Some(ConnectedNews::LastWay)),
    };
    Ok(page(&app, here, done).await?)
}

/// Removes an account. `false` where it is the last way in.
async fn remove(app: &Arc<App>, visit: &Visit, signed: &Signed, account: &ConnectedAccount) -> Result<bool, Internal> {
    let connection = app.connections.find(account.connection_id);
    let provider = connection.as_ref().map(|connection| connection.name.clone()).unwrap_or_default();
    let (unit, user, id, visit) = (Arc::clone(app), signed.user.clone(), account.id, visit.clone());
    let proof = Proof::of_account(&visit);
    let details = json!({ "connection": account.connection_id, "account": id });
    let removed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                // A code to a proved address is always a way in; whoever never proved theirs needs another
                // account. Asked here, so that two at once do not take the last two.
                let proved = user.email_verified_at.is_some();
                if !proved && connected_accounts::count(tx, user.id).await? <= 1 {
                    return Ok(None);
                }
                let kept = connected_accounts::tokens(tx, &unit.keyring, id).await?;
                if connected_accounts::remove(tx, user.id, id).await? {
                    let event = proof.event("connected_account.removed", Actor::user(user.id)).details(details);
                    polder_audit::record(tx, audit::about(&unit, event, &user)?);
                    let change = Change::AccountDisconnected { provider };
                    notice::put(&unit, tx, &user, Some(&visit), change).await?;
                }
                Ok::<_, Internal>(Some(kept))
            })
        })
        .await?;
    let Some(kept) = removed else { return Ok(false) };
    app.outbox_filled.notify_one();
    let connection = account.connection_id;
    revoke::behind(app, kept.map(|tokens| Dropped { account: id, connection, tokens }));
    Ok(true)
}

async fn of(app: &App, signed: &Signed) -> Result<Vec<ConnectedAccount>, Internal> {
    connected_accounts::of_user(&mut app.db.read().await?, &app.keyring, signed.user.id).await
}

async fn page(
    app: &App,
    here: &Here,
    (status, news): (StatusCode, Option<ConnectedNews<'_>>),
) -> Result<Response, PageError> {
    let sheet = Sheet::new(app, here, Section::Connections);
    let (all, accounts) = (app.connections.all(), of(app, &here.signed).await?);
    let shown: Vec<_> = accounts
        .iter()
        .map(|account| {
            let provider = all.iter().find(|connection| connection.id == account.connection_id);
            (account, provider, account.id.to_string(), when::moment(sheet.locale(), account.created_at))
        })
        .collect();
    let accounts: Vec<_> = shown
        .iter()
        .map(|(account, provider, id, since)| Connected {
            id,
            provider: provider.map_or("", |connection| connection.name.as_str()),
            account: account.profile.account(),
            since,
        })
        .collect();
    let enabled = all.iter().filter(|connection| connection.disabled_at.is_none());
    let ids: Vec<_> = enabled.map(|connection| (connection.id.to_string(), connection)).collect();
    let providers: Vec<_> =
        ids.iter().map(|(id, connection)| ProviderButton { name: &connection.name, connection: id }).collect();
    let page = ConnectedAccounts { shell: sheet.shell(None), accounts: &accounts, providers: &providers, news };
    Ok(sheet.print_as(status, &page))
}
