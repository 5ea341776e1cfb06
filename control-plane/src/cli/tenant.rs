//! `polder tenant`: a tenant's life from the command line, through the public API.

mod egress;
mod walls;

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use super::exit::{self, Refused};
use super::progress;
use super::reach::{Api, Reach, path, sorted};
use super::show::{self, Column, Look, whole, wide};

/// Options of `polder tenant`.
#[derive(Debug, Args)]
#[command(after_help = exit::explained())]
pub struct Tenant {
    #[command(flatten)]
    pub(super) reach: Reach,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the tenants.
    List {
        /// In which order; a `-` turns it round.
        #[arg(long, value_name = "ORDER", allow_hyphen_values = true,
            value_parser = ["slug", "-slug", "name", "-name", "state", "-state", "-created_at", "created_at"])]
        sort: Option<String>,
    },
    /// Shows a tenant.
    Show(Named),
    /// Makes a tenant.
    Create {
        /// The first label of its host name.
        slug: String,
        /// The name people see; the slug unless given.
        #[arg(long)]
        name: Option<String>,
        /// Does not wait until it runs.
        #[arg(long)]
        no_wait: bool,
    },
    /// Stops sign-in; discovery and keys are served still, and all data stays.
    Suspend(Named),
    /// Lets people sign in again.
    Resume(Named),
    /// Stops it until the next request.
    Sleep(Named),
    /// Starts it now.
    Wake(Named),
    /// Ends its runtime and starts it again.
    Restart(Named),
    /// Rotates its signing keys.
    Rotate {
        /// The tenant.
        slug: String,
        /// The passwords of its PostgreSQL database instead.
        #[arg(long)]
        database: bool,
    },
    /// Sets after how many seconds without a request it sleeps: 0 for never, `default` for what is usual.
    Idle {
        /// The tenant.
        slug: String,
        /// 60 to 604800, 0, or `default`.
        after: String,
    },
    /// Stops it for good; that can be undone until the grace period ends.
    Terminate {
        /// The tenant.
        slug: String,
        /// 30 to 90.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(30..=90))]
        grace_days: u32,
    },
    /// Takes a termination back.
    Undo(Named),
    /// Destroys a terminated tenant: nothing brings it back. Prints the certificate.
    Destroy {
        /// The tenant.
        slug: String,
        /// Its slug once more.
        #[arg(long, value_name = "SLUG")]
        confirm: String,
    },
    /// Prints the certificate of a destroyed tenant.
    Certificate(Named),
    /// The hosts it may reach: it has no network but these, over HTTPS.
    #[command(subcommand)]
    Egress(egress::Egress),
}

#[derive(Debug, Args)]
struct Named {
    /// The tenant.
    slug: String,
}

const LIST: [Column; 4] = [whole("slug"), whole("state"), wide("name"), wide("issuer")];
const ONE: &[&str] =
    &["slug", "name", "state", "issuer", "failure", "idle_after_seconds", "terminate_at", "created_at", "updated_at"];

/// What there is to say of one, and what keeps it apart.
const LOOK: Look = Look::Text(facts);

impl Tenant {
    /// Does it.
    pub(super) async fn act(&self, api: &Api) -> Result<(Value, Look), Refused> {
        let post = async |slug: &str, rest: &[&str], body: Option<Value>| api.post(&path(slug, rest), body).await;
        Ok(match &self.action {
            Action::List { sort } => {
                (api.items(&sorted("/tenants".to_owned(), sort.as_deref()), 0).await?, Look::Table(&LIST))
            }
            Action::Show(named) => (api.get(&path(&named.slug, &[])).await?, LOOK),
            Action::Create { slug, name, no_wait } => {
                let body = json!({"slug": slug, "name": name.as_ref().unwrap_or(slug)});
                let made = api.post("/tenants", Some(body)).await?;
                if *no_wait {
                    return Ok((made, LOOK));
                }
                progress::follow(api, slug).await?;
                (api.get(&path(slug, &[])).await?, LOOK)
            }
            Action::Suspend(named) => (post(&named.slug, &["suspend"], None).await?, LOOK),
            Action::Resume(named) => (post(&named.slug, &["resume"], None).await?, LOOK),
            Action::Sleep(named) => (post(&named.slug, &["sleep"], None).await?, LOOK),
            Action::Wake(named) => (post(&named.slug, &["wake"], None).await?, LOOK),
            Action::Restart(named) => (post(&named.slug, &["restart"], None).await?, LOOK),
            Action::Rotate { slug, database: false } => {
                (post(slug, &["keys", "rotate"], Some(json!({}))).await?, Look::Json)
            }
            Action::Rotate { slug, database: true } => (post(slug, &["database", "rotate"], None).await?, LOOK),
            Action::Idle { slug, after } => {
                let seconds = match after.as_str() {
                    "default" => Value::Null,
                    number => {
                        let wrong = |_| Refused::usage("a number of seconds, or default");
                        number.parse::<i64>().map_err(wrong)?.into()
                    }
                };
                let body = json!({"idle_after_seconds": seconds});
                (api.call(Method::PATCH, &path(slug, &[]), Some(body)).await?, LOOK)
            }
            Action::Terminate { slug, grace_days } => {
                (post(slug, &["terminate"], Some(json!({"grace_days": grace_days}))).await?, LOOK)
            }
            Action::Undo(named) => (post(&named.slug, &["undo"], None).await?, LOOK),
            Action::Destroy { slug, confirm } => {
                (post(slug, &["destroy"], Some(json!({"confirm": confirm}))).await?, Look::Json)
            }
            Action::Certificate(named) => (api.get(&path(&named.slug, &["certificate"])).await?, Look::Json),
            Action::Egress(wish) => (wish.act(api).await?, egress::LOOK),
        })
    }
}

fn facts(tenant: &Value) -> String {
    let told = [show::facts(ONE, tenant)].into_iter().chain(walls::told(tenant));
    told.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_that_do_not_stand_come_first() {
        let walls = json!([{"name": "network", "in_force": true, "detail": "none"},
            {"name": "seccomp", "in_force": false, "detail": "this kernel has none"}]);
        let told = facts(&json!({"slug": "acme", "isolation": walls}));
        assert!(told.lines().nth(1).is_some_and(|line| line.contains("NO") && line.contains("seccomp")), "{told}");
        assert_eq!(told.lines().count(), 3);
    }
}
