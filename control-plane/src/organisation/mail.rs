//! Mails of the console's own. The invitation's row is the queue; its token is forgotten once the mail is handed on.

use std::sync::Arc;
use std::time::Duration;

use polder_db::Error;
use polder_hosted_pages::Theme;
use polder_hosted_pages::mail::{MemberInvitation, SignUpLink};
use polder_kernel::Secret;
use polder_outbound::courier::Message;

use super::invitations::link;
use super::sign_up;
use crate::app::App;
use crate::courier::NotPosted;
use crate::store::invitations::{self, Due};
use crate::store::sign_ups;

/// How long between two looks, where nobody rings.
const LOOK: Duration = Duration::from_secs(30);

/// How long after a failed try the next one is; after the last there is none.
const AGAIN: [Duration; 5] = [
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
    Duration::from_secs(3600),
    Duration::from_secs(4 * 3600),
];

/// Sends what is due, for as long as the control plane runs.
pub async fn keep(app: Arc<App>) {
    loop {
        let _ = tokio::time::timeout(LOOK, app.mail_bell.notified()).await;
        if let Err(error) = send_due(&app).await {
            tracing::error!(%error, "invitations could not be sent");
        }
    }
}

/// Sends what is due.
///
/// # Errors
/// The database's.
pub async fn send_due(app: &Arc<App>) -> Result<(), Error> {
    confirm_due(app).await?;
    let due = invitations::due(&mut app.db.read().await?, app.clock.now()).await?;
    for mail in due {
        let posted = post(app, &mail).await;
        let now = app.clock.now();
        let wait = usize::try_from(mail.tries).ok().and_then(|tries| AGAIN.get(tries));
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    match posted {
                        Ok(()) => invitations::mailed(tx, &mail, now).await,
                        Err(NotPosted::Never) => invitations::not_mailed(tx, &mail, None).await,
                        Err(NotPosted::NotNow) => {
                            invitations::not_mailed(tx, &mail, wait.map(|wait| now + *wait)).await
                        }
                    }
                })
            })
            .await?;
    }
    Ok(())
}

/// Sends links to addresses that want an organisation of their own.
async fn confirm_due(app: &Arc<App>) -> Result<(), Error> {
    let due = sign_ups::due(&mut app.db.read().await?, app.clock.now()).await?;
    for asked in due {
        let posted = confirm(app, &asked).await;
        let wait = usize::try_from(asked.tries).ok().and_then(|tries| AGAIN.get(tries));
        let again = match posted {
            Err(NotPosted::NotNow) => wait.map(|wait| app.clock.now() + *wait),
            Ok(()) | Err(NotPosted::Never) => None,
        };
        app.db.write(move |tx| Box::pin(async move { sign_ups::tried(tx, &asked, again).await })).await?;
    }
    Ok(())
}

async fn confirm(app: &App, due: &sign_ups::Due) -> Result<(), NotPosted> {
    let (to, token) = due.letter(&app.keyring).map_err(|_| NotPosted::Never)?;
    let link = sign_up::link(app, &Secret::new(token));
    let mail = SignUpLink {
        locale: due.locale,
        theme: &Theme::PLAIN,
        address: &to,
        link: link.expose(),
        until: due.expires_at,
    }
    .render();
    let id = format!("sign-up-{}", due.name());
    app.courier.post(Message { id, to, subject: mail.subject, text: mail.text, html: mail.html }).await
}

async fn post(app: &App, due: &Due) -> Result<(), NotPosted> {
    let (to, token) = due.letter(&app.keyring).map_err(|_| NotPosted::Never)?;
    let link = link(app, &Secret::new(token));
    let mail = MemberInvitation {
        locale: due.locale,
        theme: &Theme::PLAIN,
        organisation: &due.organisation,
        address: &to,
        link: link.expose(),
        until: due.expires_at,
    }
    .render();
    let id = format!("{}-{}", due.id, due.sent);
    app.courier.post(Message { id, to, subject: mail.subject, text: mail.text, html: mail.html }).await
}
