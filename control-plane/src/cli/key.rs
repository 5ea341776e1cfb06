//! `polder key`: what a tenant signs and seals with.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::exit::{self, Refused};
use super::reach::{Api, Reach, path};
use super::show::{Column, Look, whole};

/// Options of `polder key`.
#[derive(Debug, Args)]
#[command(after_help = exit::explained())]
pub struct Key {
    #[command(flatten)]
    pub(super) reach: Reach,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the signing keys, newest first.
    List {
        /// The tenant.
        slug: String,
        /// The versions of its data keys instead.
        #[arg(long)]
        data_keys: bool,
    },
    /// Rotates the signing keys: new ones are published before their first use.
    Rotate {
        /// The tenant.
        slug: String,
        /// The data keys instead.
        #[arg(long, conflicts_with_all = ["seal", "emergency"])]
        data_keys: bool,
        /// The seal key instead: backups from before cannot be read any more.
        #[arg(long, conflicts_with = "emergency")]
        seal: bool,
        /// Drops the signing keys now: every token that they signed is refused from then on.
        #[arg(long, requires = "confirm")]
        emergency: bool,
        /// The tenant's slug once more, for an emergency.
        #[arg(long, value_name = "SLUG")]
        confirm: Option<String>,
    },
}

const SIGNING: [Column; 5] =
    [whole("kid"), whole("algorithm"), whole("state"), whole("active_from"), whole("retired_at")];
const DATA: [Column; 4] = [whole("category"), whole("version"), whole("created_at"), whole("retired_at")];

impl Key {
    /// Does it.
    pub(super) async fn act(&self, api: &Api) -> Result<(Value, Look), Refused> {
        Ok(match &self.action {
            Action::List { slug, data_keys: false } => (api.get(&path(slug, &["keys"])).await?, Look::Table(&SIGNING)),
            Action::List { slug, data_keys: true } => (api.get(&path(slug, &["data-keys"])).await?, Look::Table(&DATA)),
            Action::Rotate { slug, data_keys: true, .. } => {
                (api.post(&path(slug, &["data-keys", "rotate"]), Some(json!({}))).await?, Look::Table(&DATA))
            }
            Action::Rotate { slug, seal: true, .. } => {
                (api.post(&path(slug, &["seal-key", "rotate"]), None).await?, Look::Json)
            }
            Action::Rotate { slug, emergency: true, confirm, .. } if confirm.as_ref() != Some(slug) => {
                return Err(Refused::usage("--confirm is not the tenant's slug: nothing was dropped"));
            }
            Action::Rotate { slug, emergency, .. } => {
                let body = if *emergency { json!({"emergency": true}) } else { json!({}) };
                (api.post(&path(slug, &["keys", "rotate"]), Some(body)).await?, Look::Table(&SIGNING))
            }
        })
    }
}
