//! Hashing what people keep on paper, slowly (argon2id, RFC 9106): whoever holds the database and even
//! the keys still pays for every guess.

use argon2::{Algorithm, Argon2, Params, Version};

/// Memory of one hash, in KiB. With [`PASSES`] it is one of the settings that OWASP lists as equal.
pub const MEMORY_KIB: u32 = 12 * 1024;
/// How often that memory is walked through.
const PASSES: u32 = 3;

/// The input is longer than argon2 takes; nothing that people type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long to be hashed")]
pub struct TooLong;

/// Hashes `text`: equal for equal text, salt and `pepper`, a key that is not in the database. Takes tens
/// of milliseconds and [`MEMORY_KIB`] of memory: never to be called on a thread that others wait for.
///
/// # Errors
/// [`TooLong`].
pub fn slow_hash(pepper: &[u8; 32], salt: &[u8; 16], text: &str) -> Result<[u8; 32], TooLong> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(|_| TooLong)?;
    let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).map_err(|_| TooLong)?;
    let mut hash = [0; 32];
    argon2.hash_password_into(text.as_bytes(), salt, &mut hash).map_err(|_| TooLong)?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d17_a_hash_depends_on_text_salt_and_pepper() {
        let hash = slow_hash(&[1; 32], &[2; 16], "ABCD").unwrap();
        assert_eq!(slow_hash(&[1; 32], &[2; 16], "ABCD").unwrap(), hash);
        for other in [
            slow_hash(&[9; 32], &[2; 16], "ABCD"),
            slow_hash(&[1; 32], &[9; 16], "ABCD"),
            slow_hash(&[1; 32], &[2; 16], "ABCE"),
        ] {
            assert_ne!(other.unwrap(), hash);
        }
    }
}
