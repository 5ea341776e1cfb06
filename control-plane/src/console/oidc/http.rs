//! The HTTP client handed to the OpenID Connect library.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// Answers of an identity provider are small: more than this is not one.
const BODY_MAX: usize = 1024 * 1024;

/// A client that follows no redirect (SSRF) and gives up after ten seconds.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No answer.
    #[error("the identity provider does not answer: {0}")]
    Transport(#[from] reqwest::Error),
    /// An answer that cannot be passed on.
    #[error("the identity provider's answer is not HTTP: {0}")]
    Build(#[from] ::http::Error),
    /// An answer too large to be one.
    #[error("the identity provider's answer is too large")]
    TooLarge,
}

impl Http {
    /// A client that takes `*.localhost` for this machine.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, HttpError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(polder_outbound::localhost::Resolver))
            .build()?;
        Ok(Self(client))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut answer = self.0.execute(request.try_into()?).await?;
            let mut response = ::http::Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                if body.len() + chunk.len() > BODY_MAX {
                    return Err(HttpError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(response.body(body)?)
        })
    }
}
