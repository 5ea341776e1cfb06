//! Why a tenant is not let out, as it is told.

use http::StatusCode;
use polder_outbound::resolve::Unresolved;
use polder_service::Problem;
use polder_service::limit::RetryAfter;

/// Why a tenant is not let out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not CONNECT.
    Method,
    /// Not `HOST:PORT`.
    Malformed,
    /// No rule allows it.
    NotAllowed,
    /// The name leads to an address that is nobody's to reach.
    Address(&'static str),
    /// The name has no address.
    Unknown,
    /// Nobody answers there.
    Unreachable,
    /// It took too long.
    TooSlow,
    /// The tenant has too many connections open, or has had its share; when to come back, in seconds.
    TooMany(u64),
}

impl From<Unresolved> for Refusal {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Refused(why) => Self::Address(why),
            Unresolved::Unknown => Self::Unknown,
            Unresolved::TooSlow => Self::TooSlow,
        }
    }
}

impl Refusal {
    /// Whether we said no, rather than that it did not work.
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Method | Self::Malformed | Self::NotAllowed | Self::Address(_) | Self::TooMany(_))
    }

    /// The word for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "not CONNECT",
            Self::Malformed => "not a host and port",
            Self::NotAllowed => "not on the allow-list",
            Self::Address(why) => why,
            Self::Unknown => "the name has no address",
            Self::Unreachable => "nobody answers there",
            Self::TooSlow => "too slow",
            Self::TooMany(_) => "too many connections",
        }
    }

    /// As the tenant is told.
    pub fn problem(self) -> Problem {
        let outside = |status, code| Problem::new(status, code, "The host cannot be reached").detail(self.as_str());
        match self {
            Self::Method => Problem::method_not_allowed(),
            Self::Malformed => Problem::bad_request("CONNECT takes HOST:PORT"),
            Self::NotAllowed => Problem::new(StatusCode::FORBIDDEN, "egress_not_allowed", "This way out is closed")
                .detail("No rule of this tenant allows the host and port"),
            Self::Address(_) => Problem::new(StatusCode::FORBIDDEN, "egress_address", "This way out is closed")
                .detail("The host's address is not a public one"),
            Self::Unknown => outside(StatusCode::BAD_GATEWAY, "egress_unknown_host"),
            Self::Unreachable => outside(StatusCode::BAD_GATEWAY, "egress_unreachable"),
            Self::TooSlow => outside(StatusCode::GATEWAY_TIMEOUT, "egress_timeout"),
            Self::TooMany(after) => Problem::too_many(RetryAfter::from_seconds(after)),
        }
    }
}
