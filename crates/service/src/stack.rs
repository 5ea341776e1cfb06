//! The one thin layer around a program's router.
//!
//! Per request it checks the host, names the request, calls the router, adds the security headers and,
//! should anything have failed, writes the log and a clean answer. On the way of a request that goes
//! well it allocates nothing but the map entry that carries the request's name.

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use pin_project_lite::pin_project;
use polder_kernel::{Entropy, Locale};
use tower::{Layer, Service};

use crate::headers::{self, Hsts};
use crate::host::Hosts;
use crate::locale;
use crate::problem::Problem;
use crate::report::Report;
use crate::request::{Origin, REQUEST_ID, RequestId, RequestIds, TrustedProxy};

/// Longest target of a request, path and query, in bytes (F09).
pub const URI_MAX: usize = 8 * 1024;

/// Settings of the layer. `stack.layer(router)` is a service for [`serve`](crate::serve) and for tests.
#[derive(Clone, Debug)]
pub struct Stack(Arc<Settings>);

#[derive(Clone, Debug)]
struct Settings {
    ids: RequestIds,
    proxy: TrustedProxy,
    hosts: Option<Hosts>,
    hsts: Hsts,
    page: fn(&Failure) -> Response,
    problem_pages: Option<Arc<str>>,
}

/// A failure that no handler answered: a panic, a host that is not ours, a target that is too long.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// The status it will be answered with.
    pub status: StatusCode,
    /// Names the request; shown so that people can report it.
    pub request_id: RequestId,
    /// The language the browser prefers.
    pub locale: Locale,
}

impl Stack {
    /// A layer for any host, behind nobody, without HSTS, with plain error pages.
    pub fn new(entropy: &Entropy) -> Self {
        Self(Arc::new(Settings {
            ids: RequestIds::new(entropy),
            proxy: TrustedProxy::None,
            hosts: None,
            hsts: Hsts::Off,
            page: plain_page,
            problem_pages: None,
        }))
    }

    /// Who stands in front and is believed.
    #[must_use]
    pub fn trust(self, proxy: TrustedProxy) -> Self {
        self.with(|settings| settings.proxy = proxy)
    }

    /// The hosts to answer for; others get 421 (F07).
    #[must_use]
    pub fn hosts(self, hosts: Hosts) -> Self {
        self.with(|settings| settings.hosts = Some(hosts))
    }

    /// Whether browsers are told to stay on https.
    #[must_use]
    pub fn hsts(self, hsts: Hsts) -> Self {
        self.with(|settings| settings.hsts = hsts)
    }

    /// How a failure looks to a person (`Accept: text/html`). Its status is set afterwards.
    /// Programs get a problem document.
    #[must_use]
    pub fn failure_page(self, page: fn(&Failure) -> Response) -> Self {
        self.with(|settings| settings.page = page)
    }

    /// What the address of the page about a kind of problem begins with; its code follows (RFC 9457, 3.1.1).
    /// Without, `type` is a URN.
    #[must_use]
    pub fn problem_pages(self, pages: impl Into<Arc<str>>) -> Self {
        self.with(|settings| settings.problem_pages = Some(pages.into()))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl<S> Layer<S> for Stack {
    type Service = Stacked<S>;
    fn layer(&self, inner: S) -> Stacked<S> {
        Stacked { inner, settings: Arc::clone(&self.0) }
    }
}

/// A router with the [`Stack`] around it.
#[derive(Clone, Debug)]
pub struct Stacked<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> Service<Request> for Stacked<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let settings = Arc::clone(&self.settings);
        let origin = Origin::of(settings.proxy, &settings.ids, request.headers(), request.extensions());
        let asker = Asker { origin, html: prefers_html(request.headers()) };
        let refused = settings.refuses(request.uri(), request.headers());
        let inner = match refused {
            Some((status, error)) => Err((status, Report::refused(error))),
            None => {
                request.extensions_mut().insert(origin);
                // A panic before the first await happens here, not when the future is polled.
                catch_unwind(AssertUnwindSafe(|| self.inner.call(request)))
                    .map_err(|panic| (StatusCode::INTERNAL_SERVER_ERROR, panicked(&*panic)))
            }
        };
        match inner {
            Ok(running) => Answer { state: State::Running { running }, settings, asker },
            Err(failure) => Answer { state: State::Failed { failure: Some(failure) }, settings, asker },
        }
    }
}

/// What an answer needs to know of the request once that is gone.
#[derive(Clone, Copy, Debug)]
struct Asker {
    origin: Origin,
    /// The language, when the client is a browser that shows pages.
    html: Option<Locale>,
}

pin_project! {
    /// The answer to come.
    pub struct Answer<F> {
        #[pin]
        state: State<F>,
        settings: Arc<Settings>,
        asker: Asker,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Running { #[pin] running: F },
        Failed { failure: Option<(StatusCode, Report)> },
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answer<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answered = match this.state.project() {
            StateProjection::Running { running } => match catch_unwind(AssertUnwindSafe(|| running.poll(context))) {
                Ok(polled) => ready!(polled).map_err(|never| match never {}),
                Err(panic) => Err((StatusCode::INTERNAL_SERVER_ERROR, panicked(&*panic))),
            },
            StateProjection::Failed { failure } => {
                Err(failure.take().unwrap_or((StatusCode::INTERNAL_SERVER_ERROR, Report::failed("polled_again"))))
            }
        };
        let mut response = answered.unwrap_or_else(|(status, report): (StatusCode, Report)| {
            report.attach(this.settings.failure(status, *this.asker))
        });
        this.settings.finish(&mut response, *this.asker);
        Poll::Ready(Ok(response))
    }
}

impl Settings {
    fn refuses(&self, uri: &Uri, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
        let target = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
        if target > URI_MAX {
            return Some((StatusCode::URI_TOO_LONG, "uri_too_long"));
        }
        let refused = self.hosts.as_ref()?.check(uri, headers).err()?;
        Some((refused.status(), "host_refused"))
    }

    /// The answer to what no handler answered.
    fn failure(&self, status: StatusCode, asker: Asker) -> Response {
        let Some(locale) = asker.html else {
            let (code, title) = match status {
                StatusCode::INTERNAL_SERVER_ERROR => ("internal", "Something went wrong on our side"),
                StatusCode::MISDIRECTED_REQUEST => ("misdirected_request", "This host is not served here"),
                StatusCode::URI_TOO_LONG => ("uri_too_long", "The address is too long"),
                _ => ("bad_request", "The request cannot be understood"),
            };
            return Problem::new(status, code, title).into_response();
        };
        let failure = Failure { status, request_id: asker.origin.id, locale };
        // A page that panics too must not take the connection along.
        let mut response = catch_unwind(|| (self.page)(&failure)).unwrap_or_else(|_| plain_page(&failure));
        *response.status_mut() = status;
        response
    }

    /// What every response gets.
    fn finish(&self, response: &mut Response, asker: Asker) {
        headers::secure(response.headers_mut(), self.hsts);
        if !response.status().is_client_error() && !response.status().is_server_error() {
            return;
        }
        let (status, id) = (response.status(), asker.origin.id);
        if let Some(report) = response.extensions_mut().remove::<Report>() {
            report.write(id, status.as_u16());
        }
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            let body = problem.body(Some(id), self.problem_pages.as_deref());
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            *response.body_mut() = Body::from(body);
        }
        if let Ok(value) = HeaderValue::try_from(id.to_string()) {
            response.headers_mut().insert(&REQUEST_ID, value);
        }
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Report {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Report::failed("panic").detail(text.unwrap_or("without a message"))
}

fn prefers_html(headers: &HeaderMap) -> Option<Locale> {
    let accept = headers.get(ACCEPT)?.to_str().ok()?;
    accept.contains("text/html").then(|| locale::choose(None, None, headers))
}

fn plain_page(failure: &Failure) -> Response {
    let body = format!("{}\nRequest {}\n", failure.status, failure.request_id);
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::RequestContext;
    use axum::Router;
    use axum::routing::{get, post};
    use http::header::{ALLOW, HOST};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    fn service() -> Stacked<Router> {
        let router = Router::new()
            .route("/id", get(|context: RequestContext| async move { context.request_id.to_string() }))
            .route("/post", post(|| async { "posted" }))
            .route("/panic", get(panics))
            .route("/fails", get(|| async { Problem::internal(&std::io::Error::other("at /srv/db: SELECT")) }))
            .fallback(crate::problem::not_found)
            .method_not_allowed_fallback(crate::problem::method_not_allowed);
        let hosts = Hosts::of_url("https://id.example");
        Stack::new(&Entropy::seeded(1)).hosts(hosts).hsts(Hsts::WithSubdomains).layer(router)
    }

    async fn panics() -> Response {
        panic!("SELECT secret at /srv/polder")
    }

    async fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> (http::response::Parts, String) {
        let mut request = Request::builder().method(method).uri(path).header(HOST, "id.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn f05_every_answer_has_the_headers_errors_too() {
        for path in ["/id", "/nothing", "/panic", "/fails", "/post"] {
            let (parts, _) = ask("GET", path, &[]).await;
            for name in ["x-content-type-options", "referrer-policy", "content-security-policy", "cache-control"] {
                assert!(parts.headers.contains_key(name), "{name} at {path}");
            }
            let hsts = parts.headers["strict-transport-security"].to_str().unwrap();
            assert_eq!(hsts, "max-age=31536000; includeSubDomains", "f04 at {path}");
            assert!(!parts.headers.contains_key("access-control-allow-origin"), "f20 at {path}");
            assert!(!parts.headers.contains_key("server"), "f15 at {path}");
        }
    }

    #[tokio::test]
    async fn f15_f22_a_panic_is_a_clean_500_with_the_requests_id() {
        for (accept, kind) in
            [("application/json", "application/problem+json"), ("text/html", "text/plain; charset=utf-8")]
        {
            let (parts, body) = ask("GET", "/panic", &[("accept", accept)]).await;
            assert_eq!(parts.status, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(parts.headers[CONTENT_TYPE], kind);
            let id = parts.headers["x-polder-request-id"].to_str().unwrap();
            assert!(body.contains(id), "{body}");
            assert!(!body.contains("SELECT") && !body.contains("/srv") && !body.contains("panic"), "{body}");
        }
    }

    #[tokio::test]
    async fn f15_a_problem_names_its_request_and_nothing_inside() {
        let (parts, body) = ask("GET", "/fails", &[]).await;
        assert_eq!(parts.status, StatusCode::INTERNAL_SERVER_ERROR);
        let id = parts.headers["x-polder-request-id"].to_str().unwrap();
        assert!(body.contains(&format!("urn:polder:request:{id}")), "{body}");
        assert!(!body.contains("SELECT"), "{body}");
        assert_eq!(parts.headers[CONTENT_LENGTH], body.len().to_string());
    }

    #[tokio::test]
    async fn f07_other_hosts_are_misdirected_and_unclear_ones_refused() {
        let send = |request: Request| async { service().oneshot(request).await.unwrap().status() };
        let host = |host: &str| Request::builder().uri("/id").header(HOST, host);
        assert_eq!(send(host("id.example").body(Body::empty()).unwrap()).await, StatusCode::OK);
        assert_eq!(send(host("evil.example").body(Body::empty()).unwrap()).await, StatusCode::MISDIRECTED_REQUEST);
        let twice = host("id.example").header(HOST, "evil.example").body(Body::empty()).unwrap();
        assert_eq!(send(twice).await, StatusCode::BAD_REQUEST);
        let none = Request::builder().uri("/id").header("x-forwarded-host", "id.example").body(Body::empty()).unwrap();
        assert_eq!(send(none).await, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn f08_methods_that_are_not_there_are_405_with_allow() {
        for method in ["GET", "TRACE", "OPTIONS", "DELETE", "BREW"] {
            let (parts, _) = ask(method, "/post", &[]).await;
            assert_eq!(parts.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
            assert_eq!(parts.headers[ALLOW], "POST", "{method}");
        }
        let (parts, body) = ask("HEAD", "/id", &[]).await;
        assert_eq!((parts.status, body.as_str()), (StatusCode::OK, ""));
    }

    #[tokio::test]
    async fn f09_a_target_beyond_8_kib_is_414() {
        let (parts, _) = ask("GET", &format!("/id?x={}", "y".repeat(URI_MAX)), &[]).await;
        assert_eq!(parts.status, StatusCode::URI_TOO_LONG);
        let (parts, _) = ask("GET", &format!("/id?x={}", "y".repeat(URI_MAX - 6)), &[]).await;
        assert_eq!(parts.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn b42_a_forged_request_id_is_not_taken_over() {
        let (_, body) = ask("GET", "/id", &[("x-polder-request-id", "00000000000000ff")]).await;
        assert!(body.len() == 16 && body != "00000000000000ff", "{body}");
    }
}
