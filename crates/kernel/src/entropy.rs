//! Chance as a value: the operating system's, or a seeded stream for tests.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::encoding::base64url;
use crate::secret::Secret;

/// Where randomness comes from.
#[derive(Clone)]
pub enum Entropy {
    /// The operating system's generator.
    System,
    /// A reproducible stream, for tests only; clones share it.
    Seeded(Arc<Mutex<ChaCha20Rng>>),
}

impl Entropy {
    /// A reproducible stream for tests.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    /// Fills `bytes` with randomness.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing safe can follow.
    #[expect(clippy::panic, reason = "without randomness no answer is safe; ending is")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => {
                if let Err(error) = getrandom::fill(bytes) {
                    panic!("the operating system gave no randomness: {error}");
                }
            }
            Self::Seeded(stream) => {
                stream.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A fresh opaque secret: 256 bits as 43 base64url characters.
    pub fn token(&self) -> Secret<String> {
        Secret::new(base64url(&self.bytes::<32>()))
    }

    /// A number from 0 to `bound - 1`, every one equally likely. `bound` must not be zero.
    pub fn below(&self, bound: u64) -> u64 {
        // Values from the incomplete last range would make small results likelier: draw again.
        let limit = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = u64::from_le_bytes(self.bytes());
            if drawn < limit {
                return drawn % bound;
            }
        }
    }

    /// A one-time code of eight digits, leading zeros kept (D01).
    pub fn eight_digits(&self) -> Secret<String> {
        Secret::new(format!("{:08}", self.below(100_000_000)))
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "Entropy::System",
            Self::Seeded(_) => "Entropy::Seeded",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d01_codes_are_eight_digits_and_uniform() {
        let entropy = Entropy::seeded(7);
        let mut seen = [[0_u32; 10]; 8];
        for _ in 0..100_000 {
            let code = entropy.eight_digits();
            let digits = code.expose().as_bytes();
            assert_eq!(digits.len(), 8);
            for (place, digit) in digits.iter().enumerate() {
                seen[place][usize::from(digit - b'0')] += 1;
            }
        }
        for place in seen {
            // Chi-square with 9 degrees of freedom; 33.7 is the 0.01 % point.
            let chi: f64 = place.iter().map(|&n| (f64::from(n) - 10_000.0).powi(2) / 10_000.0).sum();
            assert!(chi < 33.7, "digits are skewed: {place:?}");
        }
    }

    #[test]
    fn the_system_gives_different_tokens() {
        let entropy = Entropy::System;
        assert_ne!(entropy.token().expose(), entropy.token().expose());
    }
}
