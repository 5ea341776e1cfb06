//! Which country a network address is in: from a local database file, so that nobody outside is asked (K7).
//!
//! The file is a MaxMind DB, as several suppliers give away (GeoLite2-Country, DB-IP Lite, IPinfo Lite). Only
//! the country is read, whatever else is in it: that is as coarse as a person needs to tell their own
//! sign-ins from somebody else's, and all that is kept with a session. Without a file there is no place.

use std::net::IpAddr;
use std::path::Path;

use maxminddb::{MaxMindDbError, PathElement, Reader};

/// Where addresses are, as far as a file says.
#[derive(Default)]
pub struct Places(Option<Reader<Vec<u8>>>);

impl Places {
    /// Reads the file into memory. It is read once: another one counts from the next start on.
    ///
    /// # Errors
    /// When it cannot be read or is no such database.
    pub fn open(file: &Path) -> Result<Self, MaxMindDbError> {
        Ok(Self(Some(Reader::open_readfile(file)?)))
    }

    /// The ISO 3166-1 code of the country; `None` where it is not known. Whatever is wrong with the file is
    /// no reason to let nobody in.
    pub fn country(&self, address: IpAddr) -> Option<String> {
        let found = self.0.as_ref()?.lookup(address.to_canonical()).ok()?;
        let at = |path: &[PathElement<'_>]| found.decode_path::<&str>(path).ok().flatten();
        let nested = at(&[PathElement::Key("country"), PathElement::Key("iso_code")]);
        // IPinfo's files have the code at the top.
        let code = nested.or_else(|| at(&[PathElement::Key("country_code")]))?;
        (code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())).then(|| code.to_owned())
    }
}

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Places").field(&self.0.is_some()).finish()
    }
}
