//! How long codes and tokens live. Sessions live as long as the tenant's settings say.

use std::time::Duration;

/// How long things live.
#[derive(Clone, Copy, Debug)]
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
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            code: Duration::from_secs(60),
            access_token: Duration::from_secs(900),
            id_token: Duration::from_secs(900),
            refresh_idle: Duration::from_secs(30 * DAY),
            refresh_absolute: Duration::from_secs(90 * DAY),
            refresh_grace: Duration::from_secs(20),
        }
    }
}
