//! The members of an organisation, and invitations to be one.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{
    FieldProblem, InvitationRow, MatrixRow, MemberPage, MemberRow, Members, Problem, Shell, Sorting,
};
use polder_kernel::{Email, Secret, Timestamp};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::AtId;
use super::{Console, Fault, SignedIn, show};
use crate::model::{InvitationKind, MemberId, MemberKind, Permission, Role};
use crate::organisation::members::{self, Member};
use crate::organisation::{Refusal, invitations};
use crate::store::members::MemberOrder;

/// How many members, and how many invitations, are shown at a time.
const PAGE: u32 = 100;

/// What the pages may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
}

/// What a form brought and what came of it.
#[derive(Default)]
struct Outcome<'a> {
    order: MemberOrder,
    after: Option<MemberId>,
    link: Option<&'a str>,
    email: &'a str,
    role: &'a str,
    problems: &'a [FieldProblem<'a>],
}

/// A member's id and moments as text.
struct Texts {
    id: String,
    created_at: String,
    last_seen_at: Option<String>,
}

impl Texts {
    fn of(member: &Member) -> Self {
        Self {
            id: member.id.to_string(),
            created_at: member.created_at.rfc3339(),
            last_seen_at: member.last_seen_at.map(Timestamp::rfc3339),
        }
    }
}

/// `GET /members`.
pub async fn list(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let after = asked.cursor.as_deref().map(|cursor| cursor.parse().map_err(|_| Fault::BadRequest("no cursor")));
    let order = MemberOrder::named(asked.sort.as_deref().unwrap_or_default());
    let outcome = Outcome { order, after: after.transpose()?, ..Outcome::default() };
    page(&console, &member, member.shell_saying(asked.notice.as_deref()), &outcome).await
}

/// `POST /members`: invites somebody, and shows the link this once.
pub async fn invite(State(console): State<Arc<Console>>, member: SignedIn, fields: Fields) -> Result<Response, Fault> {
    let (email, role) = (fields.get("email"), fields.get("role").parse::<Role>());
    let problem = match (email.parse::<Email>(), role) {
        (Ok(email), Ok(role)) => {
            let wish = (email, role, member.visit.locale);
            match invitations::invite(&console.app, &member.by(), wish).await {
                Ok((_, link)) => return made(&console, &member, &link, "member-invited").await,
                Err(Refusal::AlreadyMember) => FieldProblem { field: "email", problem: Problem::Member },
                Err(Refusal::AlreadyInvited) => FieldProblem { field: "email", problem: Problem::Invited },
                Err(Refusal::Full) => FieldProblem { field: "email", problem: Problem::Full },
                Err(Refusal::TooManyMails(_)) => FieldProblem { field: "email", problem: Problem::Mails },
                Err(refusal) => return Err(refusal.into()),
            }
        }
        (Err(_), _) if email.is_empty() => FieldProblem { field: "email", problem: Problem::Required },
        (Err(_), _) => FieldProblem { field: "email", problem: Problem::Invalid },
        (_, Err(_)) => return Err(Fault::BadRequest("no such role")),
    };
    let outcome = Outcome { email, role: fields.get("role"), problems: &[problem], ..Outcome::default() };
    let page = page(&console, &member, member.shell(), &outcome).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `GET /members/{id}`.
pub async fn one(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<MemberKind>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let shown = members::show(&console.app, member.session.organisation_id, id).await?;
    Ok(single(&console, (&member, member.shell_saying(asked.notice.as_deref())), &shown, false))
}

/// `POST /members/{id}/role`.
pub async fn change_role(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<MemberKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let shown = members::show(&console.app, member.session.organisation_id, id).await?;
    let role = fields.get("role").parse().map_err(|_| Fault::BadRequest("no such role"))?;
    match members::change_role(&console.app, &member.by(), id, role).await {
        Ok(()) => Ok(Redirect::to(&format!("/members/{id}?notice=role-changed")).into_response()),
        Err(Refusal::LastOwner) => Ok(refused(&console, &member, &shown)),
        Err(refusal) => Err(refusal.into()),
    }
}

/// `POST /members/{id}/remove`.
pub async fn remove(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<MemberKind>,
) -> Result<Response, Fault> {
    let shown = members::show(&console.app, member.session.organisation_id, id).await?;
    match members::remove(&console.app, &member.by(), id).await {
        Ok(()) => Ok(Redirect::to("/members?notice=member-removed").into_response()),
        Err(Refusal::LastOwner) => Ok(refused(&console, &member, &shown)),
        Err(refusal) => Err(refusal.into()),
    }
}

/// `POST /invitations/{id}/resend`.
pub async fn resend(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<InvitationKind>,
) -> Result<Response, Fault> {
    let (_, link) = invitations::resend(&console.app, &member.by(), id).await?;
    made(&console, &member, &link, "invited-again").await
}

/// `POST /invitations/{id}/revoke`.
pub async fn revoke(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<InvitationKind>,
) -> Result<Response, Fault> {
    invitations::revoke(&console.app, &member.by(), id).await?;
    Ok(Redirect::to("/members?notice=invitation-revoked").into_response())
}

async fn made(
    console: &Arc<Console>,
    member: &SignedIn,
    link: &Secret<String>,
    notice: &str,
) -> Result<Response, Fault> {
    let shell = Shell { language_path: None, ..member.shell_saying(Some(notice)) };
    page(console, member, shell, &Outcome { link: Some(link.expose()), ..Outcome::default() }).await
}

async fn page(
    console: &Arc<Console>,
    member: &SignedIn,
    shell: Shell<'_>,
    outcome: &Outcome<'_>,
) -> Result<Response, Fault> {
    let (app, organisation) = (&console.app, member.session.organisation_id);
    let (found, more) = members::page(app, organisation, (outcome.order, outcome.after), PAGE).await?;
    let invited = match outcome.after {
        None => invitations::page(app, organisation, None, PAGE).await?.0,
        Some(_) => Vec::new(),
    };
    let texts: Vec<_> = found.iter().map(Texts::of).collect();
    let rows: Vec<MemberRow<'_>> = found.iter().zip(&texts).map(|(shown, texts)| row(member, shown, texts)).collect();
    let now = app.clock.now();
    let invited_texts: Vec<_> = invited.iter().map(|it| (it.id.to_string(), it.expires_at.rfc3339())).collect();
    let invited_rows: Vec<InvitationRow<'_>> = invited
        .iter()
        .zip(&invited_texts)
        .map(|(invitation, (id, expires_at))| InvitationRow {
            id,
            address: &invitation.email,
            role: invitation.role.as_str(),
            expires_at,
            expired: invitation.expires_at <= now,
            mailed: invitation.mailed_at.is_some(),
        })
        .collect();
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let page = Members {
        shell,
        sorting: &Sorting { path: "/members".to_owned(), query: String::new(), by: outcome.order.as_str() },
        members: &rows,
        next: next.as_deref(),
        invitations: &invited_rows,
        link: outcome.link,
        roles: &within_reach(member),
        email: outcome.email,
        role: if outcome.role.is_empty() { Role::Developer.as_str() } else { outcome.role },
        matrix: &matrix(),
        problems: outcome.problems,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

fn refused(console: &Console, member: &SignedIn, shown: &Member) -> Response {
    (StatusCode::CONFLICT, single(console, (member, member.shell()), shown, true)).into_response()
}

fn single(console: &Console, (member, shell): (&SignedIn, Shell<'_>), shown: &Member, refused: bool) -> Response {
    let texts = Texts::of(shown);
    let roles = if member.session.role.includes(shown.role) { within_reach(member) } else { Vec::new() };
    let page = MemberPage { shell, member: row(member, shown, &texts), roles: &roles, refused };
    show::page(&member.visit, &page, &[console.provider.issuer()])
}

fn row<'a>(looks: &SignedIn, shown: &'a Member, texts: &'a Texts) -> MemberRow<'a> {
    MemberRow {
        id: &texts.id,
        name: &shown.name,
        address: &shown.email,
        role: shown.role.as_str(),
        last_seen_at: texts.last_seen_at.as_deref(),
        since: &texts.created_at,
        own: shown.id == looks.session.member_id,
    }
}

/// The roles that whoever looks may give.
fn within_reach(member: &SignedIn) -> Vec<&'static str> {
    let own = member.session.role;
    Role::ALL.into_iter().filter(|role| own.includes(*role)).map(Role::as_str).collect()
}

fn matrix() -> [MatrixRow; Permission::ALL.len()] {
    Permission::ALL
        .map(|permission| MatrixRow { permission: permission.code(), may: Role::ALL.map(|role| role.may(permission)) })
}
