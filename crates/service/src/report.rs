//! What the log should know of a failed request, carried on the response until the [`Stack`](crate::Stack)
//! writes it, once, with the request's id (style, Errors).

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write;

use axum::response::Response;
use tracing::Level;

use crate::request::RequestId;

/// One log entry about a failed request. It never reaches the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    level: Level,
    error: Cow<'static, str>,
    detail: Option<String>,
    source: Option<String>,
}

impl Report {
    /// Something the client did: `error` is a stable code such as `invalid_grant`. Logged at `info`.
    pub fn refused(error: impl Into<Cow<'static, str>>) -> Self {
        Self { level: Level::INFO, error: error.into(), detail: None, source: None }
    }

    /// Something of ours that failed. Logged at `error`.
    pub fn failed(error: impl Into<Cow<'static, str>>) -> Self {
        Self { level: Level::ERROR, error: error.into(), detail: None, source: None }
    }

    /// Why, for the operator.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The error behind it, with all its sources.
    #[must_use]
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        self.source = Some(chain(error));
        self
    }

    /// Hands the report to the [`Stack`](crate::Stack) along with the response.
    #[must_use]
    pub fn attach(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }

    pub(crate) fn write(&self, request_id: RequestId, status: u16) {
        let (error, detail, source) = (&*self.error, self.detail.as_deref(), self.source.as_deref());
        if self.level == Level::ERROR {
            tracing::error!(%request_id, status, error, detail, source, "request failed");
        } else {
            tracing::info!(%request_id, status, error, detail, source, "request refused");
        }
    }
}

/// An error and everything behind it, on one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {source}");
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the page did not load")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn the_whole_chain_of_sources_is_reported() {
        let error = Outer(std::io::Error::other("disk on fire"));
        assert_eq!(chain(&error), "the page did not load: disk on fire");
    }
}
