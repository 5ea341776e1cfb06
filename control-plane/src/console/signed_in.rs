//! Who is signed in: found by cookie, and looked after while they are here.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use polder_hosted_pages::console::{May, Member, Notice, Shell};
use polder_service::csrf;

use super::oidc::{OidcError, Tokens};
use super::{Console, Fault, Visit};
use crate::audit::{self, ActingFor};
use crate::model::{Actor, Permission};
use crate::organisation::{Authority, By};
use crate::store::console_sessions::{self, Session};

/// The session's cookie.
pub const COOKIE: &str = "session";
/// A session ends when it was not used for this long.
pub const IDLE: Duration = Duration::from_secs(2 * 60 * 60);
/// A session ends after this long: a working day.
pub const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// How exactly the last use is known.
const NOTICED: Duration = Duration::from_secs(60);

/// Somebody who is signed in, on one request.
#[derive(Clone)]
pub struct SignedIn {
    /// The request.
    pub visit: Visit,
    /// Their session.
    pub session: Session,
    name: String,
    address: String,
    csrf: String,
}

/// Who is behind the cookie; `None` when nobody is.
///
/// # Errors
/// When the database or `platform` fails.
pub async fn find(console: &Arc<Console>, visit: &Visit) -> Result<Option<SignedIn>, Fault> {
    let app = &console.app;
    let Some(cookie) = visit.jar.get(COOKIE) else { return Ok(None) };
    let (hash, now) = (console_sessions::cookie_hash(&app.keyring, cookie), app.clock.now());
    let found = console_sessions::by_cookie(&mut app.db.read().await?, &hash, now).await?;
    let Some(session) = found else { return Ok(None) };
    if !lives(console, visit, &session).await? {
        return Ok(None);
    }
    if session.last_seen_at + NOTICED <= now {
        let (id, idle) = ((session.id, session.member_id), now + IDLE);
        app.db.write(move |tx| Box::pin(async move { console_sessions::seen(tx, id, (now, idle)).await })).await?;
    }
    let (name, address) = session.identity(&app.keyring)?;
    let csrf = csrf_token(console, &session).to_text();
    Ok(Some(SignedIn { visit: visit.clone(), session, name, address, csrf }))
}

/// Renews the tokens when that is due. It is also how the console learns that the session at
/// `platform` was ended, by its owner or by an administrator.
async fn lives(console: &Arc<Console>, visit: &Visit, session: &Session) -> Result<bool, Fault> {
    let app = &console.app;
    let tokens: Tokens = serde_json::from_str(&session.tokens(&app.keyring)?)?;
    if tokens.renew_at > app.clock.now() {
        return Ok(true);
    }
    match console.provider.renew(app, &tokens).await {
        Ok(fresh) => {
            let (keeper, id, text) = (Arc::clone(app), session.id, serde_json::to_string(&fresh)?);
            app.db
                .write(move |tx| {
                    Box::pin(async move { console_sessions::set_tokens(tx, &keeper.keyring, id, &text).await })
                })
                .await?;
            Ok(true)
        }
        Err(OidcError::Refused) => {
            end(console, session, acting(visit, session), "console.session_ended").await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Ends a session, with its audit entry.
///
/// # Errors
/// The database's.
pub async fn end(
    console: &Arc<Console>,
    session: &Session,
    acting: ActingFor,
    action: &'static str,
) -> Result<(), Fault> {
    let (id, now) = (session.id, console.app.clock.now());
    let event = audit::event(action, &acting, None, &[]).session(id);
    console
        .app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if console_sessions::end(tx, id, now).await? {
                    polder_audit::record(tx, event);
                }
                Ok::<_, polder_db::Error>(())
            })
        })
        .await?;
    Ok(())
}

/// The token of a session's forms.
pub fn csrf_token(console: &Console, session: &Session) -> csrf::Token {
    csrf::Token::from_mac(console.app.keyring.mac("console-csrf", &[session.id.as_bytes()]))
}

fn acting(visit: &Visit, session: &Session) -> ActingFor {
    ActingFor {
        actor: Actor::Member(session.member_id),
        client_ip: visit.context.client_ip,
        request_id: Some(visit.context.request_id.to_string()),
        organisation_id: Some(session.organisation_id),
    }
}

impl SignedIn {
    /// On their own organisation.
    pub fn by(&self) -> By {
        let Session { member_id, organisation_id, .. } = self.session;
        By { organisation_id, acting: self.acting(), authority: Authority::Member(member_id) }
    }

    /// For audit entries and for tenants.
    pub fn acting(&self) -> ActingFor {
        acting(&self.visit, &self.session)
    }

    /// Whether their role includes this.
    pub fn may(&self, permission: Permission) -> bool {
        self.session.role.may(permission)
    }

    /// What every page has around it.
    pub fn shell(&self) -> Shell<'_> {
        Shell {
            locale: self.visit.locale,
            nonce: &self.visit.nonce,
            csrf: &self.csrf,
            member: Member { name: &self.name, address: &self.address, organisation: &self.session.organisation },
            language_path: self.visit.here.as_deref(),
            notice: None,
            may: self.may_all(),
        }
    }

    fn may_all(&self) -> May {
        May {
            make_tenants: self.may(Permission::MakeTenants),
            change_tenants: self.may(Permission::ChangeTenants),
            end_tenants: self.may(Permission::EndTenants),
            change_applications: self.may(Permission::ChangeApplications),
            see_people: self.may(Permission::SeePeople),
            change_people: self.may(Permission::ChangePeople),
            see_keys: self.may(Permission::SeeKeys),
            change_keys: self.may(Permission::ChangeKeys),
            see: self.may(Permission::See),
            help_people: self.may(Permission::HelpPeople),
            see_usage: self.may(Permission::SeeUsage),
            see_members: self.may(Permission::SeeMembers),
            change_members: self.may(Permission::ChangeMembers),
            see_audit: self.may(Permission::SeeAudit),
            end_access: self.may(Permission::EndAccess),
            change_organisation: self.may(Permission::ChangeOrganisation),
        }
    }

    /// The same, saying what just happened.
    pub fn shell_saying<'a>(&'a self, notice: Option<&str>) -> Shell<'a> {
        let notice = notice.and_then(|name| NOTICES.iter().find(|(known, _)| *known == name));
        Shell { notice: notice.map(|(_, notice)| *notice), ..self.shell() }
    }
}

/// What just happened, by its name in the address that shows it.
const NOTICES: &[(&str, Notice)] = &[
    ("saved", Notice::Saved),
    ("application-deleted", Notice::ApplicationDeleted),
    ("user-added", Notice::UserAdded),
    ("user-invited", Notice::UserInvited),
    ("user-disabled", Notice::UserDisabled),
    ("user-enabled", Notice::UserEnabled),
    ("factors-reset", Notice::FactorsReset),
    ("session-ended", Notice::SessionEnded),
    ("key-revoked", Notice::KeyRevoked),
    ("connection-removed", Notice::ConnectionRemoved),
    ("host-allowed", Notice::HostAllowed),
    ("host-removed", Notice::HostRemoved),
    ("keys-rotated", Notice::KeysRotated),
    ("member-invited", Notice::MemberInvited),
    ("invited-again", Notice::InvitedAgain),
    ("invitation-revoked", Notice::InvitationRevoked),
    ("role-changed", Notice::RoleChanged),
    ("member-removed", Notice::MemberRemoved),
    ("left", Notice::Left),
    ("key-changed", Notice::KeyChanged),
    ("access-ended", Notice::AccessEnded),
    ("organisation-made", Notice::OrganisationMade),
    ("invitation-sent", Notice::InvitationSent),
    ("invited-just-now", Notice::InvitedJustNow),
    ("sessions-ended", Notice::SessionsEnded),
    ("passkey-removed", Notice::PasskeyRemoved),
    ("app-removed", Notice::AppRemoved),
    ("access-withdrawn", Notice::AccessWithdrawn),
    ("account-disconnected", Notice::AccountDisconnected),
    ("user-erased", Notice::UserErased),
    ("removed", Notice::Removed),
    ("lockout-lifted", Notice::LockoutLifted),
    ("retried", Notice::Retried),
    ("undone", Notice::Undone),
    ("too-late-to-undo", Notice::TooLateToUndo),
];

/// Put there by the guard; a route without one lets nobody in.
impl FromRequestParts<Arc<Console>> for SignedIn {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _: &Arc<Console>) -> Result<Self, Fault> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Fault::Internal("a page without a guard".to_owned()))
    }
}
