//! Where mail goes: an SMTP server, the courier, or a test.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::courier::Courier;
use crate::mail::Mail;
use crate::smtp::Smtp;

/// Sends mail.
#[derive(Clone, Debug)]
pub enum Mailer {
    /// By SMTP, from a sender fixed here.
    Smtp(Smtp),
    /// Through the control plane, which has the network and fixes the sender.
    Courier(Courier),
    /// Kept for a test to read.
    Captured(Arc<Mutex<Vec<Mail>>>),
}

/// Why a mail was not sent. The messages hold no address and nothing the other side said about one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Worth trying again later: nobody there, busy, too slow, or set up wrongly.
    #[error("the mail could not be sent now: {0}")]
    Temporary(String),
    /// Whoever takes the mail has too much to do, and says when to come back.
    #[error("the mail has to wait: {0}")]
    Later(String, Duration),
    /// Will never be accepted: trying again would only annoy.
    #[error("the mail was refused: {0}")]
    Permanent(String),
}

impl SendError {
    /// Whether trying again could help.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary(_) | Self::Later(..))
    }
}

impl Mailer {
    /// A mailer that keeps what it is given; [`Mailer::captured`] reads it.
    pub fn capturing() -> Self {
        Self::Captured(Arc::default())
    }

    /// What a capturing mailer was given so far, oldest first; nothing for the others.
    pub fn captured(&self) -> Vec<Mail> {
        match self {
            Self::Captured(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            _ => Vec::new(),
        }
    }

    /// Hands a mail on. `Ok` means that the next server has taken responsibility for it.
    ///
    /// # Errors
    /// [`SendError`], within about a minute at the latest.
    pub async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail).await,
            Self::Courier(courier) => courier.send(mail).await,
            Self::Captured(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_capturing_mailer_keeps_mail_in_order() {
        let mailer = Mailer::capturing();
        for id in ["1", "2"] {
            let to = "ann@example.test".parse().unwrap();
            let (text, html) = (String::new(), String::new());
            mailer.send(&Mail { id: id.to_owned(), to, subject: "x".into(), text, html }).await.unwrap();
        }
        let ids: Vec<String> = mailer.clone().captured().into_iter().map(|mail| mail.id).collect();
        assert_eq!(ids, ["1", "2"]);
    }
}
