//! CBOR as CTAP2 writes it, read strictly (C16): definite lengths, no repeated keys, four levels deep,
//! nothing after the end. The library's reader is more forgiving.

use super::Refusal;

/// How deep maps and arrays may lie in each other (CTAP 2.2, 8: four levels).
const DEEPEST: usize = 4;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An integer.
    Int(i128),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// A list.
    Array(Vec<Item<'a>>),
    /// Pairs, no key twice.
    Map(Vec<(Item<'a>, Item<'a>)>),
    /// `false`, `true` or `null`.
    Simple(u8),
}

impl<'a> Item<'a> {
    /// The value under an integer key of a map.
    pub fn at(&self, key: i128) -> Option<&Self> {
        self.under(&Item::Int(key))
    }

    /// The value under a text key of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.under(&Item::Text(key))
    }

    /// As an integer.
    pub const fn int(&self) -> Option<i128> {
        match self {
            Item::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// As bytes.
    pub const fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Item::Bytes(value) => Some(value),
            _ => None,
        }
    }

    /// As text.
    pub const fn text(&self) -> Option<&'a str> {
        match self {
            Item::Text(value) => Some(value),
            _ => None,
        }
    }

    /// How many pairs a map has.
    pub fn pairs(&self) -> Option<usize> {
        match self {
            Item::Map(pairs) => Some(pairs.len()),
            _ => None,
        }
    }

    fn under(&self, key: &Item<'_>) -> Option<&Self> {
        match self {
            Item::Map(pairs) => pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Reads one value that is all there is.
///
/// # Errors
/// [`Refusal::Malformed`].
pub fn whole(bytes: &[u8]) -> Result<Item<'_>, Refusal> {
    match first(bytes)? {
        (item, []) => Ok(item),
        _ => Err(Refusal::Malformed),
    }
}

/// Reads the first value and gives what follows it.
///
/// # Errors
/// [`Refusal::Malformed`].
pub fn first(bytes: &[u8]) -> Result<(Item<'_>, &[u8]), Refusal> {
    let mut rest = bytes;
    let item = item(&mut rest, 0)?;
    Ok((item, rest))
}

fn item<'a>(rest: &mut &'a [u8], depth: usize) -> Result<Item<'a>, Refusal> {
    if depth > DEEPEST {
        return Err(Refusal::Malformed);
    }
    let head = *take(rest, 1)?.first().ok_or(Refusal::Malformed)?;
    let (major, short) = (head >> 5, head & 0x1f);
    if major == 7 {
        // Floats and further simple values have no place here; 31 would end an indefinite length.
        return if matches!(short, 20..=22) { Ok(Item::Simple(short)) } else { Err(Refusal::Malformed) };
    }
    let argument = argument(rest, short)?;
    match major {
        0 => Ok(Item::Int(i128::from(argument))),
        1 => Ok(Item::Int(-1 - i128::from(argument))),
        2 => Ok(Item::Bytes(take_many(rest, argument)?)),
        3 => std::str::from_utf8(take_many(rest, argument)?).map(Item::Text).map_err(|_| Refusal::Malformed),
        4 => array(rest, argument, depth),
        5 => map(rest, argument, depth),
        // Tags.
        _ => Err(Refusal::Malformed),
    }
}

fn argument(rest: &mut &[u8], short: u8) -> Result<u64, Refusal> {
    let width = match short {
        0..=23 => return Ok(u64::from(short)),
        24..=27 => 1_usize << (short - 24),
        // 31 is an indefinite length, the others mean nothing yet.
        _ => return Err(Refusal::Malformed),
    };
    Ok(take(rest, width)?.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

fn array<'a>(rest: &mut &'a [u8], count: u64, depth: usize) -> Result<Item<'a>, Refusal> {
    // Each entry takes a byte at least: a large count never reserves memory.
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(item(rest, depth + 1)?);
    }
    Ok(Item::Array(items))
}

fn map<'a>(rest: &mut &'a [u8], count: u64, depth: usize) -> Result<Item<'a>, Refusal> {
    let mut pairs: Vec<(Item<'a>, Item<'a>)> = Vec::new();
    for _ in 0..count {
        let key = item(rest, depth + 1)?;
        if !matches!(key, Item::Int(_) | Item::Text(_)) || pairs.iter().any(|(known, _)| *known == key) {
            return Err(Refusal::Malformed);
        }
        pairs.push((key, item(rest, depth + 1)?));
        // No map of Web Authentication comes near this; comparing every key with all before stays cheap.
        if pairs.len() > 64 {
            return Err(Refusal::Malformed);
        }
    }
    Ok(Item::Map(pairs))
}

fn take_many<'a>(rest: &mut &'a [u8], count: u64) -> Result<&'a [u8], Refusal> {
    take(rest, usize::try_from(count).map_err(|_| Refusal::Malformed)?)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Refusal> {
    let (taken, after) = rest.split_at_checked(count).ok_or(Refusal::Malformed)?;
    *rest = after;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_authenticators_write_is_read() {
        let map = whole(&[0xa2, 0x01, 0x02, 0x63, b'f', b'm', b't', 0x43, 1, 2, 3]).unwrap();
        assert_eq!(map.at(1).and_then(Item::int), Some(2));
        assert_eq!(map.get("fmt").and_then(Item::bytes), Some(&[1, 2, 3][..]));
        assert_eq!(whole(&[0x38, 0xff]).unwrap().int(), Some(-256));
        assert_eq!(whole(&[0x39, 0x01, 0x00]).unwrap().int(), Some(-257));
        assert_eq!(first(&[0xf5, 0xa0]).unwrap(), (Item::Simple(21), &[0xa0][..]));
    }

    #[test]
    fn c16_what_could_be_read_in_two_ways_is_not_read() {
        let deep = [vec![0x81; 6], vec![0x00]].concat();
        for (what, bytes) in [
            ("nothing", &[][..]),
            ("something after the end", &[0x00, 0x00]),
            ("an indefinite map", &[0xbf, 0x01, 0x02, 0xff]),
            ("indefinite bytes", &[0x5f, 0x41, 0x00, 0xff]),
            ("a repeated key", &[0xa2, 0x01, 0x02, 0x01, 0x03]),
            ("a repeated key in another spelling", &[0xa2, 0x01, 0x02, 0x18, 0x01, 0x03]),
            ("deep nesting", &deep),
            ("a tag", &[0xc0, 0x00]),
            ("a float", &[0xf9, 0x3c, 0x00]),
            ("text that is none", &[0x61, 0xff]),
            ("a cut map", &[0xa1, 0x01]),
            ("a length of many exabytes", &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            ("a list of as many", &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00]),
        ] {
            assert_eq!(whole(bytes), Err(Refusal::Malformed), "{what}");
        }
    }
}
