//! Details: sealed, and committed to in the open. Who has the log's key material opens the seal; who is handed the
//! details by them checks with the commitment that they are the ones of the chain. The salt lies sealed with the
//! details, so that once a person's key is gone nobody can try out what the commitment stands for.

use polder_crypto::hash::Sha256;
use polder_crypto::{Category, Keyring, PersonKey, SealError};
use polder_kernel::encoding::{base64url, from_base64url};

/// Between what is sealed and the commitment: a sign that neither of them has.
const MARK: char = '~';
/// The salt as base64url, before the details.
const SALT: usize = 43;

/// Details that were opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// JSON, byte for byte as it was sealed.
    pub(crate) json: String,
    /// What the commitment was made with, as base64url; none for details of before there were commitments.
    pub(crate) salt: Option<String>,
}

/// Seals details bound to `context`, for the person where there is one, with their commitment behind them.
pub(crate) fn seal(keyring: &Keyring, person: Option<&PersonKey>, context: &str, json: &str) -> String {
    let salt = keyring.salt();
    let plain = base64url(&salt) + json;
    let sealed = match person {
        Some(person) => person.seal(context, plain.as_bytes()),
        None => keyring.seal_text(Category::AuditDetails, context, &plain),
    };
    format!("{sealed}{MARK}{}", committed(&salt, json))
}

/// Opens what [`seal`] made; `None` where it was sealed for a person whose key is not there.
pub(crate) fn open(
    keyring: &Keyring,
    person: Option<&PersonKey>,
    context: &str,
    stored: &str,
) -> Result<Option<Opened>, SealError> {
    let (sealed, commitment) = split(stored);
    let plain = match (PersonKey::is_sealed_for_a_person(sealed), person) {
        (false, _) => keyring.unseal(Category::AuditDetails, context, sealed)?,
        (true, Some(key)) => key.unseal(context, sealed)?,
        (true, None) => return Ok(None),
    };
    let strange = || SealError::Sealed(Category::AuditDetails);
    let plain = std::str::from_utf8(plain.expose()).map_err(|_| strange())?;
    if commitment.is_none() {
        return Ok(Some(Opened { json: plain.to_owned(), salt: None }));
    }
    let (salt, json) = plain.split_at_checked(SALT).ok_or_else(strange)?;
    Ok(Some(Opened { json: json.to_owned(), salt: Some(salt.to_owned()) }))
}

/// What stands in the column: what is sealed, and the commitment where there is one.
fn split(stored: &str) -> (&str, Option<&str>) {
    match stored.split_once(MARK) {
        Some((sealed, commitment)) => (sealed, Some(commitment)),
        None => (stored, None),
    }
}

/// Whether these are the details that the column commits to; `None` where it commits to nothing.
pub(crate) fn are_those(stored: &str, salt: Option<&str>, json: &str) -> Option<bool> {
    let (_, commitment) = split(stored);
    let salt = salt.and_then(from_base64url).and_then(|salt| <[u8; 32]>::try_from(salt).ok());
    commitment.map(|commitment| salt.is_some_and(|salt| committed(&salt, json) == commitment))
}

fn committed(salt: &[u8; 32], json: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"polder audit details 1\0");
    hash.update(salt);
    hash.update(json.as_bytes());
    base64url(&hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f17_a_commitment_stays_what_it_is() {
        // Files that were written by earlier releases must verify: this value never changes.
        let commitment = committed(&[7; 32], r#"{"ip":"192.0.2.7"}"#);
        assert_eq!(commitment, "EonOBRHWTHYkhMZwC3WRvWyw7sr4iHm7bIcL_Cl7ALw");
        let stored = format!("1.AAAA~{commitment}");
        let salt = base64url(&[7; 32]);
        assert_eq!(are_those(&stored, Some(&salt), r#"{"ip":"192.0.2.7"}"#), Some(true));
        for (salt, json) in [
            (Some(salt.as_str()), r#"{"ip":"192.0.2.8"}"#),
            (Some("AAAA"), r#"{"ip":"192.0.2.7"}"#),
            (None, r#"{"ip":"192.0.2.7"}"#),
        ] {
            assert_eq!(are_those(&stored, salt, json), Some(false), "{salt:?} {json}");
        }
        assert_eq!(are_those("1.AAAA", Some(&salt), "{}"), None);
    }
}
