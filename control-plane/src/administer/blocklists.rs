//! A tenant's lists of networks that abuse comes from.

use http::Method;
use polder_tenant_api::{Blocklist, NewBlocklist, Page};

use super::{On, Refused};

/// The name of a list: 1 to 32 of a-z, 0-9 and hyphens.
#[derive(Clone, Debug)]
pub struct Name(String);

impl Name {
    /// A name out of a path; `None` for what can be none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        ((1..=32).contains(&text.len()) && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }
}

/// All of them.
pub async fn list(on: &On) -> Result<Page<Blocklist>, Refused> {
    on.ask("/blocklists").await
}

/// One of them.
pub async fn show(on: &On, Name(name): &Name) -> Result<Blocklist, Refused> {
    on.ask(&format!("/blocklists/{name}")).await
}

/// Puts one in the place of the one with its name.
pub async fn put(on: &On, Name(name): &Name, new: &NewBlocklist) -> Result<Blocklist, Refused> {
    let put = on.change((Method::PUT, &format!("/blocklists/{name}")), Some(new)).await?;
    on.record(on.event_with("blocklist.replaced", &[("name", name)])).await?;
    Ok(put)
}

/// Removes one.
pub async fn remove(on: &On, Name(name): &Name) -> Result<(), Refused> {
    on.delete(&format!("/blocklists/{name}")).await?;
    on.record(on.event_with("blocklist.removed", &[("name", name)])).await
}
