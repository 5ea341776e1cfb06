//! A session in the register: one sign-in of one person in one browser.

use polder_kernel::Timestamp;
use polder_tenant_api::{SessionId, UserId};

use super::{Assurance, Method};

/// A session in the register. The cookie itself is not here: only its keyed hash is stored.
#[derive(Clone, Debug)]
pub struct Session {
    /// Names the session in logs and the admin API; it is not the cookie.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// How strong the sign-in was, as `acr` claims say it.
    pub acr: String,
    /// How the person proved themselves (RFC 8176).
    pub amr: Vec<String>,
    /// Keyed hash of the flow on whose pages the person last proved themselves.
    pub proved_in: Option<String>,
    /// Keyed hash of the flow in which the person last said that they go on as who they are here.
    pub chosen_in: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When the person last proved themselves: the `auth_time` claim.
    pub authenticated_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends if it is not used.
    pub idle_expires_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Session {
    /// What the sign-in is worth.
    pub fn assurance(&self) -> Assurance {
        Assurance::of_acr(&self.acr)
    }

    /// Whether the person proved themselves to this tenant, and not to an outside provider alone. A provider
    /// may vouch without asking anybody anything, wherever a browser is signed in there.
    pub fn is_proved_here(&self) -> bool {
        let says = |word| self.amr.iter().any(|said| said == word);
        !says(Method::FEDERATED) || says("otp")
    }

    /// Whether it still counts at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.idle_expires_at && now < self.expires_at
    }
}
