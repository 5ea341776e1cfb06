//! Why there is no answer from a host outside.

use http::StatusCode;

use crate::resolve::Unresolved;

/// Why there is no answer. The messages hold nothing of request and answer.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// Not the https address of a public host. In development, http to this machine will do.
    #[error("only https addresses of public hosts can be reached, on port 443")]
    Address,
    /// There is no way out: the control plane is not there.
    #[error("there is no way out: {0}")]
    NoWay(std::io::Error),
    /// The control plane does not let this out, or could not reach it.
    #[error("the way out answered {0}")]
    Closed(StatusCode),
    /// The name leads nowhere, or where nobody may go.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// Nobody answers at the host's addresses.
    #[error("the host does not answer: {0}")]
    Unreachable(std::io::Error),
    /// No encrypted connection to the host that was named.
    #[error("no encrypted connection to the host: {0}")]
    Tls(std::io::Error),
    /// The exchange broke.
    #[error("the exchange broke: {0}")]
    Broken(#[from] hyper::Error),
    /// The request cannot be written.
    #[error("the request is malformed")]
    Malformed(#[from] http::Error),
    /// It took longer than it may.
    #[error("the host took too long")]
    TimedOut,
    /// The answer is larger than it may be.
    #[error("the answer is too large")]
    TooLarge,
}

impl EgressError {
    /// Whether trying again later could help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::NoWay(_) | Self::Unreachable(_) | Self::Broken(_) | Self::TimedOut => true,
            Self::Unresolved(unresolved) => !matches!(unresolved, Unresolved::Refused(_)),
            Self::Closed(status) => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            Self::Address | Self::Tls(_) | Self::Malformed(_) | Self::TooLarge => false,
        }
    }
}
