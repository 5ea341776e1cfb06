//! `polder tenant`: a tenant's life from the command line, through the public API.

mod egress;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use http::{Method, StatusCode};
use polder_kernel::Secret;
use serde_json::{Value, json};

/// What the exit code says; also at the end of `--help`.
const EXIT_CODES: &str = "Exit codes:\n  0  it is as wanted\n  1  no answer, or a failure on the other side\n  \
     2  the command line makes no sense\n  3  there is no such tenant, or it is destroyed\n  \
     4  the state of things forbids it\n  5  the key is missing, wrong, or may only read";

/// How long one call may take: an action is waited for.
const WITHIN: Duration = Duration::from_secs(60);

/// Options of `polder tenant`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Tenant {
    /// The public API, such as https://console.polder.example/api/v1.
    #[arg(long, value_name = "URL", requires = "api_key_file", global = true)]
    api: Option<String>,
    /// A file that holds a key of the public API.
    #[arg(long, value_name = "FILE", requires = "api", global = true)]
    api_key_file: Option<PathBuf>,
    /// The data folder of a running `polder dev`, whose dev.json says both.
    #[arg(long, value_name = "DIR", default_value = ".polder", global = true)]
    data: PathBuf,
    /// Prints what the API answered, as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the tenants.
    List,
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

/// Why it did not go well, and with which exit code.
#[derive(Debug)]
struct Refused(u8, String);

impl From<reqwest::Error> for Refused {
    fn from(error: reqwest::Error) -> Self {
        let why = if error.is_connect() { "nothing answers there; is it running?" } else { "no answer" };
        Self(1, format!("{why} ({})", error.without_url()))
    }
}

/// Does what the command line says.
pub fn run(options: &Tenant) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("polder: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(act(options)) {
        Ok(text) => match writeln!(io::stdout(), "{text}") {
            // Whoever reads may have seen enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        },
        Err(Refused(code, why)) => {
            eprintln!("polder: {why}");
            ExitCode::from(code)
        }
    }
}

async fn act(options: &Tenant) -> Result<String, Refused> {
    let api = Api::of(options)?;
    let (answer, look) = match &options.action {
        Action::List => (api.all().await?, Look::Table),
        Action::Show(named) => (api.call(Method::GET, &path(&named.slug, ""), None).await?, Look::Tenant),
        Action::Create { slug, name, no_wait } => {
            let body = json!({"slug": slug, "name": name.as_ref().unwrap_or(slug)});
            let made = api.call(Method::POST, "/tenants", Some(body)).await?;
            (if *no_wait { made } else { api.made(slug).await? }, Look::Tenant)
        }
        Action::Suspend(named) => (api.post(&named.slug, "/suspend", None).await?, Look::Tenant),
        Action::Resume(named) => (api.post(&named.slug, "/resume", None).await?, Look::Tenant),
        Action::Sleep(named) => (api.post(&named.slug, "/sleep", None).await?, Look::Tenant),
        Action::Wake(named) => (api.post(&named.slug, "/wake", None).await?, Look::Tenant),
        Action::Restart(named) => (api.post(&named.slug, "/restart", None).await?, Look::Tenant),
        Action::Rotate { slug, database: false } => {
            (api.post(slug, "/keys/rotate", Some(json!({}))).await?, Look::Json)
        }
        Action::Rotate { slug, database: true } => (api.post(slug, "/database/rotate", None).await?, Look::Tenant),
        Action::Idle { slug, after } => {
            let seconds = match after.as_str() {
                "default" => Value::Null,
                number => {
                    number.parse::<i64>().map_err(|_| Refused(2, "a number of seconds, or default".to_owned()))?.into()
                }
            };
            let body = json!({"idle_after_seconds": seconds});
            (api.call(Method::PATCH, &path(slug, ""), Some(body)).await?, Look::Tenant)
        }
        Action::Terminate { slug, grace_days } => {
            (api.post(slug, "/terminate", Some(json!({"grace_days": grace_days}))).await?, Look::Tenant)
        }
        Action::Undo(named) => (api.post(&named.slug, "/undo", None).await?, Look::Tenant),
        Action::Destroy { slug, confirm } => {
            (api.post(slug, "/destroy", Some(json!({"confirm": confirm}))).await?, Look::Json)
        }
        Action::Certificate(named) => {
            (api.call(Method::GET, &path(&named.slug, "/certificate"), None).await?, Look::Json)
        }
        Action::Egress(wish) => (wish.act(&api).await?, Look::Hosts),
    };
    Ok(if options.json { pretty(&answer) } else { look.of(&answer) })
}

fn path(slug: &str, rest: &str) -> String {
    let slug = percent_encoding::utf8_percent_encode(slug, percent_encoding::NON_ALPHANUMERIC);
    format!("/tenants/{slug}{rest}").replace("%2D", "-")
}

/// The public API, and the key to it.
struct Api {
    base: String,
    key: Secret<String>,
    client: reqwest::Client,
}

impl Api {
    fn of(options: &Tenant) -> Result<Self, Refused> {
        let (base, key) = match (&options.api, &options.api_key_file) {
            (Some(api), Some(file)) => (api.trim_end_matches('/').to_owned(), read(file)?.trim().to_owned()),
            _ => from_dev_json(&options.data)?,
        };
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(WITHIN)
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(polder_outbound::localhost::Resolver))
            .build()?;
        Ok(Self { base, key: Secret::new(key), client })
    }

    async fn post(&self, slug: &str, rest: &str, body: Option<Value>) -> Result<Value, Refused> {
        self.call(Method::POST, &path(slug, rest), body).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Refused> {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(self.key.expose());
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        if status.is_success() { Ok(body) } else { Err(refused(status, &body)) }
    }

    /// Every tenant, page by page.
    async fn all(&self) -> Result<Value, Refused> {
        let mut items = Vec::new();
        let mut target = "/tenants?limit=200".to_owned();
        loop {
            let mut page = self.call(Method::GET, &target, None).await?;
            items.extend(page["items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            let Some(next) = page["next"].as_str() else { return Ok(json!({"items": items, "next": null})) };
            target = format!("/tenants?limit=200&cursor={next}");
        }
    }

    /// A tenant, once it is made.
    async fn made(&self, slug: &str) -> Result<Value, Refused> {
        let until = tokio::time::Instant::now() + WITHIN;
        loop {
            let tenant = self.call(Method::GET, &path(slug, ""), None).await?;
            match tenant["state"].as_str() {
                Some("provisioning") if tokio::time::Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Some("failed") => return Err(Refused(1, text(&tenant, "failure").to_owned())),
                _ => return Ok(tenant),
            }
        }
    }
}

/// A problem document as one line, with its exit code.
fn refused(status: StatusCode, problem: &Value) -> Refused {
    let code = match status.as_u16() {
        401 | 403 => 5,
        404 | 410 => 3,
        409 => 4,
        400 | 422 => 2,
        _ => 1,
    };
    let mut why = [text(problem, "title"), text(problem, "detail")]
        .into_iter()
        .filter(|words| !words.is_empty())
        .collect::<Vec<_>>()
        .join(": ");
    for error in problem["errors"].as_array().into_iter().flatten() {
        why = format!("{why}; {}: {}", text(error, "pointer").trim_start_matches('/'), text(error, "detail"));
    }
    Refused(code, if why.is_empty() { format!("the API answered {status}") } else { why })
}

fn read(file: &Path) -> Result<String, Refused> {
    std::fs::read_to_string(file).map_err(|error| Refused(5, format!("{}: {error}", file.display())))
}

fn from_dev_json(data: &Path) -> Result<(String, String), Refused> {
    let file = data.join("dev.json");
    let missing = |_| {
        Refused(1, format!("{} is not there: start `polder dev`, or give --api and --api-key-file", file.display()))
    };
    let dev: Value = serde_json::from_str(&std::fs::read_to_string(&file).map_err(missing)?).unwrap_or_default();
    match (dev["api"].as_str(), dev["api_key"].as_str()) {
        (Some(api), Some(key)) => Ok((api.to_owned(), key.to_owned())),
        _ => Err(Refused(1, format!("{} cannot be understood", file.display()))),
    }
}

/// How an answer is shown to people.
enum Look {
    Hosts,
    Table,
    Tenant,
    Json,
}

impl Look {
    fn of(&self, answer: &Value) -> String {
        match self {
            Self::Table => table(answer["items"].as_array().map_or(&[], Vec::as_slice)),
            Self::Hosts => egress::hosts(answer),
            Self::Tenant => facts(answer),
            Self::Json => pretty(answer),
        }
    }
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

fn pretty(answer: &Value) -> String {
    serde_json::to_string_pretty(answer).unwrap_or_default()
}

fn table(tenants: &[Value]) -> String {
    let columns = ["slug", "state", "name", "issuer"];
    let width = |column: &str| {
        let widest = tenants.iter().map(|tenant| text(tenant, column).chars().count()).max().unwrap_or(0);
        widest.max(column.len())
    };
    let widths = columns.map(width);
    let line = |cells: [&str; 4]| {
        let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(["SLUG", "STATE", "NAME", "ISSUER"])];
    lines.extend(tenants.iter().map(|tenant| line(columns.map(|column| text(tenant, column)))));
    lines.join("\n")
}

fn facts(tenant: &Value) -> String {
    let shown = |name: &str| match &tenant[name] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let names = [
        "slug",
        "name",
        "state",
        "issuer",
        "failure",
        "idle_after_seconds",
        "terminate_at",
        "created_at",
        "updated_at",
    ];
    let lines: Vec<String> =
        names.iter().filter_map(|name| shown(name).map(|value| format!("{name:19} {value}"))).collect();
    lines.into_iter().chain(walls(tenant)).collect::<Vec<_>>().join("\n")
}

/// What keeps it apart, one line each, what is not in force first.
fn walls(tenant: &Value) -> Vec<String> {
    let all = tenant["isolation"].as_array().map_or(&[][..], Vec::as_slice);
    let line = |wall: &Value| {
        let stands = if wall["in_force"] == true { "yes" } else { "NO" };
        format!("{:19} {stands:4} {:18} {}", "isolation", text(wall, "name"), text(wall, "detail"))
    };
    let (standing, missing): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|wall| wall["in_force"] == true);
    missing.into_iter().chain(standing).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_exit_codes_and_one_line() {
        for (status, code) in [(401, 5), (403, 5), (404, 3), (410, 3), (409, 4), (422, 2), (500, 1), (503, 1)] {
            let problem = json!({"title": "No", "errors": [{"pointer": "/slug", "detail": "too short"}]});
            let Refused(found, why) = refused(StatusCode::from_u16(status).unwrap(), &problem);
            assert_eq!((found, why.as_str()), (code, "No; slug: too short"), "{status}");
        }
    }

    #[test]
    fn tables_are_aligned_and_facts_leave_out_what_is_not_there() {
        let tenants = [json!({"slug": "acme", "state": "running", "name": "Acme", "issuer": "http://a"})];
        assert_eq!(table(&tenants), "SLUG  STATE    NAME  ISSUER\nacme  running  Acme  http://a");
        let told = facts(&json!({"slug": "acme", "state": "asleep", "failure": null, "idle_after_seconds": 60}));
        assert_eq!(told.lines().count(), 3);
        assert!(told.contains("idle_after_seconds  60"));
        let walls = json!([{"name": "network", "in_force": true, "detail": "none"},
            {"name": "seccomp", "in_force": false, "detail": "this kernel has none"}]);
        let told = facts(&json!({"slug": "acme", "isolation": walls}));
        assert!(told.lines().nth(1).is_some_and(|line| line.contains("NO") && line.contains("seccomp")), "{told}");
        assert_eq!(told.lines().count(), 3);
    }

    #[test]
    fn g06_a_slug_cannot_leave_its_place_in_the_path() {
        assert_eq!(path("acme-nl", "/suspend"), "/tenants/acme-nl/suspend");
        assert_eq!(path("../users?x", ""), "/tenants/%2E%2E%2Fusers%3Fx");
    }
}
