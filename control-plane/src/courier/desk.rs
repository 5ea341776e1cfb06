//! One tenant's messages, from the socket to whoever takes them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use http::header::RETRY_AFTER;
use polder_kernel::{Email, Slug};
use polder_outbound::courier::Message;
use polder_outbound::{Mail, Mailer, SendError};

use super::Party;
use super::quota::{Quotas, Spent};
use super::turns::Turns;
use crate::mailbox::{Letter, Mailbox};
use crate::told::Told;

/// The largest message, in bytes.
const LARGEST: usize = 128 * 1024;

/// When to come back where the line is full.
const WHEN_FULL: Duration = Duration::from_secs(2);

/// Where a tenant's messages are taken.
pub(super) struct Desk {
    pub(super) party: Party,
    pub(super) slug: Slug,
    /// Goes before the ids that the sender chose, so that no two senders have one.
    pub(super) mark: String,
    pub(super) exit: RwLock<Exit>,
    pub(super) turns: Turns,
    pub(super) quotas: Arc<Quotas>,
    /// Messages beyond the quota.
    pub(super) spent: Told,
    /// Messages that nobody took.
    pub(super) refused: Told,
}

/// Who takes a message from us.
#[derive(Clone)]
pub(super) enum Exit {
    Mailbox(Arc<Mailbox>),
    Server(Box<Mailer>),
}

impl Exit {
    pub(super) fn server(mailer: Mailer) -> Self {
        Self::Server(Box::new(mailer))
    }
}

/// Why a message was not taken.
enum NotTaken {
    /// It never will be.
    Never,
    /// The tenant is to come back after this time.
    Later(StatusCode, Duration),
    /// It may be soon: the tenant knows best when to try again.
    NotNow,
}

/// Why a message of our own was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPosted {
    /// It never will be.
    #[error("the message will never be taken")]
    Never,
    /// It may be later.
    #[error("the message was not taken now")]
    NotNow,
}

pub(super) fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route(polder_outbound::courier::PATH, post(take))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(desk)
}

async fn take(State(desk): State<Arc<Desk>>, message: Result<Json<Message>, JsonRejection>) -> Response {
    let taken = match message {
        Ok(Json(message)) => desk.hand_on(message).await,
        Err(refused) => return refused.status().into_response(),
    };
    match taken {
        Ok(()) => StatusCode::OK.into_response(),
        Err(NotTaken::Never) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        Err(NotTaken::NotNow) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(NotTaken::Later(status, after)) => {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            (status, [(RETRY_AFTER, seconds.max(1).to_string())]).into_response()
        }
    }
}

impl Desk {
    async fn hand_on(&self, message: Message) -> Result<(), NotTaken> {
        if message.to.parse::<Email>().is_err() || message.id.is_empty() || message.id.len() > 128 {
            return Err(NotTaken::Never);
        }
        self.quotas.take(self.party).await.map_err(|spent| self.beyond(&spent))?;
        let taken = self.in_turn(message).await;
        if matches!(taken, Err(NotTaken::Later(..) | NotTaken::NotNow)) {
            self.quotas.give_back(self.party).await;
        }
        taken
    }

    /// Hands on a message of our own.
    pub(super) async fn post(&self, message: Message) -> Result<(), NotPosted> {
        self.hand_on(message).await.map_err(|why| match why {
            NotTaken::Never => NotPosted::Never,
            NotTaken::Later(..) | NotTaken::NotNow => NotPosted::NotNow,
        })
    }

    fn beyond(&self, spent: &Spent) -> NotTaken {
        let Spent::Until(after) = *spent;
        if let Some(count) = self.spent.count() {
            tracing::warn!(tenant = %self.slug, count, "a tenant has used up its quota of messages");
        }
        NotTaken::Later(StatusCode::TOO_MANY_REQUESTS, after)
    }

    /// Takes another way from the next message on.
    pub(super) fn leave_by(&self, exit: Exit) {
        *self.exit.write().unwrap_or_else(PoisonError::into_inner) = exit;
    }

    async fn in_turn(&self, message: Message) -> Result<(), NotTaken> {
        let full = |_| NotTaken::Later(StatusCode::SERVICE_UNAVAILABLE, WHEN_FULL);
        let _turn = self.turns.take(self.party).await.map_err(full)?;
        let exit = self.exit.read().unwrap_or_else(PoisonError::into_inner).clone();
        match exit {
            Exit::Mailbox(mailbox) => self.store(&mailbox, message).await,
            Exit::Server(mailer) => self.send(&mailer, message).await,
        }
    }

    async fn send(&self, mailer: &Mailer, message: Message) -> Result<(), NotTaken> {
        let mut mail = Mail::try_from(message).map_err(|_| NotTaken::Never)?;
        // It names the message to receivers, who show only once what has one name.
        mail.id = format!("{}-{}", self.mark, mail.id);
        mailer.send(&mail).await.map_err(|error| {
            if let Some(count) = self.refused.count() {
                tracing::warn!(tenant = %self.slug, %error, count, "messages were not taken");
            }
            match error {
                SendError::Permanent(_) => NotTaken::Never,
                SendError::Temporary(_) | SendError::Later(..) => NotTaken::NotNow,
            }
        })
    }

    async fn store(&self, mailbox: &Arc<Mailbox>, message: Message) -> Result<(), NotTaken> {
        let letter = Letter {
            tenant: self.slug.clone(),
            id: message.id,
            to: message.to,
            subject: message.subject,
            text: message.text,
            html: message.html,
        };
        mailbox.put(letter).await.map_err(|error| {
            tracing::error!(tenant = %self.slug, %error, "a message could not be stored; the tenant tries again");
            NotTaken::NotNow
        })
    }
}
