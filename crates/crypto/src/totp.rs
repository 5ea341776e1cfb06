//! Time-based one-time passwords (RFC 6238): HMAC-SHA-1, 30 seconds, six digits, as every authenticator
//! app understands them.

use std::fmt;

use polder_kernel::encoding::base32;
use polder_kernel::{Entropy, Secret, Timestamp};
use ring::hmac;

use crate::constant_time_eq;

/// How long one code is shown, in seconds.
pub const STEP_SECONDS: i64 = 30;
/// How many digits a code has.
pub const DIGITS: usize = 6;
/// How many steps a clock may be off, either way. ASVS 6.5.5 asks for none; phones without network time
/// and people who type slowly ask for one, and every step works only once.
const DRIFT: i64 = 1;

/// The secret that an authenticator app shares with us: 160 bits (RFC 4226, 4).
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(Secret<[u8; 20]>);

impl TotpSecret {
    /// A new secret.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(Secret::new(entropy.bytes()))
    }

    /// A secret out of its column; `None` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        <[u8; 20]>::try_from(bytes).ok().map(|bytes| Self(Secret::new(bytes)))
    }

    /// The bytes, to be sealed.
    pub fn expose(&self) -> &[u8; 20] {
        self.0.expose()
    }

    /// The secret as apps take it typed in: 32 letters and digits (RFC 4648 base32, unpadded).
    pub fn to_base32(&self) -> Secret<String> {
        Secret::new(base32(self.0.expose()))
    }

    /// The step that `now` lies in.
    pub const fn step_at(now: Timestamp) -> i64 {
        now.seconds().div_euclid(STEP_SECONDS)
    }

    /// The code of a step.
    pub fn code(&self, step: i64) -> Secret<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.0.expose());
        let mac = hmac::sign(&key, &step.to_be_bytes());
        let mac = mac.as_ref();
        // RFC 4226, 5.3: four bytes from where the last half byte points, without the sign.
        let at = usize::from(mac[mac.len() - 1] & 0xf);
        let number = u32::from_be_bytes([mac[at], mac[at + 1], mac[at + 2], mac[at + 3]]) & 0x7fff_ffff;
        Secret::new(format!("{:06}", number % 1_000_000))
    }

    /// The step whose code this is, of the step at `now` and its neighbours. All are compared, whichever
    /// fits. The caller makes sure that no step is accepted twice, and none before one that was.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let current = Self::step_at(now);
        let mut found = None;
        for step in current - DRIFT..=current + DRIFT {
            if constant_time_eq(self.code(step).expose().as_bytes(), code.as_bytes()) {
                found = Some(step);
            }
        }
        found
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_the_rfc() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    #[test]
    fn d14_codes_are_those_of_rfc_4226_appendix_d() {
        let expected =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (step, code) in expected.iter().enumerate() {
            assert_eq!(of_the_rfc().code(i64::try_from(step).unwrap()).expose(), code);
        }
    }

    #[test]
    fn d14_steps_and_codes_are_those_of_rfc_6238_appendix_b() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let now = Timestamp::from_seconds(seconds);
            // The appendix shows eight digits, of which six are the end.
            assert_eq!(of_the_rfc().code(TotpSecret::step_at(now)).expose(), &code[2..]);
            assert_eq!(of_the_rfc().step_of(&code[2..], now), Some(seconds / 30));
        }
    }

    #[test]
    fn d14_one_step_either_way_is_accepted_and_two_are_not() {
        let (secret, now) = (TotpSecret::generate(&Entropy::seeded(3)), Timestamp::from_seconds(1_795_248_000));
        let step = TotpSecret::step_at(now);
        for (off, accepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = secret.step_of(secret.code(step + off).expose(), now);
            assert_eq!(found, accepted.then_some(step + off), "{off}");
        }
        for wrong in ["", "12345", "1234567", "００００００"] {
            assert_eq!(secret.step_of(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn d15_a_secret_has_160_bits_reads_as_base32_and_never_prints() {
        let secret = of_the_rfc();
        assert_eq!(secret.to_base32().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
        assert_eq!(TotpSecret::from_bytes(&[0; 19]), None);
        assert_ne!(TotpSecret::generate(&Entropy::System), TotpSecret::generate(&Entropy::System));
    }
}
