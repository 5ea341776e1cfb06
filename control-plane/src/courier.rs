//! The courier: takes the mail of tenants, which have no network, on one socket per tenant.
//!
//! It answers only once a message is where it will not be lost, so the tenant's outbox stays the one
//! queue. In `polder dev` that is the mailbox. Holding the socket is the right to send, and says who
//! sends: nothing in a message names its tenant.

use std::collections::HashMap;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::extract::rejection::JsonRejection;
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use polder_kernel::{Email, Slug};
use polder_outbound::courier::Message;
use polder_service::listen::{Address, Limits, Listener};
use polder_service::{Shutdown, serve};
use rustix::fs::{Mode, OFlags, open};

use crate::app::App;
use crate::mailbox::{Letter, Mailbox};
use crate::model::{Tenant, TenantId};

/// The socket's name in a tenant's `run` folder.
pub const SOCKET: &str = "courier.sock";

/// The largest message, in bytes.
const LARGEST: usize = 512 * 1024;

/// The sockets that are open.
#[derive(Default)]
pub struct Courier(Mutex<HashMap<TenantId, Shutdown>>);

impl Courier {
    /// Opens a tenant's socket, in place of an older one.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub async fn open(&self, app: &App, tenant: &Tenant) -> io::Result<()> {
        self.close(tenant.id);
        let run = app.settings.layout.tenant_run(&tenant.short_id);
        let beneath = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = open(&run, beneath, Mode::empty())?;
        // Through the descriptor, so that the folder cannot be swapped for a link.
        let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()));
        remove_socket(&path)?;
        let listener = Listener::bind(&Address::Unix(path)).await.map_err(io::Error::other)?;
        let shutdown = Shutdown::new();
        let service = router(tenant.slug.clone(), Arc::clone(&app.mailbox));
        let limits = Limits { connections: 64, drain: Duration::from_secs(1), ..Limits::default() };
        let stop = shutdown.clone();
        tokio::spawn(async move {
            serve(listener, service, limits, stop).await;
            drop(folder);
        });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.id, shutdown);
        Ok(())
    }

    /// Closes a tenant's socket.
    pub fn close(&self, tenant: TenantId) {
        if let Some(open) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant) {
            open.trigger();
        }
    }
}

/// A socket of ours that is being closed may still answer; the new one takes its place.
fn remove_socket(path: &std::path::Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn router(tenant: Slug, mailbox: Arc<Mailbox>) -> Router {
    let take = move |message: Result<Json<Message>, JsonRejection>| {
        let (tenant, mailbox) = (tenant.clone(), Arc::clone(&mailbox));
        async move {
            match message {
                Ok(Json(message)) => take(&tenant, &mailbox, message).await,
                Err(refused) => refused.status(),
            }
        }
    };
    Router::new().route(polder_outbound::courier::PATH, post(take)).layer(DefaultBodyLimit::max(LARGEST))
}

async fn take(tenant: &Slug, mailbox: &Arc<Mailbox>, message: Message) -> StatusCode {
    if message.to.parse::<Email>().is_err() || message.id.is_empty() || message.id.len() > 128 {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    let letter = Letter {
        tenant: tenant.clone(),
        id: message.id,
        to: message.to,
        subject: message.subject,
        text: message.text,
        html: message.html,
    };
    match mailbox.put(letter).await {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            tracing::error!(%tenant, %error, "a message could not be stored; the tenant tries again");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use polder_kernel::Clock;
    use tower::ServiceExt;

    use super::*;

    async fn post_to(mailbox: &Arc<Mailbox>, body: &str) -> StatusCode {
        let request = Request::post("/messages")
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body.to_owned()))
            .unwrap();
        router("practice".parse().unwrap(), Arc::clone(mailbox)).oneshot(request).await.unwrap().status()
    }

    const MESSAGE: &str =
        r#"{"id":"m1","to":"ann@example.test","subject":"Hi","text":"12345678","html":"<p>12345678</p>"}"#;

    #[tokio::test]
    async fn p7_a_message_is_acknowledged_only_when_it_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Arc::new(Mailbox::open(folder.path().to_owned(), Clock::System).unwrap());
        assert_eq!(post_to(&mailbox, MESSAGE).await, StatusCode::OK);
        // What was acknowledged is there for whoever opens the folder next, as after kill -9.
        let again = Mailbox::open(folder.path().to_owned(), Clock::System).unwrap();
        let found = again.to(Some("ann@example.test")).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].id.as_str(), found[0].tenant.as_str()), ("m1", "practice"));

        std::fs::remove_dir_all(folder.path()).unwrap();
        let second = MESSAGE.replace("m1", "m2");
        assert_eq!(post_to(&mailbox, &second).await, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn p7_a_message_sent_again_is_stored_once() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Arc::new(Mailbox::open(folder.path().to_owned(), Clock::System).unwrap());
        for _ in 0..3 {
            assert_eq!(post_to(&mailbox, MESSAGE).await, StatusCode::OK);
        }
        assert_eq!(mailbox.to(None).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn p7_what_is_no_message_is_refused_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Arc::new(Mailbox::open(folder.path().to_owned(), Clock::System).unwrap());
        for wrong in ["{", "{}", &MESSAGE.replace("ann@", "ann"), &MESSAGE.replace("\"m1\"", "\"\"")] {
            assert!(post_to(&mailbox, wrong).await.is_client_error(), "{wrong}");
        }
        assert!(mailbox.to(None).await.unwrap().is_empty());
    }
}
