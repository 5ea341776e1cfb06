//! AES-256-GCM with 192-bit random nonces.
//!
//! Plain GCM takes 96-bit nonces, which collide when drawn at random: a busy category would come
//! near NIST's limit of 2^32 messages within weeks. So the first half of the nonce derives a key for
//! this message (HMAC-SHA256) and the second half is GCM's own: no counter to keep, none to repeat.

use polder_kernel::{Entropy, Secret};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroize;

const HALF: usize = 12;
const NONCE: usize = 2 * HALF;
const TAG: usize = 16;
const LABEL: &[u8] = b"polder message key 1\0";

/// A 256-bit key that seals and opens.
pub(crate) struct Cipher {
    derive: hmac::Key,
}

impl Cipher {
    /// A cipher under `key`.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { derive: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// nonce ‖ ciphertext ‖ tag; `aad` must be given again to open it.
    #[expect(clippy::expect_used, reason = "GCM refuses only plaintexts above 64 GiB")]
    pub(crate) fn seal(&self, entropy: &Entropy, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = entropy.bytes();
        let (key, iv) = self.message_key(&nonce);
        // Room for everything at once: growing would leave copies of the plaintext behind.
        let mut sealed = Vec::with_capacity(NONCE + plain.len() + TAG);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = key
            .seal_in_place_separate_tag(iv, Aad::from(aad), &mut sealed[NONCE..])
            .expect("plaintexts are shorter than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// The plaintext; `None` when the bytes were not sealed under this key and `aad`.
    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
        if sealed.len() < NONCE + TAG {
            return None;
        }
        let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
        let (key, iv) = self.message_key(nonce);
        let mut buffer = body.to_vec();
        let Ok(plain) = key.open_in_place(iv, Aad::from(aad), &mut buffer) else {
            buffer.zeroize();
            return None;
        };
        let length = plain.len();
        buffer.truncate(length);
        Some(Secret::new(buffer))
    }

    #[expect(clippy::expect_used, reason = "an HMAC-SHA256 tag has the length of an AES-256 key")]
    fn message_key(&self, nonce: &[u8; NONCE]) -> (LessSafeKey, Nonce) {
        let mut context = hmac::Context::with_key(&self.derive);
        context.update(LABEL);
        context.update(&nonce[..HALF]);
        let derived = context.sign();
        let key = UnboundKey::new(&AES_256_GCM, derived.as_ref()).expect("32 bytes are a key");
        let mut iv = [0; HALF];
        iv.copy_from_slice(&nonce[HALF..]);
        (LessSafeKey::new(key), Nonce::assume_unique_for_key(iv))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn p17_a_flipped_bit_anywhere_is_refused() {
        let (cipher, entropy) = (Cipher::new(&[7; 32]), Entropy::seeded(1));
        let sealed = cipher.seal(&entropy, b"column", b"plain");
        assert_eq!(cipher.open(b"column", &sealed).unwrap().expose(), b"plain");
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut forged = sealed.clone();
                forged[at] ^= 1 << bit;
                assert!(cipher.open(b"column", &forged).is_none(), "byte {at} bit {bit}");
            }
        }
        for length in 0..sealed.len() {
            assert!(cipher.open(b"column", &sealed[..length]).is_none(), "cut to {length}");
        }
        assert!(cipher.open(b"columN", &sealed).is_none());
    }

    #[test]
    fn p17_no_nonce_is_used_twice() {
        let (cipher, entropy) = (Cipher::new(&[7; 32]), Entropy::System);
        let nonces: HashSet<_> = (0..10_000).map(|_| cipher.seal(&entropy, b"", b"same")[..NONCE].to_vec()).collect();
        assert_eq!(nonces.len(), 10_000);
    }
}
