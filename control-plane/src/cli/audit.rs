//! `polder audit`: what happened at a tenant.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::exit::{self, Refused};
use super::reach::{Api, Reach, encoded, path};
use super::show::{self, Column, Look, whole, wide};

/// Options of `polder audit`.
#[derive(Debug, Args)]
#[command(after_help = exit::explained())]
pub struct Audit {
    #[command(flatten)]
    pub(super) reach: Reach,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists events, newest first unless asked otherwise.
    List {
        #[command(flatten)]
        of: Of,
        /// How many at most; 0 for all.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Prints all events, newest first unless asked otherwise, one JSON object a line (NDJSON).
    Export {
        #[command(flatten)]
        of: Of,
    },
}

#[derive(Debug, Args)]
struct Of {
    /// The tenant.
    slug: String,
    /// Those of this action, such as session.started.
    #[arg(long)]
    action: Option<String>,
    /// Those about this person.
    #[arg(long, value_name = "USER_ID")]
    user: Option<String>,
    /// In which order; a `-` turns it round.
    #[arg(long, value_name = "ORDER", allow_hyphen_values = true, value_parser = ["-at", "at"])]
    sort: Option<String>,
}

const LIST: [Column; 5] = [whole("at"), whole("action"), wide("actor_kind"), whole("actor_id"), whole("user_id")];

impl Audit {
    /// Does it.
    pub(super) async fn act(&self, api: &Api) -> Result<(Value, Look), Refused> {
        match &self.action {
            Action::List { of, limit } => Ok((api.items(&of.target(), *limit).await?, Look::Table(&LIST))),
            Action::Export { of } => {
                // A log is longer than memory may be: each page is written before the next is asked for.
                let target = of.target();
                let written = api.each_page(&target, 0, |events| {
                    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
                    show::print(&lines.join("\n")).map_err(|error| Refused(1, error.to_string()))
                });
                written.await?;
                Ok((Value::Null, Look::Done))
            }
        }
    }
}

impl Of {
    fn target(&self) -> String {
        let pairs = [("action", &self.action), ("user_id", &self.user), ("sort", &self.sort)];
        let query = pairs.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value)));
        let query: Vec<String> = query.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let path = path(&self.slug, &["audit-events"]);
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}
