//! Plain hashing and comparing in constant time.

use subtle::ConstantTimeEq;

/// Whether two byte strings are equal, in time that tells only whether their lengths are.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}

/// SHA-256 over several pieces, fed one after the other; the caller makes their borders unambiguous.
pub struct Sha256(ring::digest::Context);

impl Sha256 {
    /// An empty hash.
    #[expect(clippy::new_without_default, reason = "a hash under way is not a default of anything")]
    pub fn new() -> Self {
        Self(ring::digest::Context::new(&ring::digest::SHA256))
    }

    /// Feeds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all that was fed.
    pub fn finish(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polder_kernel::encoding::base64url;

    #[test]
    fn hashes_are_sha_256() {
        // RFC 7636, appendix B.
        let hash = sha256(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(base64url(&hash), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let mut pieces = Sha256::new();
        pieces.update(b"dBjftJeZ4CVP-mB92K27uhb");
        pieces.update(b"UJU1p1r_wW1gFWFOEjXk");
        assert_eq!(pieces.finish(), hash);
    }

    #[test]
    fn comparing_looks_at_every_byte_and_at_the_length() {
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd") && !constant_time_eq(b"abc", b"ab") && !constant_time_eq(b"", b"a"));
    }
}
