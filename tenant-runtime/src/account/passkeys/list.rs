//! The page itself.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::{AccountPasskey, AccountPasskeys, Signals};
use polder_kernel::Timestamp;
use polder_tenant_api::PasskeyPolicy;

use super::PATH;
use crate::App;
use crate::account::{form, sessions};
use crate::error::PageError;
use crate::model::Passkey;
use crate::model::passkey::Kind;
use crate::passkeys::{enrol, signals};
use crate::signin::page::Paper;
use crate::signin::session::{self, Signed};
use crate::signin::visit::Visit;
use crate::signin::{demand, own_page};
use crate::store::passkeys;

/// Shows the page; who is not signed in does that first.
pub async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery, visit: Visit) -> Result<Response, PageError> {
    let signed = session::current(&app, &mut app.db.read().await?, &visit.jar).await?;
    match signed.filter(|signed| demand::meets_tenant(&app, &signed.session)) {
        Some(signed) => {
            let outcome = if query.as_deref() == Some("done=changed") { Outcome::Changed } else { Outcome::Nothing };
            page(&app, &visit, &signed, (StatusCode::OK, outcome)).await
        }
        None => own_page::lead_to(&app, &visit, PATH, false).await,
    }
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing, or nothing that matters to other devices.
    Nothing,
    /// A passkey came or went.
    Changed,
    /// Something was not taken.
    Failed,
}

/// The page, saying what came of what was just done.
pub async fn page(
    app: &App,
    visit: &Visit,
    signed: &Signed,
    (status, outcome): (StatusCode, Outcome),
) -> Result<Response, PageError> {
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let all = passkeys::of_user(&mut tx, &app.keyring, signed.user.id, Some(enrol::regret_since(now))).await?;
    let told = signals::of(app, &mut tx, signed).await?;
    let (kept, removed): (Vec<_>, Vec<_>) =
        all.iter().map(|passkey| (passkey.removed_at, shown(passkey, now))).partition(|(removed, _)| removed.is_none());
    let (kept, removed): (Vec<_>, Vec<_>) = (
        kept.into_iter().map(|(_, passkey)| passkey).collect(),
        removed.into_iter().map(|(_, passkey)| passkey).collect(),
    );
    let csrf = form::token(app, &signed.session).to_text();
    let paper = Paper::new(app, visit, PATH, &csrf).with_script();
    let page = AccountPasskeys {
        frame: paper.frame(),
        address: signed.user.email.as_str(),
        passkeys: &kept,
        removed: &removed,
        fresh: form::is_fresh(app, &signed.session),
        full: kept.len() >= usize::try_from(enrol::MOST).unwrap_or(usize::MAX),
        keep_last: app.tenant.current().passkeys == PasskeyPolicy::Required,
        signals: Signals { text: told.as_deref() },
        failed: outcome == Outcome::Failed,
        offer_end: outcome == Outcome::Changed && sessions::elsewhere(app, &mut tx, signed).await?,
    };
    Ok(paper.print(status, &page))
}

fn shown(passkey: &Passkey, now: Timestamp) -> AccountPasskey {
    AccountPasskey {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        model: passkey.model(),
        synced: passkey.kind == Kind::Synced,
        backed_up: passkey.backed_up_at.is_some(),
        waits: now < passkey.strong_from,
        created_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
    }
}
