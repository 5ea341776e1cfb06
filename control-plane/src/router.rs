//! What answers at which host. Tenants' requests take the shortest way; ours pass the service stack.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use futures_util::future::BoxFuture;
use http::StatusCode;
use polder_service::request::Peer;
use polder_service::stack::{Stack, Stacked};
use tower::{Layer, Service};

use crate::app::App;
use crate::gateway::{Refused, Site, Target, host, pages, proxy, wake};
use crate::mailbox;
use crate::{api, console};

/// The service behind the one listener.
#[derive(Clone)]
pub struct Front(Arc<Inner>);

struct Inner {
    app: Arc<App>,
    console: Stacked<Router>,
    mailbox: Stacked<Router>,
}

impl Front {
    /// Everything this program answers.
    pub fn new(app: &Arc<App>) -> Self {
        let stack = Stack::new(&app.entropy).failure_page(|failure| pages::page(failure.status, failure.locale));
        let pages = format!("{}{}", app.settings.console(), api::problems::PAGES);
        Self(Arc::new(Inner {
            app: Arc::clone(app),
            console: stack.clone().problem_pages(pages).layer(console(app)),
            mailbox: stack.layer(mailbox::router::router(Arc::clone(app))),
        }))
    }
}

/// All of `console.localhost`: pages at `/`, the public API at `/api/v1`.
fn console(app: &Arc<App>) -> Router {
    let console = console::router(app).nest("/api/v1", api::router(app));
    console.merge(api::metadata::router(&app.settings.console()))
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.answer(request).await })
    }
}

impl Inner {
    async fn answer(&self, request: Request) -> Result<Response, Infallible> {
        let port = self.app.settings.listen.port();
        let status = match host::site(request.uri(), request.headers(), port) {
            Ok(Site::Console) => return self.console.clone().call(request).await,
            Ok(Site::Mailbox) => return self.mailbox.clone().call(request).await,
            Ok(Site::Tenant(slug)) => return Ok(self.pass(&slug, request).await),
            Err(Refused::Misdirected) => StatusCode::MISDIRECTED_REQUEST,
            Err(Refused::Malformed) => StatusCode::BAD_REQUEST,
        };
        Ok(pages::page(status, pages::locale(request.headers())))
    }

    /// A request for a tenant's host.
    async fn pass(&self, slug: &str, request: Request) -> Response {
        let app = &self.app;
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let locale = pages::locale(request.headers());
        let target = match app.routes.lookup(slug) {
            Target::Asleep(_) => match wake::hold(app, slug, peer).await {
                Ok(target) => target,
                Err(_) => return pages::page(StatusCode::SERVICE_UNAVAILABLE, locale),
            },
            target => target,
        };
        let route = match target {
            Target::Ready(route) => route,
            Target::Suspended(route) if is_document(request.uri().path()) => route,
            Target::Suspended(_) => return pages::closed(locale),
            Target::Asleep(_) | Target::Unknown => return pages::page(StatusCode::MISDIRECTED_REQUEST, locale),
        };
        let now = app.clock.now();
        route.in_use.touch(now);
        if route.turns.take().await.is_err() {
            return pages::page(StatusCode::SERVICE_UNAVAILABLE, locale);
        }
        app.usage.request(route.tenant_id, now);
        let id = app.request_ids.next().to_string();
        proxy::forward(&route, request, (peer, &id), app.settings.patience.answer).await
    }
}

/// What verifies tokens that were given out: it is served while nobody can sign in (G25).
fn is_document(path: &str) -> bool {
    matches!(
        path,
        "/.well-known/openid-configuration"
            | "/.well-known/oauth-authorization-server"
            | "/.well-known/oauth-protected-resource/userinfo"
            | "/jwks.json"
    )
}
