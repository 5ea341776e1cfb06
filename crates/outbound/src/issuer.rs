//! The HTTP client for an issuer that the operator named, for a relying party with a network of its own:
//! the console, and the coaching platform. Its address may be anywhere, also nearby, and may be vouched
//! for by the machine's own authorities. Tenants, whose hosts their customers name, use [`crate::egress`].

use std::future::Future;
use std::pin::Pin;

use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::egress::Limits;
use crate::localhost;

/// A client that follows no redirect (SSRF), and has limits.
#[derive(Clone, Debug)]
pub struct IssuerHttp {
    client: reqwest::Client,
    limits: Limits,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// No answer.
    #[error("the identity provider does not answer: {0}")]
    Transport(#[from] reqwest::Error),
    /// An answer that cannot be passed on.
    #[error("the identity provider's answer is not HTTP: {0}")]
    Build(#[from] http::Error),
    /// An answer too large to be one.
    #[error("the identity provider's answer is too large")]
    TooLarge,
}

impl IssuerHttp {
    /// A client that takes `*.localhost` for this machine.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, IssuerError> {
        let limits = Limits::default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(limits.time)
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(localhost::Resolver))
            .build()?;
        Ok(Self { client, limits })
    }
}

impl<'c> AsyncHttpClient<'c> for IssuerHttp {
    type Error = IssuerError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, IssuerError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut answer = self.client.execute(request.try_into()?).await?;
            let mut response = http::Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                if body.len() + chunk.len() > self.limits.bytes {
                    return Err(IssuerError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(response.body(body)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn ask(answer: String) -> Result<HttpResponse, IssuerError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_buf(&mut Vec::new()).await.unwrap();
            drop(stream.write_all(answer.as_bytes()).await);
        });
        let http = IssuerHttp::new().unwrap();
        http.call(http::Request::get(format!("http://practice.localhost:{port}/")).body(vec![]).unwrap()).await
    }

    #[tokio::test]
    async fn f13_an_issuers_redirect_is_an_answer_and_not_followed() {
        let elsewhere = "HTTP/1.1 302 Found\r\nLocation: http://localhost/\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(ask(elsewhere.to_owned()).await.unwrap().status(), http::StatusCode::FOUND);
    }

    #[tokio::test]
    async fn f13_an_issuers_answer_has_an_end() {
        let most = Limits::default().bytes;
        let answer =
            |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length));
        assert_eq!(ask(answer(most)).await.unwrap().body().len(), most);
        assert!(matches!(ask(answer(most + 1)).await, Err(IssuerError::TooLarge)));
    }
}
