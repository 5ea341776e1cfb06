//! Authenticator data (Web Authentication 6.1), every byte accounted for.

use super::Refusal;
use super::cbor::{self, Item};

/// The longest credential id (6.5.1), in bytes.
const LONGEST_ID: usize = 1023;

/// The authenticator's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorData<'a> {
    /// The flags.
    pub flags: Flags,
    /// How often the key was used, where the authenticator counts.
    pub sign_count: u32,
    /// The new credential, in a registration.
    pub attested: Option<Attested<'a>>,
}

/// The flags byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

/// A new credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested<'a> {
    /// The model of the authenticator; zeros where it does not say.
    pub aaguid: [u8; 16],
    /// Names the credential.
    pub credential_id: &'a [u8],
    /// Its public key, as COSE has it.
    pub key: Item<'a>,
}

impl Flags {
    /// Somebody was there.
    pub const fn user_present(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// Somebody was verified.
    pub const fn user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// The key can be copied to other devices.
    pub const fn backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// The key is copied now.
    pub const fn backed_up(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// Where the flags stand.
pub const FLAGS_AT: usize = 32;

impl<'a> AuthenticatorData<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// [`Refusal::Malformed`], or [`Refusal::Backup`] where the flags contradict each other.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let (fixed, mut rest) = bytes.split_at_checked(37).ok_or(Refusal::Malformed)?;
        let flags = Flags(fixed.get(FLAGS_AT).copied().ok_or(Refusal::Malformed)?);
        let count = fixed.get(33..).and_then(|count| count.try_into().ok()).ok_or(Refusal::Malformed)?;
        let attested = if flags.0 & 0x40 == 0 { None } else { Some(attested(&mut rest)?) };
        if flags.0 & 0x80 != 0 {
            let (extensions, after) = cbor::first(rest)?;
            extensions.pairs().ok_or(Refusal::Malformed)?;
            rest = after;
        }
        if !rest.is_empty() {
            return Err(Refusal::Malformed);
        }
        if flags.backed_up() && !flags.backup_eligible() {
            return Err(Refusal::Backup);
        }
        Ok(Self { flags, sign_count: u32::from_be_bytes(count), attested })
    }
}

fn attested<'a>(rest: &mut &'a [u8]) -> Result<Attested<'a>, Refusal> {
    let (head, after) = rest.split_at_checked(18).ok_or(Refusal::Malformed)?;
    let (aaguid, length) = head.split_at(16);
    let length = usize::from(u16::from_be_bytes(length.try_into().map_err(|_| Refusal::Malformed)?));
    if length == 0 || length > LONGEST_ID {
        return Err(Refusal::Malformed);
    }
    let (credential_id, after) = after.split_at_checked(length).ok_or(Refusal::Malformed)?;
    let (key, after) = cbor::first(after)?;
    *rest = after;
    let aaguid = aaguid.try_into().map_err(|_| Refusal::Malformed)?;
    Ok(Attested { aaguid, credential_id, key })
}

impl Attested<'_> {
    /// Whether the key is of a kind that was offered, and exactly what that kind has: the curve that
    /// belongs to the algorithm, both coordinates, and nothing besides (C08, C09). That the point is on
    /// the curve is the library's to say.
    ///
    /// # Errors
    /// [`Refusal::Algorithm`] or [`Refusal::Malformed`].
    pub fn check_key(&self) -> Result<(), Refusal> {
        let int = |label| self.key.at(label).and_then(Item::int);
        let length = |label| self.key.at(label).and_then(Item::bytes).map(<[u8]>::len);
        let fits = match int(3).ok_or(Refusal::Malformed)? {
            -7 => (int(1), int(-1), length(-2), length(-3)) == (Some(2), Some(1), Some(32), Some(32)),
            -35 => (int(1), int(-1), length(-2), length(-3)) == (Some(2), Some(2), Some(48), Some(48)),
            -257 => (int(1), length(-1), length(-2)) == (Some(3), Some(256), Some(3)),
            _ => return Err(Refusal::Algorithm),
        };
        let pairs = if int(3) == Some(-257) { 4 } else { 5 };
        if fits && self.key.pairs() == Some(pairs) { Ok(()) } else { Err(Refusal::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(flags: u8, more: &[u8]) -> Vec<u8> {
        [&[7; 32][..], &[flags], &[0, 0, 0, 9], more].concat()
    }

    fn key(alg: i8, curve: u8, size: u8) -> Vec<u8> {
        let coordinate = |label: u8| [vec![label, 0x58, size], vec![9; size.into()]].concat();
        let alg = if alg == -35 { vec![0x03, 0x38, 0x22] } else { vec![0x03, 0x1f + (-alg).unsigned_abs()] };
        [vec![0xa5, 0x01, 0x02], alg, vec![0x20, curve], coordinate(0x21), coordinate(0x22)].concat()
    }

    fn attested_data(id: usize, key: &[u8]) -> Vec<u8> {
        let length = u16::try_from(id).unwrap().to_be_bytes();
        data(0x45, &[&[0; 16][..], &length, &vec![1; id], key].concat())
    }

    #[test]
    fn c16_nothing_may_be_missing_or_left_over() {
        let plain = data(0x05, &[]);
        let parsed = AuthenticatorData::parse(&plain).unwrap();
        assert_eq!((parsed.sign_count, parsed.flags.user_verified()), (9, true));
        for wrong in [&plain[..36], &data(0x05, &[0]), &data(0x45, &[]), &data(0x85, &[]), &data(0x85, &[0x01])] {
            assert_eq!(AuthenticatorData::parse(wrong), Err(Refusal::Malformed));
        }
        assert!(AuthenticatorData::parse(&data(0x85, &[0xa0])).is_ok());
    }

    #[test]
    fn c07_backed_up_without_being_eligible_is_a_contradiction() {
        assert_eq!(AuthenticatorData::parse(&data(0x15, &[])), Err(Refusal::Backup));
        assert!(AuthenticatorData::parse(&data(0x1d, &[])).is_ok());
    }

    #[test]
    fn c12_an_id_of_1023_bytes_is_the_longest() {
        let key = key(-7, 1, 32);
        assert!(AuthenticatorData::parse(&attested_data(1023, &key)).is_ok());
        for length in [0, 1024] {
            assert_eq!(AuthenticatorData::parse(&attested_data(length, &key)), Err(Refusal::Malformed));
        }
    }

    #[test]
    fn c08_c09_a_key_is_exactly_what_its_algorithm_says() {
        let check = |key: &[u8]| {
            let bytes = attested_data(16, key);
            AuthenticatorData::parse(&bytes).unwrap().attested.unwrap().check_key()
        };
        assert_eq!(check(&key(-7, 1, 32)), Ok(()));
        assert_eq!(check(&key(-35, 2, 48)), Ok(()));
        assert_eq!(check(&key(-7, 2, 48)), Err(Refusal::Malformed), "ES256 with the curve of ES384");
        assert_eq!(check(&key(-7, 1, 31)), Err(Refusal::Malformed));
        assert_eq!(check(&key(-8, 6, 32)), Err(Refusal::Algorithm), "was not offered");
        let mut more = key(-7, 1, 32);
        more[0] = 0xa6;
        more.extend([0x04, 0x01]);
        assert_eq!(check(&more), Err(Refusal::Malformed), "one pair too many");
    }
}
