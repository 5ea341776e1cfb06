//! `polder tenant egress`: the hosts a tenant may reach.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::exit::Refused;
use crate::cli::reach::{Api, path};
use crate::cli::show::{Column, Look, whole};

const HOSTS: [Column; 2] = [whole("host"), whole("created_at")];
/// A line for each host.
pub(super) const LOOK: Look = Look::Table(&HOSTS);

#[derive(Debug, Subcommand)]
pub(super) enum Egress {
    /// Lists them.
    List {
        /// The tenant.
        slug: String,
    },
    /// Allows a host, or with a dot first all hosts below one.
    Allow {
        /// The tenant.
        slug: String,
        /// Such as accounts.example.org, or .example.org.
        host: String,
    },
    /// Removes a host. Open connections to it are closed.
    Remove {
        /// The tenant.
        slug: String,
        /// As it is listed.
        host: String,
    },
}

impl Egress {
    /// Does it, and answers with the list as it is then.
    pub(super) async fn act(&self, api: &Api) -> Result<Value, Refused> {
        let (Self::List { slug } | Self::Allow { slug, .. } | Self::Remove { slug, .. }) = self;
        let list = async || api.get(&path(slug, &["egress"])).await;
        match self {
            Self::List { .. } => {}
            Self::Allow { host, .. } => {
                api.post(&path(slug, &["egress"]), Some(json!({"host": host}))).await?;
            }
            Self::Remove { host, .. } => {
                let listed = list().await?;
                let id = id_of(&listed, host).ok_or_else(|| Refused(3, format!("{host} is not on the list")))?;
                api.delete(&path(slug, &["egress", id])).await?;
            }
        }
        list().await
    }
}

/// The rule for this host, however its letters are written.
fn id_of<'a>(listed: &'a Value, host: &str) -> Option<&'a str> {
    let items = listed["items"].as_array()?;
    let found = items.iter().find(|rule| rule["host"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(host)));
    found.and_then(|rule| rule["id"].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_by_its_name() {
        let listed = json!({"items": [{"id": "1", "host": ".a.example"}, {"id": "2", "host": "b.example"}]});
        assert_eq!((id_of(&listed, "B.example"), id_of(&listed, "a.example")), (Some("2"), None));
    }
}
