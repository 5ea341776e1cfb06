//! Sends what waits in the outbox: at once when a row was committed, again with growing pauses when
//! that failed, and never after it expired.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, TryStreamExt};
use polder_kernel::{Locale, Timestamp};
use polder_outbound::{Mail, SendError};

use crate::App;
use crate::account::notice;
use crate::admin::invitation;
use crate::error::Internal;
use crate::signin::mail;
use crate::store::outbox::{self, Due, MessageId, Outcome as Told};

/// The longest sleep: clocks may be set, and machines wake up.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How many are read in one go.
const BATCH: i64 = 32;
/// How many are sent at once.
const AT_ONCE: usize = 8;
/// How much of a mail server's answer is kept, in characters.
const LONGEST_ANSWER: usize = 300;

/// Runs for ever.
pub async fn run(app: Arc<App>) {
    loop {
        let sleep = match round(&app).await {
            Ok(sleep) => sleep,
            Err(error) => {
                tracing::error!(%error, "the outbox could not be worked through");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = app.outbox_filled.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Sends everything that is due and says how long until the next.
///
/// # Errors
/// When the database fails. What was not sent is still due.
pub async fn round(app: &Arc<App>) -> Result<Duration, Internal> {
    loop {
        let due = outbox::due(&mut app.db.read().await?, app.clock.now(), BATCH).await?;
        if due.is_empty() {
            break;
        }
        // Side by side: one slow receiver does not hold up the others.
        let due = stream::iter(due.into_iter().map(Ok::<_, Internal>));
        due.try_for_each_concurrent(AT_ONCE, |message| deliver(app, message)).await?;
    }
    let next = outbox::next_due(&mut app.db.read().await?).await?;
    let until = next.map_or(LONGEST_SLEEP, |next| next.since(app.clock.now()));
    Ok(until.clamp(Duration::from_millis(10), LONGEST_SLEEP))
}

async fn deliver(app: &Arc<App>, message: Due) -> Result<(), Internal> {
    let now = app.clock.now();
    if message.expires_at <= now {
        return note(app, message.id, Outcome::GivenUp("expired before it could be sent"), Told::default()).await;
    }
    let mail = match mail(app, &message) {
        Ok(mail) => mail,
        Err(error) => {
            tracing::error!(message = %message.id, %error, "a message in the outbox cannot be read");
            return note(app, message.id, Outcome::GivenUp("cannot be read"), Told::default()).await;
        }
    };
    let (outcome, answer) = match app.mailer.send(&mail).await {
        Ok(()) => (Outcome::Sent, None),
        Err(SendError::Temporary(reason)) => {
            tracing::warn!(message = %message.id, %reason, "a mail could not be sent, it will be tried again");
            (Outcome::Later(app.clock.now() + pause(message.attempts)), Some(reason))
        }
        Err(SendError::Later(reason, pause)) => {
            tracing::info!(message = %message.id, %reason, "a mail has to wait its turn");
            (Outcome::Later(app.clock.now() + pause), Some(reason))
        }
        Err(SendError::Permanent(reason)) => {
            tracing::warn!(message = %message.id, %reason, "a mail was refused");
            (Outcome::GivenUp("refused by the receiving server"), Some(reason))
        }
    };
    // No mail of ours has its code in the subject.
    let subject = Some(mail.subject.as_str().to_owned());
    note(app, message.id, outcome, Told { subject, answer: answer.map(|answer| shown(&answer, mail.to.as_str())) })
        .await
}

/// A mail server's answer as the log of messages keeps it: one line, not too long, without the address.
fn shown(answer: &str, to: &str) -> String {
    // An ASCII look at it keeps every byte in its place.
    let (lower, mut text, mut from) = (answer.to_ascii_lowercase(), String::new(), 0);
    for (at, found) in lower.match_indices(to) {
        text.push_str(&answer[from..at]);
        text.push('…');
        from = at + found.len();
    }
    text.push_str(&answer[from..]);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_ANSWER).collect()
}

fn mail(app: &App, message: &Due) -> Result<Mail, Internal> {
    let (locale, tenant, brand): (Locale, _, _) = (message.locale, app.tenant.current(), app.branding.current());
    let (name, theme) = (brand.name(locale, &tenant), &brand.theme);
    let rendered = match message.template.as_str() {
        mail::TEMPLATE => message.parameters::<mail::Parameters>(&app.keyring)?.render(locale, name, theme),
        notice::TEMPLATE => message.parameters::<notice::Parameters>(&app.keyring)?.render(locale, name, theme),
        invitation::TEMPLATE => message.parameters::<invitation::Parameters>(&app.keyring)?.render(locale, name, theme),
        _ => return Err(Internal::Impossible { table: "outbox", column: "template" }),
    };
    Ok(Mail {
        id: message.id.to_string(),
        to: message.recipient(&app.keyring)?,
        subject: rendered.subject.into(),
        text: rendered.text,
        html: rendered.html,
    })
}

enum Outcome {
    Sent,
    Later(Timestamp),
    GivenUp(&'static str),
}

/// Notes what became of a message, in one unit of work: what it said is blanked with it (D07).
async fn note(app: &Arc<App>, id: MessageId, outcome: Outcome, told: Told) -> Result<(), Internal> {
    let (now, keyring) = (app.clock.now(), app.keyring.clone());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                match outcome {
                    Outcome::Sent => outbox::sent(tx, &keyring, id, &told, now).await?,
                    Outcome::Later(next) => {
                        outbox::retry(tx, &keyring, id, (next, "could not be sent yet"), &told).await?;
                    }
                    Outcome::GivenUp(reason) => outbox::give_up(tx, &keyring, id, (now, reason), &told).await?,
                }
                Ok::<_, Internal>(())
            })
        })
        .await
}

/// One second, two, four … one minute: a code is worth little later than that.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(0).min(6);
    Duration::from_secs((1_u64 << doublings).min(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p7_a_mail_servers_answer_is_kept_without_the_address() {
        let answer = "550 5.1.1 <Ann@example.test>: user unknown,\r\n ann@example.test";
        assert_eq!(shown(answer, "ann@example.test"), "550 5.1.1 <…>: user unknown,   …");
        assert_eq!(shown(&"x".repeat(999), "ann@example.test").len(), LONGEST_ANSWER);
        assert_eq!(shown("İ ann@example.test", "ann@example.test"), "İ …");
    }

    #[test]
    fn pauses_grow_to_a_minute() {
        assert_eq!([0, 1, 5, 6, 60].map(|n| pause(n).as_secs()), [1, 2, 32, 60, 60]);
    }
}
