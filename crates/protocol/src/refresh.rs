//! Refresh tokens: their text, and what to do with one that is presented.
//!
//! ```text
//! token = base64url( grant id, 16 bytes | generation, 4 bytes big-endian | MAC over both, 32 bytes )
//!
//! presented == current          -> Rotate   the successor is issued
//! presented == current - 1
//!     within the grace window   -> Repeat   the same successor again: its answer was lost
//!     after it                  -> Reuse    the family dies
//! presented <  current - 1      -> Reuse    the successor was used already
//! ```

use std::time::Duration;

use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Secret, Timestamp};

use crate::{Error, ErrorCode, Scope};

/// How long a just-used token still gives its successor again, unless settings say otherwise.
pub const GRACE: Duration = Duration::from_secs(20);

const BYTES: usize = 16 + 4 + 32;

/// What a refresh token says. Nothing is proved until the MAC was compared with one made by the caller
/// over [`Presented::mac_parts`].
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// The grant, which is the family.
    pub grant_id: [u8; 16],
    /// Which token of the family this is.
    pub generation: u32,
    /// The keyed hash over both.
    pub mac: [u8; 32],
}

/// A family as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The generation that may be used next.
    pub generation: u32,
    /// When that generation came to be by a rotation; `None` for the first.
    pub rotated_at: Option<Timestamp>,
    /// When it ends if it is not used.
    pub idle_expires_at: Timestamp,
    /// When it ends however it is used.
    pub expires_at: Timestamp,
    /// Whether it was ended.
    pub revoked: bool,
}

/// What to do with a genuine token of the right client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Advance the family to this generation and issue its token.
    Rotate {
        /// The generation to store and to issue.
        generation: u32,
    },
    /// Issue the token of this, the current generation again; store nothing.
    Repeat {
        /// The generation to issue.
        generation: u32,
    },
    /// Two hold the same token, and one of them stole it: end the family, say so in the audit log.
    Reuse,
    /// The family has ended, by time or by hand. Nothing more happens.
    Expired,
}

/// How long a family lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Without use.
    pub idle: Duration,
    /// In all; no rotation extends it (B45).
    pub absolute: Duration,
}

impl Presented {
    /// Reads a token. `None` unless it is the one spelling of a token (B26).
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; BYTES] = from_base64url(text)?.try_into().ok()?;
        let (grant_id, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, rest) = rest.split_first_chunk::<4>()?;
        let mac: [u8; 32] = rest.try_into().ok()?;
        Some(Self { grant_id: *grant_id, generation: u32::from_be_bytes(*generation), mac })
    }

    /// The token's text.
    pub fn text(&self) -> Secret<String> {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&self.grant_id);
        bytes[16..20].copy_from_slice(&self.generation.to_be_bytes());
        bytes[20..].copy_from_slice(&self.mac);
        Secret::new(base64url(&bytes))
    }

    /// What the MAC is made over.
    pub fn mac_parts(grant_id: &[u8; 16], generation: u32) -> ([u8; 16], [u8; 4]) {
        (*grant_id, generation.to_be_bytes())
    }
}

/// The MAC is the secret of the token: it does not print.
impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Decides about a genuine token. The caller has compared the MAC, and refuses another client's token
/// before coming here: a stranger's mistake must not end a family (A27).
pub fn decide(stored: &Family, presented: u32, now: Timestamp, grace: Duration) -> Decision {
    if stored.revoked || now >= stored.expires_at || now >= stored.idle_expires_at {
        return Decision::Expired;
    }
    // Ahead of what is stored: the database was put back to an earlier moment. Nobody stole anything.
    if presented > stored.generation {
        return Decision::Expired;
    }
    if presented == stored.generation {
        return match stored.generation.checked_add(1) {
            Some(generation) => Decision::Rotate { generation },
            None => Decision::Expired,
        };
    }
    // The predecessor of an unused successor, and only while the window is open. Had the successor been
    // used, the stored generation would be further on.
    let in_grace = stored.rotated_at.is_some_and(|rotated_at| now < rotated_at + grace);
    if presented + 1 == stored.generation && in_grace {
        return Decision::Repeat { generation: stored.generation };
    }
    Decision::Reuse
}

/// What the client is told of every refused refresh token: not why.
pub fn refused() -> Error {
    Error::new(ErrorCode::InvalidGrant, "the refresh token is invalid, expired or revoked")
}

/// The scope of the access token: as granted, or the part of it that was asked for. The refresh token
/// keeps the whole (B19).
pub fn scope(granted: &Scope, requested: Option<&Scope>) -> Result<Scope, Error> {
    match requested {
        None => Ok(granted.clone()),
        Some(requested) if requested.is_subset(granted) => Ok(requested.clone()),
        Some(_) => Err(Error::new(ErrorCode::InvalidScope, "a requested scope was not granted")),
    }
}

impl Lifetime {
    /// Thirty days without use, ninety in all.
    pub const DEFAULT: Self =
        Self { idle: Duration::from_secs(30 * 86_400), absolute: Duration::from_secs(90 * 86_400) };

    /// When a family that begins now ends: (without use, in all).
    pub fn begin(self, now: Timestamp) -> (Timestamp, Timestamp) {
        let expires_at = now + self.absolute;
        (self.extend(now, expires_at), expires_at)
    }

    /// When a family that is used now ends without further use: never after its absolute end.
    pub fn extend(self, now: Timestamp, expires_at: Timestamp) -> Timestamp {
        (now + self.idle).min(expires_at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROTATED: i64 = 1_000;

    fn family(generation: u32) -> Family {
        Family {
            generation,
            rotated_at: (generation > 0).then(|| Timestamp::from_seconds(ROTATED)),
            idle_expires_at: Timestamp::from_seconds(5_000),
            expires_at: Timestamp::from_seconds(9_000),
            revoked: false,
        }
    }

    fn run(stored: &Family, presented: u32, now: i64) -> Decision {
        decide(stored, presented, Timestamp::from_seconds(now), GRACE)
    }

    #[test]
    fn p3_the_current_token_rotates() {
        assert_eq!(run(&family(0), 0, 10), Decision::Rotate { generation: 1 });
        assert_eq!(run(&family(7), 7, 1_005), Decision::Rotate { generation: 8 });
    }

    #[test]
    fn b44_within_the_window_the_same_successor_is_given_again() {
        for now in [ROTATED, ROTATED + 19] {
            assert_eq!(run(&family(7), 6, now), Decision::Repeat { generation: 7 });
        }
        // A clock that was set back does not turn a lost answer into a theft.
        assert_eq!(run(&family(7), 6, ROTATED - 30), Decision::Repeat { generation: 7 });
    }

    #[test]
    fn p3_a_reused_refresh_token_ends_its_family() {
        for now in [ROTATED + 20, ROTATED + 21, 4_999] {
            assert_eq!(run(&family(7), 6, now), Decision::Reuse);
        }
    }

    #[test]
    fn b44_once_the_successor_was_used_the_window_is_closed() {
        // Generation 6 was rotated to 7 and 7 to 8, all within the window.
        for used in [0, 5, 6] {
            assert_eq!(run(&family(8), used, ROTATED + 1), Decision::Reuse);
        }
    }

    #[test]
    fn b44_fifty_parallel_uses_give_one_successor() {
        let mut stored = family(3);
        let successors: Vec<u32> = (0..50)
            .map(|_| match run(&stored, 3, ROTATED + 5) {
                Decision::Rotate { generation } => {
                    stored.generation = generation;
                    stored.rotated_at = Some(Timestamp::from_seconds(ROTATED + 5));
                    generation
                }
                Decision::Repeat { generation } => generation,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(successors, [4; 50]);
    }

    #[test]
    fn b45_a_family_ends_by_idleness_by_age_and_by_hand() {
        assert_eq!(run(&family(7), 7, 4_999), Decision::Rotate { generation: 8 });
        let aged = Family { idle_expires_at: Timestamp::from_seconds(99_999), ..family(7) };
        let revoked = Family { revoked: true, ..family(7) };
        for presented in [0, 6, 7, 8] {
            assert_eq!(run(&family(7), presented, 5_000), Decision::Expired);
            assert_eq!(run(&aged, presented, 9_000), Decision::Expired);
            assert_eq!(run(&revoked, presented, ROTATED), Decision::Expired);
        }
    }

    #[test]
    fn b45_rotation_never_extends_the_absolute_end() {
        let lifetime = Lifetime { idle: Duration::from_secs(30), absolute: Duration::from_secs(100) };
        let (idle, absolute) = lifetime.begin(Timestamp::from_seconds(0));
        assert_eq!((idle.seconds(), absolute.seconds()), (30, 100));
        assert_eq!(lifetime.extend(Timestamp::from_seconds(50), absolute).seconds(), 80);
        assert_eq!(lifetime.extend(Timestamp::from_seconds(90), absolute).seconds(), 100);
    }

    #[test]
    fn a_token_from_after_a_restored_backup_is_no_theft() {
        assert_eq!(run(&family(7), 8, ROTATED + 1), Decision::Expired);
        assert_eq!(run(&family(u32::MAX), u32::MAX, ROTATED + 1), Decision::Expired);
    }

    #[test]
    fn b19_scope_narrows_and_never_widens() {
        let granted = Scope::parse("openid api:read").unwrap();
        let narrowed = |text: &str| scope(&granted, Some(&Scope::parse(text).unwrap()));
        assert_eq!(scope(&granted, None).unwrap(), granted);
        assert_eq!(narrowed("api:read").unwrap().to_string(), "api:read");
        for wider in ["openid api:read api:write", "email", "offline_access"] {
            assert_eq!(narrowed(wider).unwrap_err().code, ErrorCode::InvalidScope, "{wider}");
        }
    }

    #[test]
    fn f16_a_refresh_token_does_not_print() {
        let token = Presented { grant_id: [7; 16], generation: 3, mac: [0xab; 32] };
        assert!(!format!("{token:?}").contains("171"));
    }

    proptest! {
        #[test]
        fn a27_the_text_is_read_back(grant_id: [u8; 16], generation: u32, mac: [u8; 32]) {
            let token = Presented { grant_id, generation, mac };
            let text = token.text();
            prop_assert!(text.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(Presented::parse(text.expose()), Some(token));
        }

        #[test]
        fn b26_a_changed_text_is_another_token_or_none(mac: [u8; 32], place in 0_usize..70, byte in 0x20_u8..0x7f) {
            let token = Presented { grant_id: [1; 16], generation: 1, mac };
            let right = token.text();
            let mut changed = right.expose().clone().into_bytes();
            prop_assume!(changed[place] != byte);
            changed[place] = byte;
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_ne!(Presented::parse(&changed), Some(token));
        }

        #[test]
        fn b26_a_longer_or_shorter_text_is_none(mac: [u8; 32], cut in 0_usize..70, tail in "[A-Za-z0-9=_-]{1,6}") {
            let text = Presented { grant_id: [1; 16], generation: 1, mac }.text();
            prop_assert_eq!(Presented::parse(&text.expose()[..cut]), None);
            let longer = format!("{}{tail}", text.expose());
            prop_assert_eq!(Presented::parse(&longer), None);
        }

        #[test]
        fn p3_only_the_current_token_ever_moves_a_family(generation in 0_u32..50, presented in 0_u32..50, now in 0_i64..10_000) {
            let decision = run(&family(generation), presented, now);
            if let Decision::Rotate { generation: next } = decision {
                prop_assert_eq!((presented, next), (generation, generation + 1));
            }
            if let Decision::Repeat { generation: again } = decision {
                prop_assert_eq!((presented + 1, again), (generation, generation));
                prop_assert!(now < ROTATED + 20);
            }
        }
    }
}
