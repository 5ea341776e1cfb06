//! What a tenant asks of people who sign in, and what one of its applications asks on top. Of two wishes
//! the stricter one holds: the order of the variants is the order of strictness.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which part passkeys have in signing in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PasskeyPolicy {
    /// People may have them; nobody is asked at sign-in.
    Optional,
    /// People who signed in with something weaker are asked whether they want one.
    #[default]
    Preferred,
    /// Nobody gets in with anything else. Who has none makes one right after proving their address.
    Required,
}

/// Which part a second factor has in signing in. A passkey is two factors by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecondFactorPolicy {
    /// Nobody can set up an authenticator app. Who has one is still asked for it, until they remove it.
    Never,
    /// Who set one up is asked for it.
    #[default]
    Optional,
    /// Everybody is asked. Who has none sets one up, or makes a passkey, right after proving their address.
    Required,
}

/// Whether strangers may make an account by proving an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Anyone may.
    #[default]
    Open,
    /// Whoever has an address at one of the domains in `sign_up_domains`, and people who were added before.
    Domains,
    /// By invitation: only people who were added before.
    Closed,
}

macro_rules! words {
    ($kind:ident: $($variant:ident = $word:literal),+) => {
        impl $kind {
            /// As stored and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $kind {
            type Err = ();

            fn from_str(word: &str) -> Result<Self, ()> {
                match word { $($word => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
    };
}

words!(PasskeyPolicy: Optional = "optional", Preferred = "preferred", Required = "required");
words!(SecondFactorPolicy: Never = "never", Optional = "optional", Required = "required");
words!(SignUp: Open = "open", Domains = "domains", Closed = "closed");

/// Seconds after which a session that is not used ends, unless chosen: twelve hours.
pub const SESSION_IDLE_SECONDS: u32 = 12 * 3600;
/// Seconds after which a session ends however much it is used, unless chosen: thirty days, which is also
/// the most (E05).
pub const SESSION_ABSOLUTE_SECONDS: u32 = 30 * 24 * 3600;
/// The shortest session, in seconds.
pub const SHORTEST_SESSION_SECONDS: u32 = 15 * 60;
/// Hours that somebody who lost their factors waits for a way back, unless chosen: three days.
pub const RECOVERY_WAIT_HOURS: u32 = 72;
/// The longest such wait, in hours: thirty days.
pub const LONGEST_RECOVERY_WAIT_HOURS: u32 = 30 * 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_stored_and_on_the_wire() {
        for policy in [PasskeyPolicy::Optional, PasskeyPolicy::Preferred, PasskeyPolicy::Required] {
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.as_str());
            assert_eq!(policy.as_str().parse(), Ok(policy));
        }
        for policy in [SecondFactorPolicy::Never, SecondFactorPolicy::Optional, SecondFactorPolicy::Required] {
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.as_str());
            assert_eq!(policy.as_str().parse(), Ok(policy));
        }
        for sign_up in [SignUp::Open, SignUp::Domains, SignUp::Closed] {
            assert_eq!(serde_json::to_value(sign_up).unwrap(), sign_up.as_str());
            assert_eq!(sign_up.as_str().parse(), Ok(sign_up));
        }
        assert!("sometimes".parse::<PasskeyPolicy>().is_err());
    }

    #[test]
    fn of_two_wishes_the_stricter_holds() {
        assert_eq!(PasskeyPolicy::Optional.max(PasskeyPolicy::Required), PasskeyPolicy::Required);
        assert_eq!(SecondFactorPolicy::Never.max(SecondFactorPolicy::Optional), SecondFactorPolicy::Optional);
        assert!(SecondFactorPolicy::Optional < SecondFactorPolicy::Required);
    }
}
