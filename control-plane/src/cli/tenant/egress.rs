//! `polder tenant egress`: the hosts a tenant may reach.

use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use super::{Api, Refused, path, text};

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
        let list = async || api.call(Method::GET, &path(slug, "/egress"), None).await;
        match self {
            Self::List { .. } => {}
            Self::Allow { host, .. } => drop(api.post(slug, "/egress", Some(json!({"host": host}))).await?),
            Self::Remove { host, .. } => {
                let listed = list().await?;
                let id = id_of(&listed, host).ok_or_else(|| Refused(3, format!("{host} is not on the list")))?;
                api.call(Method::DELETE, &path(slug, &format!("/egress/{id}")), None).await?;
            }
        }
        list().await
    }
}

/// The rule for this host, however its letters are written.
fn id_of<'a>(listed: &'a Value, host: &str) -> Option<&'a str> {
    let items = listed["items"].as_array()?;
    items.iter().find(|rule| text(rule, "host").eq_ignore_ascii_case(host)).map(|rule| text(rule, "id"))
}

/// One host a line.
pub(super) fn hosts(listed: &Value) -> String {
    let items = listed["items"].as_array().map_or(&[][..], Vec::as_slice);
    items.iter().map(|rule| text(rule, "host")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_lines_and_one_is_found_by_its_name() {
        let listed = json!({"items": [{"id": "1", "host": ".a.example"}, {"id": "2", "host": "b.example"}]});
        assert_eq!(hosts(&listed), ".a.example\nb.example");
        assert_eq!((id_of(&listed, "B.example"), id_of(&listed, "a.example")), (Some("2"), None));
    }
}
