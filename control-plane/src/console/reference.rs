//! `/reference/`: every operation of the public API, to read and to try, from our own host. Swagger UI shows the
//! OpenAPI document; a key that is typed in there stays in that page.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use utoipa_swagger_ui::{Config, serve};

use super::Fault;

/// Swagger UI writes styles of its own into its page; everything else is as strict as anywhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Its files carry no version in their names, and come anew with each of ours.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::new(["/api/v1/openapi.json"]).use_base_layout().deep_linking(true).doc_expansion("none");
    let config = config.filter(true).default_models_expand_depth(0).display_request_duration(true);
    Arc::new(config.try_it_out_enabled(true).validator_url("none").with_credentials(false))
});

/// `GET /reference`.
pub async fn enter() -> Redirect {
    Redirect::permanent("/reference/")
}

/// `GET /reference/`.
///
/// # Errors
/// As [`file`].
pub async fn page() -> Result<Response, Fault> {
    of("index.html")
}

/// `GET /reference/{file}`.
///
/// # Errors
/// 404 for what is none of its files.
pub async fn file(Path(file): Path<String>) -> Result<Response, Fault> {
    of(&file)
}

fn of(name: &str) -> Result<Response, Fault> {
    let file = serve(name, Arc::clone(&CONFIG)).map_err(|error| Fault::Internal(error.to_string()))?;
    let file = file.ok_or(Fault::NotFound)?;
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("png") => "image/png",
        _ => return Err(Fault::NotFound),
    };
    let mut headers: Vec<(HeaderName, HeaderValue)> = vec![
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, CACHED),
    ];
    if file.gzpipped {
        headers.push((CONTENT_ENCODING, HeaderValue::from_static("gzip")));
    }
    let mut response = Body::from(file.bytes.into_owned()).into_response();
    response.headers_mut().extend(headers);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::extract::Request;
    use http::StatusCode;

    use crate::testing::World;

    #[tokio::test(flavor = "multi_thread")]
    async fn f24_the_reference_is_served_from_here_alone() {
        let world = World::new().await;
        let get = async |path: &str| world.send(Request::get(path), String::new()).await;
        let initializer = get("/reference/swagger-initializer.js").await;
        assert!(initializer.body.contains("\"/api/v1/openapi.json\""), "{}", initializer.body);
        let page = get("/reference/").await;
        assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("http"), "{policy}");
        for name in ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"] {
            let file = get(&format!("/reference/{name}")).await;
            assert_eq!((file.status, file.header("content-encoding")), (StatusCode::OK, "gzip"), "{name}");
        }
        for path in ["/reference/nothing.js", "/reference/..%2Findex.html", "/reference/%2e%2e/etc/passwd"] {
            assert_eq!(get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}
