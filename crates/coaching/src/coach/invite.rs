//! `POST /coach/invite`: a client is invited by e-mail.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use polder_db::BoxFuture;
use polder_kernel::{Email, Id, Secret};
use polder_outbound::Mail;
use polder_service::form::FormBody;

use super::clients::{Told, render};
use crate::app::App;
use crate::error::Fault;
use crate::model::{EngagementId, Side};
use crate::pages::InvitationMail;
use crate::signed_in;
use crate::store::engagements::{self, Invitation};
use crate::store::sessions::Session;

/// The longest name a coach may give a client, in characters.
const NAME_MAX: usize = 80;

pub(crate) async fn send(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    FormBody(body): FormBody,
) -> Result<Response, Fault> {
    let Some(session) = signed_in::who(&app, Side::Coach, &headers).await? else {
        return Ok(Redirect::to("/coach/sign-in").into_response());
    };
    let fields = signed_in::own_form(&app, &session, &headers, &body)?;
    let field = |name: &str| fields.get(name).map_or("", |v| v.trim());
    let (email_text, name) = (field("email"), field("name"));
    let wrong = |error| Told { error: Some(error), email: email_text, name, ..Told::default() };
    let told = match email_text.parse::<Email>() {
        Err(_) => wrong("That is not an e-mail address."),
        Ok(_) if name.is_empty() => wrong("Give the name you know this client by."),
        Ok(_) if name.chars().count() > NAME_MAX || name.chars().any(char::is_control) => {
            wrong("That name is too long, or holds odd characters.")
        }
        Ok(email) => match invite(&app, &session, email, name).await? {
            Invited::Sent => return Ok(Redirect::to("/coach?invited").into_response()),
            Invited::LinkedAlready => wrong("This client is linked to you already."),
            Invited::NotSent => wrong("The invitation could not be sent just now. Please try again in a moment."),
        },
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &session, &told).await?).into_response())
}

enum Invited {
    Sent,
    LinkedAlready,
    NotSent,
}

async fn invite(app: &Arc<App>, session: &Session, email: Email, name: &str) -> Result<Invited, Fault> {
    let token = app.entropy.token();
    let id: EngagementId = Id::new(&app.clock, &app.entropy);
    let (coach, now, stored) = (session.member.id, app.clock.now(), app.clone());
    let (to, known_as, secret) = (email.clone(), name.to_owned(), token.clone());
    let fresh = app
        .db
        .write(move |tx| -> BoxFuture<'_, Result<bool, Fault>> {
            Box::pin(async move {
                let invitation = Invitation { id, coach, email: &to, name: &known_as, token: &secret };
                Ok(engagements::invite(tx, &stored.keys, &invitation, now).await?)
            })
        })
        .await?;
    if !fresh {
        return Ok(Invited::LinkedAlready);
    }
    let mail = write_mail(app, &session.member.name, name, email, &token)?;
    match app.mailer.send(&mail).await {
        Ok(()) => Ok(Invited::Sent),
        Err(error) => {
            tracing::warn!(%error, "an invitation could not be handed over");
            Ok(Invited::NotSent)
        }
    }
}

fn write_mail(app: &App, coach: &str, name: &str, to: Email, token: &Secret<String>) -> Result<Mail, Fault> {
    let link = format!("{}/portal/invitation/{}", app.config.base_url, token.expose());
    let html = InvitationMail { coach, name, link: &link }.render()?;
    let text = format!(
        "Hello {name},\n\n{coach} invites you to the client portal, where the two of you work together.\n\nOpen your invitation:\n{link}\n\nSign in with this e-mail address. You need no password.\n\nIf you do not know {coach}, you can ignore this message.\n"
    );
    let id: EngagementId = Id::new(&app.clock, &app.entropy);
    Ok(Mail { id: id.to_string(), to, subject: "Your coach invites you to the client portal".into(), text, html })
}
