//! How long codes, tokens and sessions live.

use std::time::Duration;

/// How long things live.
#[derive(Clone, Debug)]
pub struct Lifetimes {
    /// Authorization codes (B13).
    pub code: Duration,
    /// Access tokens.
    pub access_token: Duration,
    /// ID tokens.
    pub id_token: Duration,
    /// Refresh tokens that are not used.
    pub refresh_idle: Duration,
    /// Refresh families, whatever happens (B45).
    pub refresh_absolute: Duration,
    /// How long a rotated refresh token gives its same successor again (B44).
    pub refresh_grace: Duration,
    /// Sessions that are not used.
    pub session_idle: Duration,
    /// Sessions, whatever happens.
    pub session_absolute: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        const DAY: u64 = 24 * HOUR;
        Self {
            code: Duration::from_secs(60),
            access_token: Duration::from_secs(900),
            id_token: Duration::from_secs(900),
            refresh_idle: Duration::from_secs(30 * DAY),
            refresh_absolute: Duration::from_secs(90 * DAY),
            refresh_grace: Duration::from_secs(20),
            session_idle: Duration::from_secs(12 * HOUR),
            session_absolute: Duration::from_secs(30 * DAY),
        }
    }
}
