//! Typed ids: UUIDv7 in the text form of RFC 9562, so that ids sort by the time they were made.
//!
//! A kind is a zero-sized type; [`id_kind!`](crate::id_kind) makes one. A `UserId` cannot be passed
//! where a `SessionId` is expected.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::{Clock, Entropy};

/// An id of one kind of thing.
pub struct Id<Kind> {
    uuid: Uuid,
    kind: PhantomData<fn() -> Kind>,
}

/// Declares a kind of id: `id_kind!(/** Docs. */ UserId, User)` gives the alias and its marker.
#[macro_export]
macro_rules! id_kind {
    ($(#[$doc:meta])* $alias:ident, $kind:ident) => {
        $(#[$doc])*
        pub type $alias = $crate::Id<$kind>;
        #[doc = concat!("The kind of thing a [`", stringify!($alias), "`] names.")]
        #[derive(Debug)]
        pub enum $kind {}
    };
}

impl<Kind> Id<Kind> {
    /// A new id, made now.
    pub fn new(clock: &Clock, entropy: &Entropy) -> Self {
        let millis = u64::try_from(clock.now().millis()).unwrap_or(0);
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &entropy.bytes()).into_uuid())
    }

    /// The id with these 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The 16 bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.uuid.as_bytes()
    }

    const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }
}

/// The text is not a UUID in its hyphenated lower-case form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

impl<Kind> FromStr for Id<Kind> {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let uuid = Uuid::try_parse(text).map_err(|_| NotAnId)?;
        // One spelling only: other spellings of a UUID would slip past equality checks on text.
        let mut canonical = Uuid::encode_buffer();
        if uuid.hyphenated().encode_lower(&mut canonical) != text {
            return Err(NotAnId);
        }
        Ok(Self::from_uuid(uuid))
    }
}

impl<Kind> fmt::Display for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.hyphenated().fmt(f)
    }
}

impl<Kind> fmt::Debug for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.hyphenated().fmt(f)
    }
}

impl<Kind> Clone for Id<Kind> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Kind> Copy for Id<Kind> {}
impl<Kind> PartialEq for Id<Kind> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<Kind> Eq for Id<Kind> {}
impl<Kind> PartialOrd for Id<Kind> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<Kind> Ord for Id<Kind> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<Kind> Hash for Id<Kind> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<Kind> Serialize for Id<Kind> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, Kind> Deserialize<'de> for Id<Kind> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use std::time::Duration;

    crate::id_kind!(
        /// A thing in a test.
        ThingId,
        Thing
    );

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let (clock, entropy) = (Clock::manual(Timestamp::from_seconds(1)), Entropy::seeded(1));
        let first = ThingId::new(&clock, &entropy);
        clock.advance(Duration::from_millis(1));
        let second = ThingId::new(&clock, &entropy);
        assert!(first < second);
        assert!(first.to_string() < second.to_string());
    }

    #[test]
    fn only_one_spelling_is_an_id() {
        let id = ThingId::from_bytes([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in
            [id.to_string().to_uppercase(), id.to_string().replace('-', ""), format!("{{{id}}}"), String::new()]
        {
            assert_eq!(wrong.parse::<ThingId>(), Err(NotAnId), "{wrong}");
        }
    }
}
