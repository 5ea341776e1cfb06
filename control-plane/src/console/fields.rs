//! The fields of a form.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{Console, Fault};

/// The fields of a form, trimmed. One that is missing counts as empty; of one that comes twice the
/// last counts.
#[derive(Clone, Debug, Default)]
pub struct Fields(HashMap<String, String>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(body: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(body);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).collect())
    }

    /// Fields that were read elsewhere, trimmed.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name, value.trim().to_owned())).collect())
    }

    /// What a field holds.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether the form had this field.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// What a field holds, line by line; empty lines do not count.
    pub fn lines(&self, name: &str) -> Vec<String> {
        self.get(name).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// What a field holds, word by word.
    pub fn words(&self, name: &str) -> Vec<String> {
        let words = self.get(name).split([' ', ',', '\t', '\n', '\r']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    }
}

/// Put there by the guard, once it was checked that our own page sent the form.
impl FromRequestParts<Arc<Console>> for Fields {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _: &Arc<Console>) -> Result<Self, Fault> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Fault::Internal("a form without a guard".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_the_way_people_write_them() {
        let fields =
            Fields::parse(b"uris=https://a.example/%0D%0A%0D%0A+https://b.example/+&roles=coach,+admin++x&name=+Ann+");
        assert_eq!(fields.lines("uris"), ["https://a.example/", "https://b.example/"]);
        assert_eq!(fields.words("roles"), ["coach", "admin", "x"]);
        assert_eq!((fields.get("name"), fields.get("missing")), ("Ann", ""));
    }
}
