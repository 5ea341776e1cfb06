//! `polder audit`: what happened at a tenant.

mod told;
pub mod verify;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use self::verify::Verify;
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
        /// How.
        #[arg(long, value_enum, default_value_t = Format::Ndjson)]
        format: Format,
    },
    /// Prints the end of the log, signed: keep it elsewhere, to verify exported logs with.
    Checkpoint {
        /// The tenant.
        slug: String,
    },
    /// Verifies an exported log (--format chain), without asking any server.
    Verify(Verify),
}

/// How a log is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Newest first, as the API lists them.
    Ndjson,
    /// The whole log, oldest first, as `polder audit verify` verifies it.
    Chain,
    /// Rows for a spreadsheet, newest first.
    Csv,
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
    /// What is to be verified, where that is what is wanted: no API is needed for it.
    pub(super) const fn offline(&self) -> Option<&Verify> {
        match &self.action {
            Action::Verify(verify) => Some(verify),
            _ => None,
        }
    }

    /// Does it.
    pub(super) async fn act(&self, api: &Api) -> Result<(Value, Look), Refused> {
        match &self.action {
            Action::List { of, limit } => Ok((api.items(&of.target(), *limit).await?, Look::Table(&LIST))),
            Action::Export { of, format: Format::Ndjson } => {
                // A log is longer than memory may be: each page is written before the next is asked for.
                let target = of.target();
                let written = api.each_page(&target, 0, |events, _| {
                    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
                    show::print(&show::json(&lines.join("\n"))).map_err(|error| Refused(1, error.to_string()))
                });
                written.await?;
                Ok((Value::Null, Look::Done))
            }
            Action::Export { of, format: Format::Chain } if of.action.is_some() || of.user.is_some() => {
                Err(Refused::usage("a chain has no gaps: it is exported without --action and --user"))
            }
            Action::Export { of, .. } if of.sort.is_some() => {
                Err(Refused::usage("a file has an order of its own: --sort is for --format ndjson"))
            }
            Action::Export { of, format } => {
                let format = if *format == Format::Csv { "csv" } else { "chain" };
                api.file(&of.file(format)).await?;
                Ok((Value::Null, Look::Done))
            }
            Action::Checkpoint { slug } => {
                Ok((api.get(&path(slug, &["audit-events", "checkpoint"])).await?, Look::Json))
            }
            Action::Verify(_) => Err(Refused::usage("nothing is asked of the API to verify a file")),
        }
    }
}

impl Of {
    fn target(&self) -> String {
        self.asked(&["audit-events"], &[])
    }

    /// The whole of it, as a file.
    fn file(&self, format: &str) -> String {
        self.asked(&["audit-events", "export"], &[("format", format)])
    }

    fn asked(&self, rest: &[&str], further: &[(&str, &str)]) -> String {
        let pairs =
            [("action", self.action.as_deref()), ("user_id", self.user.as_deref()), ("sort", self.sort.as_deref())];
        let query = pairs.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        let query = query.chain(further.iter().copied());
        let query: Vec<String> = query.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let path = path(&self.slug, rest);
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}
