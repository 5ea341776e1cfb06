//! `/account/data`: everything about a person as one JSON file (GDPR art. 15 and 20). `docs/personal-data.md`
//! describes it; secrets are not in it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use polder_audit::{Actor, Cursor, Event};
use polder_db::Tx;
use polder_hosted_pages::account::{Data, Section};
use polder_kernel::Timestamp;
use serde_json::{Value, json};

use super::door::{AccountForm, Away, Here};
use super::sheet::Sheet;
use super::{activity, applications};
use crate::App;
use crate::error::Internal;
use crate::guard::attempts;
use crate::model::User;
use crate::model::passkey::Kind;
use crate::oidc::subject;
use crate::store::{
    address_changes, connected_accounts, consents, factor_recoveries, known_browsers, outbox, passkeys, profile,
    recovery_codes, sessions, totp_factors, users,
};

/// Names the shape of the file; a change that breaks a reader gets another.
pub const FORMAT: &str = "polder.account/1";
const PAGE: &str = "/account/data";
/// Events read in one go.
const BATCH: u32 = 500;
/// More sessions than the register keeps of anybody.
const SESSIONS: i64 = 10_000;

/// Shows what can be done.
pub async fn show(State(app): State<Arc<App>>, here: Here) -> Result<Response, Away> {
    let sheet = Sheet::new(&app, &here, Section::Data);
    Ok(sheet.print(&Data { shell: sheet.shell(None) }))
}

/// Gives the file.
pub async fn download(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    here.fresh(&app, PAGE).await?;
    let (user, session) = (here.signed.user.clone(), here.signed.session.id);
    let file = collect(&app, &mut app.db.read().await?, &user).await?;
    let event = Event::new("data.downloaded", Actor::user(user.id)).user(user.id).session(session);
    let event = event.request(here.visit.context.request_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                polder_audit::record(tx, event);
                Ok::<_, Internal>(())
            })
        })
        .await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.json\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, serde_json::to_vec_pretty(&file)?).into_response())
}

/// Everything there is about a person.
pub async fn collect(app: &App, tx: &mut Tx, user: &User) -> Result<Value, Internal> {
    Ok(json!({
        "format": FORMAT,
        "made_at": app.clock.now().rfc3339(),
        "issuer": app.issuer.as_str(),
        "profile": {
            "id": user.id,
            "email": user.email.as_str(),
            "email_verified_at": user.email_verified_at.map(|at| at.rfc3339()),
            "name": user.name,
            "locale": user.locale,
            "roles": users::roles(tx, user.id).await?,
            "fields": profile::values(tx, &app.keyring, user.id).await?,
            "created_at": user.created_at.rfc3339(),
            "updated_at": user.updated_at.rfc3339(),
            "last_sign_in_at": user.last_sign_in_at.map(|at| at.rfc3339()),
        },
        "former_addresses": former_addresses(app, tx, user).await?,
        "invitations": invitations(app, tx, user).await?,
        "passkeys": passkeys_of(app, tx, user).await?,
        "connected_accounts": connected_accounts_of(app, tx, user).await?,
        "second_factors": second_factors(app, tx, user).await?,
        "sessions": sessions_of(app, tx, user).await?,
        "browsers": browsers(tx, user).await?,
        "applications": applications_of(app, tx, user).await?,
        "consents": consents_of(app, tx, user).await?,
        "sign_in_attempts": attempts::of_person(app, tx, user).await?,
        "messages": messages(app, tx, user).await?,
        "activity": events(app, tx, user).await?,
    }))
}

async fn former_addresses(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let kept = address_changes::of_user(tx, &app.keyring, user.id).await?;
    let shown = kept.into_iter().map(|former| {
        json!({
            "address": former.address.as_str(),
            "changed_at": former.changed_at.rfc3339(),
            "kept_until": former.kept_until.rfc3339(),
        })
    });
    Ok(shown.collect())
}

async fn invitations(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let shown = users::invitations(tx, user.id).await?.into_iter().map(|(application, at)| {
        let name = app.applications.find(&application.to_string()).map(|application| application.name.clone());
        json!({ "application_id": application, "application": name, "invited_at": at.rfc3339() })
    });
    Ok(shown.collect())
}

/// Removed ones as well: they are kept for a while, so that whoever still holds one learns of it.
async fn passkeys_of(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let all = passkeys::of_user(tx, &app.keyring, user.id, Some(Timestamp::from_millis(0))).await?;
    let shown = all.into_iter().map(|passkey| {
        json!({
            "id": passkey.id,
            "name": passkey.name,
            "model": passkey.model(),
            "synced": passkey.kind == Kind::Synced,
            "created_at": passkey.created_at.rfc3339(),
            "last_used_at": passkey.last_used_at.map(|at| at.rfc3339()),
            "removed_at": passkey.removed_at.map(|at| at.rfc3339()),
        })
    });
    Ok(shown.collect())
}

/// What the provider said, and not the tokens it gave.
async fn connected_accounts_of(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let all = connected_accounts::of_user(tx, &app.keyring, user.id).await?;
    let shown = all.into_iter().map(|account| {
        json!({
            "id": account.id,
            "provider": app.connections.find(account.connection_id).map(|connection| connection.name.clone()),
            "issuer": account.profile.issuer,
            "subject": account.profile.subject,
            "email": account.profile.email,
            "name": account.profile.name,
            "tokens_kept": account.tokens_kept,
            "connected_at": account.created_at.rfc3339(),
            "last_used_at": account.last_used_at.map(|at| at.rfc3339()),
        })
    });
    Ok(shown.collect())
}

async fn browsers(tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let known = known_browsers::of_user(tx, user.id).await?.into_iter();
    let shown = known.map(|(first, last)| json!({ "first_seen_at": first.rfc3339(), "last_seen_at": last.rfc3339() }));
    Ok(shown.collect())
}

async fn second_factors(app: &App, tx: &mut Tx, user: &User) -> Result<Value, Internal> {
    let totp = totp_factors::of_user(tx, &app.keyring, user.id).await?;
    let codes = recovery_codes::of_user(tx, user.id).await?;
    let recoveries = factor_recoveries::of_user(tx, user.id).await?.into_iter().map(|(recovery, ended, reason)| {
        json!({
            "requested_at": recovery.requested_at.rfc3339(),
            "ready_at": recovery.ready_at.rfc3339(),
            "ended_at": ended.map(|at| at.rfc3339()),
            "ended_reason": reason,
        })
    });
    let recoveries: Vec<Value> = recoveries.collect();
    Ok(json!({
        "authenticator_app": totp.map(|totp| json!({
            "created_at": totp.created_at.rfc3339(),
            "last_used_at": totp.last_used_at.map(|at| at.rfc3339()),
        })),
        "recovery_codes": codes.map(|set| json!({ "left": set.left, "created_at": set.created_at.rfc3339() })),
        "recoveries": recoveries,
    }))
}

async fn sessions_of(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let listed = sessions::of_user(tx, &app.keyring, user.id, SESSIONS).await?;
    let shown = listed.into_iter().map(|listed| {
        json!({
            "id": listed.session.id,
            "acr": listed.session.acr,
            "amr": listed.session.amr,
            "created_at": listed.session.created_at.rfc3339(),
            "authenticated_at": listed.session.authenticated_at.rfc3339(),
            "last_seen_at": listed.session.last_seen_at.rfc3339(),
            "ended_at": listed.session.ended_at.map(|at| at.rfc3339()),
            "ended_reason": listed.ended_reason,
            "ip": listed.metadata.ip,
            "user_agent": listed.metadata.user_agent,
            "country": listed.metadata.country,
            "applications": listed.applications,
        })
    });
    Ok(shown.collect())
}

async fn applications_of(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let granted = applications::granted(app, tx, user.id).await?;
    let shown = granted.into_iter().map(|one| {
        // What the application calls the person is theirs to know.
        let subject = app.applications.find(&one.id.to_string()).map(|known| subject::of(app, &known, user.id));
        json!({
            "id": one.id,
            "name": one.name,
            "subject": subject,
            "scopes": one.scopes,
            "since": one.since.rfc3339(),
        })
    });
    Ok(shown.collect())
}

async fn consents_of(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let name = |id: String| app.applications.find(&id).map(|application| application.name.clone());
    let mut given = Vec::new();
    for consent in consents::of_user(tx, user.id).await? {
        let from = consents::given_from(tx, &app.keyring, &consent).await?;
        given.push(json!({
            "application_id": consent.application_id,
            "application": name(consent.application_id.to_string()),
            "scopes": consent.scope.to_string(),
            "text_version": consent.text_version,
            "given_at": consent.given_at.rfc3339(),
            "ended_at": consent.ended_at.map(|at| at.rfc3339()),
            "ip": from.ip,
            "user_agent": from.user_agent,
            "country": from.country,
        }));
    }
    Ok(given)
}

async fn messages(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let sent = outbox::of_user(tx, &app.keyring, user.id, &user.email).await?;
    let shown = sent.into_iter().map(|message| {
        json!({
            "id": message.id,
            "kind": message.template,
            "subject": message.outcome.subject,
            "to": message.recipient.as_ref().map(|to| to.as_str().to_owned()),
            "created_at": message.created_at.rfc3339(),
            "sent_at": message.sent_at.map(|at| at.rfc3339()),
            "failed_at": message.failed_at.map(|at| at.rfc3339()),
        })
    });
    Ok(shown.collect())
}

async fn events(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Value>, Internal> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let batch = activity::of_user(app, tx, user, (cursor, BATCH)).await?;
        let Some(last) = batch.last() else { return Ok(all) };
        cursor = Some(Cursor::after(&last.entry));
        all.extend(batch.into_iter().map(|event| {
            json!({
                "at": event.entry.at.rfc3339(),
                "action": event.entry.action,
                "actor_kind": event.entry.actor_kind,
                "application_id": event.entry.application_id,
                "session_id": event.entry.session_id,
                "details": event.details,
            })
        }));
    }
}
