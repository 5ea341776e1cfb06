//! Times in what applications sign (RFC 7519 2, `NumericDate`).

use polder_kernel::Timestamp;
use serde::{Deserialize, Deserializer, de};
use serde_json::Number;

/// How far two clocks may be apart, in seconds.
pub(crate) const SKEW: i64 = 60;

/// Seconds since 1970; a fraction is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seconds(pub(crate) i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        let whole = number.as_i64().or_else(|| number.as_f64().filter(|n| n.abs() < 1e15).map(|n| n.floor() as i64));
        whole.map(Self).ok_or_else(|| de::Error::custom("not a time"))
    }
}

impl Seconds {
    /// Whether this end lies in the past, clocks that differ allowed for.
    pub(crate) fn is_over(self, now: Timestamp) -> bool {
        self.0.saturating_add(SKEW) <= now.seconds()
    }

    /// Whether this beginning lies in the future, clocks that differ allowed for.
    pub(crate) fn is_to_come(self, now: Timestamp) -> bool {
        self.0.saturating_sub(SKEW) > now.seconds()
    }

    /// The same moment, when something that ends then is refused for sure.
    pub(crate) fn surely_over(self) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_add(SKEW + 1))
    }
}
