//! `polder application`: the programs that sign people in at a tenant.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use serde_json::{Map, Value, json};

use super::exit::{self, Refused};
use super::reach::{Api, Reach, path, sorted};
use super::show::{Column, Look, whole, wide};

/// Options of `polder application`.
#[derive(Debug, Args)]
#[command(after_help = exit::explained())]
pub struct Application {
    #[command(flatten)]
    pub(super) reach: Reach,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists them, newest first unless asked otherwise.
    List {
        /// The tenant.
        slug: String,
        /// In which order; a `-` turns it round.
        #[arg(long, value_name = "ORDER", allow_hyphen_values = true,
            value_parser = ["-created_at", "created_at", "name", "-name"])]
        sort: Option<String>,
    },
    /// Shows one.
    Show(One),
    /// Makes one, and prints its secret where it has any: this once.
    Create {
        /// The tenant.
        slug: String,
        /// The name people see when they sign in.
        name: String,
        /// What kind of program it is.
        #[arg(long = "type", value_enum, default_value_t = Kind::Web)]
        kind: Kind,
        /// The rules it is held to.
        #[arg(long, value_enum, default_value_t = Profile::Default)]
        profile: Profile,
        /// It belongs to somebody else: people are asked for consent.
        #[arg(long)]
        third_party: bool,
        #[command(flatten)]
        set: Set,
    },
    /// Changes one: what is not named stays.
    Change {
        #[command(flatten)]
        one: One,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        /// Switches it off: nobody signs in to it, and its tokens stop working.
        #[arg(long, conflicts_with = "enable")]
        disable: bool,
        /// Switches it on again.
        #[arg(long)]
        enable: bool,
        #[command(flatten)]
        set: Set,
    },
    /// Deletes one, with its secrets and grants.
    Delete {
        #[command(flatten)]
        one: One,
        /// Its client id once more.
        #[arg(long, value_name = "CLIENT_ID")]
        confirm: String,
    },
    /// What it proves itself with.
    #[command(subcommand)]
    Secret(Secret),
}

#[derive(Debug, Subcommand)]
enum Secret {
    /// Lists those that work, without themselves.
    List(One),
    /// Makes another and prints it, this once. Those from before work for seven days.
    Add(One),
    /// Takes one back: it stops working at once.
    Remove {
        #[command(flatten)]
        one: One,
        /// Its id, as it is listed.
        secret: String,
    },
}

#[derive(Debug, Args)]
struct One {
    /// The tenant.
    slug: String,
    /// The application.
    client_id: String,
}

#[derive(Debug, Args)]
struct Set {
    /// Where answers may go; once for each address. They replace all that were there.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where people may go after signing out; once for each address.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// A file with the public keys it signs with: a JSON Web Key Set.
    #[arg(long, value_name = "FILE")]
    jwks_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Web,
    Spa,
    Native,
    Machine,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Profile {
    Default,
    Compat,
    Fapi2,
}

const LIST: [Column; 5] = [whole("client_id"), whole("type"), wide("name"), whole("profile"), whole("disabled")];
const ONE: [&str; 15] = [
    "client_id",
    "client_secret",
    "name",
    "type",
    "profile",
    "token_endpoint_auth_method",
    "redirect_uris",
    "post_logout_redirect_uris",
    "grant_types",
    "third_party",
    "access.who",
    "access.role",
    "disabled",
    "registered_with",
    "created_at",
];
const SECRETS: [Column; 4] = [whole("id"), whole("created_at"), whole("expires_at"), whole("last_used_at")];

impl Application {
    /// Does it.
    pub(super) async fn act(&self, api: &Api) -> Result<(Value, Look), Refused> {
        Ok(match &self.action {
            Action::List { slug, sort } => {
                (api.items(&sorted(path(slug, &["applications"]), sort.as_deref()), 0).await?, Look::Table(&LIST))
            }
            Action::Show(one) => (api.get(&one.path(&[])).await?, Look::Facts(&ONE)),
            Action::Create { slug, name, kind, profile, third_party, set } => {
                let mut body = set.body()?;
                body.insert("name".to_owned(), json!(name));
                body.insert("type".to_owned(), json!(word(kind)));
                body.insert("profile".to_owned(), json!(word(profile)));
                body.insert("third_party".to_owned(), json!(third_party));
                (api.post(&path(slug, &["applications"]), Some(body.into())).await?, Look::Facts(&ONE))
            }
            Action::Change { one, name, disable, enable, set } => {
                let mut body = set.body()?;
                if let Some(name) = name {
                    body.insert("name".to_owned(), json!(name));
                }
                if *disable || *enable {
                    body.insert("disabled".to_owned(), json!(disable));
                }
                if body.is_empty() {
                    return Err(Refused::usage("nothing to change: name what is to be another (see --help)"));
                }
                (api.call(Method::PATCH, &one.path(&[]), Some(body.into())).await?, Look::Facts(&ONE))
            }
            Action::Delete { one, confirm } if *confirm == one.client_id => {
                (api.delete(&one.path(&[])).await?, Look::Done)
            }
            Action::Delete { .. } => return Err(Refused::usage("--confirm is another client id: nothing was deleted")),
            Action::Secret(Secret::List(one)) => (api.get(&one.path(&["secrets"])).await?, Look::Table(&SECRETS)),
            Action::Secret(Secret::Add(one)) => {
                let made = api.post(&one.path(&["secrets"]), None).await?;
                (made, Look::Facts(&["client_secret", "previous_expire_at"]))
            }
            Action::Secret(Secret::Remove { one, secret }) => {
                (api.delete(&one.path(&["secrets", secret])).await?, Look::Done)
            }
        })
    }
}

impl One {
    fn path(&self, rest: &[&str]) -> String {
        let words: Vec<&str> =
            ["applications", self.client_id.as_str()].into_iter().chain(rest.iter().copied()).collect();
        path(&self.slug, &words)
    }
}

impl Set {
    /// What was named, as the API has it.
    fn body(&self) -> Result<Map<String, Value>, Refused> {
        let mut body = Map::new();
        if !self.redirect_uris.is_empty() {
            body.insert("redirect_uris".to_owned(), json!(self.redirect_uris));
        }
        if !self.post_logout_redirect_uris.is_empty() {
            body.insert("post_logout_redirect_uris".to_owned(), json!(self.post_logout_redirect_uris));
        }
        if let Some(file) = &self.jwks_file {
            let wrong = |why: String| Refused::usage(format!("{}: {why}", file.display()));
            let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
            let keys: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
            body.insert("jwks".to_owned(), keys);
        }
        Ok(body)
    }
}

/// A choice as the API has it.
fn word(choice: &impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
