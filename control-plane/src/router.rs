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
use crate::gateway::{Refused, Site, host, pages, proxy};
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
        Self(Arc::new(Inner {
            app: Arc::clone(app),
            console: stack.layer(console(app)),
            mailbox: stack.layer(mailbox::router::router(Arc::clone(app))),
        }))
    }
}

/// All of `console.localhost`: pages at `/`, the public API at `/api/v1`.
fn console(app: &Arc<App>) -> Router {
    console::router(app).nest("/api/v1", api::router(app))
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
            Ok(Site::Tenant(slug)) => match self.app.routes.get(&slug) {
                Some(route) => {
                    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
                    let id = self.app.request_ids.next().to_string();
                    let within = self.app.settings.patience.answer;
                    return Ok(proxy::forward(&route, request, (peer, &id), within).await);
                }
                None => StatusCode::MISDIRECTED_REQUEST,
            },
            Err(Refused::Misdirected) => StatusCode::MISDIRECTED_REQUEST,
            Err(Refused::Malformed) => StatusCode::BAD_REQUEST,
        };
        Ok(pages::page(status, pages::locale(request.headers())))
    }
}
