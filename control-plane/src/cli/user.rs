//! `polder user`: the people of a tenant. Their addresses come on standard input: every program of a machine reads
//! its command lines.

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use super::exit::{self, Refused};
use super::reach::{Api, Reach, encoded, path, sorted};
use super::show::{Column, Look, whole, wide};
use super::typed;

/// Options of `polder user`.
#[derive(Debug, Args)]
#[command(after_help = exit::explained())]
pub struct User {
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
        /// How many at most; 0 for everybody.
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Finds the one whose address is on standard input.
        #[arg(long)]
        find: bool,
        /// In which order; a `-` turns it round.
        #[arg(long, value_name = "ORDER", allow_hyphen_values = true, conflicts_with = "find",
            value_parser = ["-created_at", "created_at", "-last_sign_in_at", "last_sign_in_at"])]
        sort: Option<String>,
    },
    /// Shows one.
    Show(One),
    /// Adds the one whose address is on standard input.
    Create {
        /// The tenant.
        slug: String,
        /// A role that they hold; once for each.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Sends them an invitation.
        #[arg(long)]
        invite: bool,
    },
    /// Stops one from signing in, and ends their sessions.
    Disable(One),
    /// Lets one sign in again.
    Enable(One),
    /// Erases one: nothing brings them back.
    Erase {
        #[command(flatten)]
        one: One,
        /// Their id once more.
        #[arg(long, value_name = "USER_ID")]
        confirm: String,
    },
    /// Lists the sessions of one, newest first.
    Sessions(One),
    /// Ends all sessions of one.
    EndSessions(One),
    /// Prints everything that is kept about one, as they download it themselves, as JSON. Both logs say who took it.
    Export(One),
}

#[derive(Debug, Args)]
struct One {
    /// The tenant.
    slug: String,
    /// The person: `sub` of their tokens.
    user_id: String,
}

const LIST: [Column; 5] = [whole("id"), wide("email"), wide("name"), wide("roles"), whole("disabled")];
const ONE: [&str; 9] =
    ["id", "email", "email_verified", "name", "locale", "roles", "disabled", "created_at", "last_sign_in_at"];
const ENDED: [Column; 1] = [whole("id")];
const SESSIONS: [Column; 6] =
    [whole("id"), whole("ip"), wide("user_agent"), whole("created_at"), whole("last_seen_at"), whole("ended_at")];

impl User {
    /// Does it.
    pub(super) async fn act(&self, api: &Api) -> Result<(Value, Look), Refused> {
        Ok(match &self.action {
            Action::List { slug, find: true, .. } => {
                let address = typed::line("E-mail address")?;
                let target = format!("{}?email={}", path(slug, &["users"]), encoded(&address));
                (api.items(&target, 1).await?, Look::Table(&LIST))
            }
            Action::List { slug, limit, sort, .. } => {
                (api.items(&sorted(path(slug, &["users"]), sort.as_deref()), *limit).await?, Look::Table(&LIST))
            }
            Action::Show(one) => (api.get(&one.path(&[])).await?, Look::Facts(&ONE)),
            Action::Create { slug, roles, invite } => {
                let body = json!({"email": typed::line("E-mail address")?, "roles": roles, "invite": invite});
                (api.post(&path(slug, &["users"]), Some(body)).await?, Look::Facts(&ONE))
            }
            Action::Disable(one) => (one.set_disabled(api, true).await?, Look::Facts(&ONE)),
            Action::Enable(one) => (one.set_disabled(api, false).await?, Look::Facts(&ONE)),
            Action::Erase { one, confirm } if *confirm == one.user_id => {
                (api.delete(&one.path(&[])).await?, Look::Done)
            }
            Action::Erase { .. } => return Err(Refused::usage("--confirm is another id: nobody was erased")),
            Action::Sessions(one) => (one.sessions(api).await?, Look::Table(&SESSIONS)),
            Action::EndSessions(one) => {
                let mut ended = Vec::new();
                for session in one.sessions(api).await?["items"].as_array().into_iter().flatten() {
                    if let (true, Some(id)) = (session["ended_at"].is_null(), session["id"].as_str()) {
                        api.delete(&path(&one.slug, &["sessions", id])).await?;
                        ended.push(json!({ "id": id }));
                    }
                }
                (json!({ "items": ended, "next": null }), Look::Table(&ENDED))
            }
            Action::Export(one) => (api.get(&one.path(&["data"])).await?, Look::Json),
        })
    }
}

impl One {
    fn path(&self, rest: &[&str]) -> String {
        let words: Vec<&str> = ["users", self.user_id.as_str()].into_iter().chain(rest.iter().copied()).collect();
        path(&self.slug, &words)
    }

    async fn set_disabled(&self, api: &Api, disabled: bool) -> Result<Value, Refused> {
        api.call(Method::PATCH, &self.path(&[]), Some(json!({ "disabled": disabled }))).await
    }

    async fn sessions(&self, api: &Api) -> Result<Value, Refused> {
        // Who is not there has no sessions, and that is another answer than none.
        api.get(&self.path(&[])).await?;
        api.items(&format!("{}?user_id={}", path(&self.slug, &["sessions"]), encoded(&self.user_id)), 0).await
    }
}
