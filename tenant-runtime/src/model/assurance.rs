//! How people prove themselves, and what that is worth: `amr` (RFC 8176) and `acr`.
//!
//! | proof | `amr` | `acr` |
//! | --- | --- | --- |
//! | account at an outside provider | `fed` | `urn:polder:acr:connection` |
//! | the same, then a code of an authenticator app, or a recovery code | `fed`, `otp`, `mfa` | `urn:polder:acr:mfa` |
//! | account at an outside provider, whose second factor counts here | `fed`, `mfa` | `urn:polder:acr:mfa` |
//! | e-mail code | `otp` | `urn:polder:acr:email` |
//! | e-mail code, then a code of an authenticator app | `otp`, `mfa` | `urn:polder:acr:mfa` |
//! | e-mail code, then a recovery code | `otp`, `mfa` | `urn:polder:acr:mfa` |
//! | passkey that cannot leave its device | `hwk`, `user`, `mfa` | `urn:polder:acr:passkey` |
//! | passkey that is synced | `swk`, `user`, `mfa` | `urn:polder:acr:passkey` |
//!
//! Applications may ask for a level by its `acr`, or by the words `mfa` and `phr` (phishing-resistant, as
//! the OpenID EAP profiles call it): `acr_values`, or `claims` where they insist. A stronger sign-in
//! meets a weaker wish. A level that was reached in steps has the words of each step in its `amr`.
//!
//! A passkey always comes with user verification here, so it is two factors by itself; `hwk` is said
//! only where the authenticator says that the key stays inside it (C33). An e-mail code proves an
//! address and is never a second factor (decision 15).

use serde::{Deserialize, Serialize};

/// One way in which a person proved themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// An account at an outside provider.
    Connection {
        /// Whether the provider says that a second factor was used, and is believed.
        second_factor: bool,
    },
    /// A code from the mail.
    EmailCode,
    /// A code of an authenticator app, after something else.
    AuthenticatorApp,
    /// A recovery code in its place.
    RecoveryCode,
    /// A passkey, the person verified by its device.
    Passkey {
        /// Whether its key can leave the device it was made on.
        synced: bool,
        /// Whether it counts for more than an e-mail code yet: one that was added with nothing better
        /// than a code, while there were others, has to wait (D13).
        strong: bool,
    },
}

/// What a sign-in is worth. The order is the order of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assurance {
    /// A provider says who it is.
    Connection,
    /// An address was proved.
    Email,
    /// Two factors, of which one may be typed in on a false page.
    TwoFactors,
    /// Two factors that work on no page but ours.
    Passkey,
}

impl Method {
    /// The word for a provider's vouching; RFC 8176 has none.
    pub const FEDERATED: &'static str = "fed";

    /// The words of RFC 8176.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Connection { second_factor: false } => &[Self::FEDERATED],
            Self::Connection { second_factor: true } => &[Self::FEDERATED, "mfa"],
            Self::EmailCode => &["otp"],
            Self::AuthenticatorApp | Self::RecoveryCode => &["otp", "mfa"],
            Self::Passkey { strong: false, .. } => &["pop", "user"],
            Self::Passkey { synced: true, .. } => &["swk", "user", "mfa"],
            Self::Passkey { synced: false, .. } => &["hwk", "user", "mfa"],
        }
    }

    /// Whether it only ever follows another.
    pub const fn is_second_factor(self) -> bool {
        matches!(self, Self::AuthenticatorApp | Self::RecoveryCode)
    }

    /// What it is worth by itself.
    pub const fn assurance(self) -> Assurance {
        match self {
            Self::Connection { second_factor: false } => Assurance::Connection,
            Self::Connection { second_factor: true } => Assurance::TwoFactors,
            Self::EmailCode | Self::AuthenticatorApp | Self::RecoveryCode | Self::Passkey { strong: false, .. } => {
                Assurance::Email
            }
            Self::Passkey { strong: true, .. } => Assurance::Passkey,
        }
    }
}

impl Assurance {
    /// Every level, weakest first.
    pub const ALL: [Self; 4] = [Self::Connection, Self::Email, Self::TwoFactors, Self::Passkey];

    /// The `acr` claim.
    pub const fn acr(self) -> &'static str {
        match self {
            Self::Connection => "urn:polder:acr:connection",
            Self::Email => "urn:polder:acr:email",
            Self::TwoFactors => "urn:polder:acr:mfa",
            Self::Passkey => "urn:polder:acr:passkey",
        }
    }

    /// The level behind an `acr`. What is not known is worth least.
    pub fn of_acr(acr: &str) -> Self {
        Self::ALL.into_iter().find(|level| level.acr() == acr).unwrap_or(Self::Connection)
    }

    /// The level that a word of a request asks for (RFC 9470).
    pub fn asked_for(word: &str) -> Option<Self> {
        match word {
            "mfa" => Some(Self::TwoFactors),
            "phr" => Some(Self::Passkey),
            urn => Self::ALL.into_iter().find(|level| level.acr() == urn),
        }
    }

    /// The level that these words vouch for, whatever a token calls it.
    pub fn of_amr<S: AsRef<str>>(amr: &[S]) -> Self {
        let has = |word: &str| amr.iter().any(|one| one.as_ref() == word);
        match (has("mfa"), has("swk") || has("hwk")) {
            (true, true) => Self::Passkey,
            (true, false) => Self::TwoFactors,
            (false, _) if has("otp") || has("pop") => Self::Email,
            (false, _) => Self::Connection,
        }
    }

    /// What these methods are worth together.
    pub fn of(methods: &[Method]) -> Self {
        let strongest = methods.iter().map(|method| method.assurance()).max().unwrap_or(Self::Connection);
        let second = methods.iter().filter(|method| method.is_second_factor()).count();
        // Two of a kind are still one factor.
        if second == 0 || second == methods.len() { strongest } else { strongest.max(Self::TwoFactors) }
    }
}

/// The `amr` of these methods, each word once.
pub fn amr(methods: &[Method]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in methods.iter().flat_map(|method| method.amr()) {
        if words.iter().all(|known| known != word) {
            words.push((*word).to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c33_a_synced_passkey_is_never_sold_as_bound_to_its_device() {
        let amr = |synced| amr(&[Method::Passkey { synced, strong: true }]);
        assert_eq!(amr(true), ["swk", "user", "mfa"]);
        assert_eq!(amr(false), ["hwk", "user", "mfa"]);
    }

    #[test]
    fn d13_an_email_code_is_never_a_second_factor() {
        let codes = [Method::EmailCode, Method::EmailCode];
        assert_eq!(Assurance::of(&codes), Assurance::Email);
        assert_eq!(amr(&codes), ["otp"]);
        let waiting = Method::Passkey { synced: true, strong: false };
        assert_eq!(Assurance::of(&[Method::EmailCode, waiting]), Assurance::Email);
        assert!(!amr(&[waiting]).iter().any(|word| word == "mfa"));
    }

    #[test]
    fn p4_a_code_of_the_app_after_another_factor_makes_two() {
        for second in [Method::AuthenticatorApp, Method::RecoveryCode] {
            assert_eq!(Assurance::of(&[Method::EmailCode, second]), Assurance::TwoFactors);
            assert_eq!(amr(&[Method::EmailCode, second]), ["otp", "mfa"]);
            assert_eq!(Assurance::of(&[second]), Assurance::Email, "alone it is one factor");
        }
        let both = [Method::AuthenticatorApp, Method::RecoveryCode];
        assert_eq!(Assurance::of(&both), Assurance::Email);
    }

    #[test]
    fn d13_a_providers_word_is_one_factor_and_the_least_of_them() {
        let word = |second_factor| Method::Connection { second_factor };
        assert_eq!(Assurance::of(&[word(false)]), Assurance::Connection);
        assert_eq!(amr(&[word(false)]), ["fed"]);
        assert_eq!(Assurance::of(&[word(true)]), Assurance::TwoFactors, "only where the connection is believed");
        for second in [Method::AuthenticatorApp, Method::RecoveryCode] {
            assert_eq!(Assurance::of(&[word(false), second]), Assurance::TwoFactors);
            assert_eq!(amr(&[word(false), second]), ["fed", "otp", "mfa"]);
        }
        assert_eq!(Assurance::of(&[word(false), Method::EmailCode]), Assurance::Email, "nor does a code make two");
    }

    #[test]
    fn b86_a_level_is_asked_for_by_its_name_and_vouched_for_by_its_amr() {
        for level in Assurance::ALL {
            assert_eq!(Assurance::asked_for(level.acr()), Some(level));
        }
        assert_eq!(Assurance::asked_for("mfa"), Some(Assurance::TwoFactors));
        assert_eq!(Assurance::asked_for("phr"), Some(Assurance::Passkey));
        for word in ["", "1", "MFA", "urn:mace:incommon:iap:silver", "urn:polder:acr:passkey "] {
            assert_eq!(Assurance::asked_for(word), None, "{word}");
        }
        for methods in [
            vec![Method::EmailCode],
            vec![Method::Passkey { synced: true, strong: false }],
            vec![Method::EmailCode, Method::AuthenticatorApp],
            vec![Method::Passkey { synced: true, strong: true }],
            vec![Method::EmailCode, Method::Passkey { synced: false, strong: true }],
        ] {
            assert_eq!(Assurance::of_amr(&amr(&methods)), Assurance::of(&methods), "{methods:?}");
        }
    }

    #[test]
    fn levels_are_read_back_and_what_is_unknown_is_worth_least() {
        for level in Assurance::ALL {
            assert_eq!(Assurance::of_acr(level.acr()), level);
        }
        assert_eq!(Assurance::of_acr("urn:example:gold"), Assurance::Connection);
        assert!(Assurance::Connection < Assurance::Email);
        assert!(Assurance::Email < Assurance::TwoFactors && Assurance::TwoFactors < Assurance::Passkey);
    }
}
