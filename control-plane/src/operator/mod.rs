//! What is the operator's to say, and no customer's: over a Unix socket in the data folder, for whoever
//! has the host. The process that runs is asked, since it alone writes the log.

mod access;
mod mail_domain;
mod sign_up;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get};
use hyper_util::service::TowerToHyperService;
use polder_service::problem;
use rustix::process::geteuid;
use tokio::net::unix::UCred;

use crate::app::App;
use crate::driver::Supervisor;
use crate::tenant_socket::TenantSocket;

pub use access::NewAccess;
pub use mail_domain::{Input, MailDomain};
pub use sign_up::SignUp;

/// The socket's name in the data folder.
pub const SOCKET: &str = "operator.sock";

/// Connections at a time: a person types.
const CONNECTIONS: usize = 8;

/// Opens the socket. It serves our own user and root until it is time to stop, but none of our children: where
/// they share our user and the kernel walls nothing off, one that was broken into gets as far as this socket.
///
/// # Errors
/// When it cannot be bound.
pub fn open(app: &Arc<App>) -> io::Result<()> {
    let socket = TenantSocket::bind(app.settings.layout.root(), SOCKET)?;
    let (own, children) = (geteuid().as_raw(), Arc::clone(&app.supervisor));
    let admit = move |peer: &UCred| admits(own, &children, peer);
    tokio::spawn(socket.serve(TowerToHyperService::new(router(app)), CONNECTIONS, admit, app.shutdown.clone()));
    Ok(())
}

fn admits(own: u32, children: &Supervisor, peer: &UCred) -> bool {
    [own, 0].contains(&peer.uid()) && peer.pid().is_none_or(|pid| !children.has(pid))
}

fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/tenants/{slug}/mail-domain", get(mail_domain::show).put(mail_domain::set).delete(mail_domain::clear))
        .route("/sign-up", get(sign_up::show).put(sign_up::set))
        .route("/tenants/{slug}/access", get(access::list).post(access::grant))
        .route("/tenants/{slug}/access/{id}", delete(access::end))
        .method_not_allowed_fallback(problem::method_not_allowed)
        .fallback(problem::not_found)
        .with_state(Arc::clone(app))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{Method, Request, StatusCode};
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;
    use crate::audit::ActingFor;
    use crate::provision::tests::{control_plane, killed, organisation};
    use crate::provision::{self, NewTenant};
    use crate::testing::{Ground, World};

    async fn ask(world: &World, method: Method, slug: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/tenants/{slug}/mail-domain"))
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body.to_string()))
            .unwrap();
        let answer = router(&world.app).oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn p7_a_domain_to_send_from_is_the_operators_to_verify() {
        let world = World::new().await;
        let nothing = json!({"domain": null, "verified_at": null});
        assert_eq!(ask(&world, Method::GET, "acme", Value::Null).await, (StatusCode::OK, nothing.clone()));
        let (status, said) = ask(&world, Method::PUT, "acme", json!({"domain": "Mail.Acme.example"})).await;
        assert_eq!(
            (status, &said["domain"], &said["verified_at"]),
            (StatusCode::OK, &json!("mail.acme.example"), &Value::Null)
        );
        let verified = json!({"domain": "mail.acme.example", "verified": true});
        assert!(ask(&world, Method::PUT, "acme", verified).await.1["verified_at"].is_string());
        for wrong in ["", "acme", "a b.example", "acme.example\r\nBcc: x", "x@acme.example", "10.0.0.1", "mail.local"] {
            let (status, _) = ask(&world, Method::PUT, "acme", json!({"domain": wrong, "verified": true})).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        assert_eq!(ask(&world, Method::PUT, "nobody", json!({"domain": "a.example"})).await.0, StatusCode::NOT_FOUND);
        assert_eq!(ask(&world, Method::DELETE, "acme", Value::Null).await, (StatusCode::OK, nothing));
        let log = world.log().await;
        let told: Vec<&str> = log
            .iter()
            .map(|(action, ..)| action.as_str())
            .filter(|action| action.starts_with("mail_domain."))
            .collect();
        assert_eq!(told, ["mail_domain.set", "mail_domain.set", "mail_domain.cleared"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g06_none_of_our_children_says_what_is_the_operators() {
        let data = Ground::new().await;
        let app = control_plane(data.path()).await;
        let organisation_id = organisation(&app).await;
        let new = NewTenant { slug: "acme".parse().unwrap(), name: "Acme".to_owned(), organisation_id };
        let tenant = provision::create(&app, &ActingFor::system(), new).await.unwrap();
        assert!(provision::settled(&app, tenant.id, Duration::from_secs(20)).await);
        let own = data.path().join("own.sock");
        let _listening = std::os::unix::net::UnixListener::bind(&own).unwrap();
        // Who listens is at the other end, and has our user both times.
        let admitted = async |socket: &std::path::Path| {
            let peer = tokio::net::UnixStream::connect(socket).await.unwrap().peer_cred().unwrap();
            assert_eq!(peer.uid(), geteuid().as_raw());
            admits(geteuid().as_raw(), &app.supervisor, &peer)
        };
        assert!(admitted(&own).await, "the operator");
        assert!(!admitted(&app.settings.layout.tenant_run(&tenant.short_id).join("public.sock")).await, "a tenant");
        killed(app).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g22_no_key_of_a_customer_reaches_what_is_the_operators() {
        let world = World::new().await;
        let key = world.key(crate::model::KeyAccess::Write).await;
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = world.api(&key, method, "/tenants/acme/mail-domain", None).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
        }
    }
}
