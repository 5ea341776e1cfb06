//! The command line. Secrets come as files, never as arguments or environment.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use polder_db::Name;
use polder_kernel::Secret;

use super::Issuer;
use crate::confine::User;

/// What the command line asks for.
#[derive(Debug)]
pub enum Cli {
    /// To serve.
    Serve(Box<Serve>),
    /// One small task on a tenant that is not running.
    Task(Task),
}

impl Cli {
    /// Reads the command line. Ends the program when it makes no sense (exit status 2) or asks for help.
    pub fn parse() -> Self {
        let first = std::env::args().nth(1).unwrap_or_default();
        if ["seal-key", "rotate-seal-key", "application", "migrate", "schema"].contains(&first.as_str()) {
            return Self::Task(Tasks::parse().task);
        }
        Self::Serve(Box::new(Serve::parse()))
    }
}

#[derive(Debug, Parser)]
#[command(name = "polder-tenant", version)]
struct Tasks {
    #[command(subcommand)]
    task: Task,
}

/// One small task on a tenant that is not running.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Write a new seal key to a file that only its owner may read. Keep a copy: without it the data is lost.
    SealKey {
        /// The file to write; it must not exist.
        file: PathBuf,
    },
    /// Give a tenant that is not running a new seal key. The old one is destroyed: copies of the data made
    /// before are lost with it, unless a copy of the key was kept. Interrupted, run it again.
    RotateSealKey(Store),
    /// Bring the database to this version's schema. Where the role that serves may not change it, this is
    /// done with the role that owns the tables, before the new version is started.
    Migrate(Migrate),
    /// Print the name of this version's schema.
    Schema,
    /// Applications of a tenant that is not running.
    #[command(subcommand)]
    Application(ApplicationTask),
}

/// What to do with applications.
#[derive(Debug, Subcommand)]
pub enum ApplicationTask {
    /// Create an application and print its client id and, this once, its secret.
    Add(Box<AddApplication>),
}

/// Where the tenant's data is, to bring its schema up to date.
#[derive(Debug, Args)]
pub struct Migrate {
    /// The data folder; the database is `tenant.db` inside it.
    #[arg(long, value_name = "DIR", required_unless_present = "database", conflicts_with = "database")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database of the tenant's own instead: `postgres://user@host/name`, or `file:PATH` of a
    /// file with that where it holds a password.
    #[arg(long, value_name = "URL", value_parser = secret)]
    pub database: Option<Secret<String>>,
    /// The PostgreSQL role that serves: it gets the right to read and write rows, of the audit log only to
    /// read and add, and none to change the schema.
    #[arg(long, value_name = "NAME", requires = "database")]
    pub runtime_role: Option<Name>,
}

/// Where the tenant's data is and what opens it.
#[derive(Clone, Debug, Args)]
pub struct Store {
    /// The data folder; the database is `tenant.db` inside it.
    #[arg(long, value_name = "DIR", required_unless_present = "database", conflicts_with = "database")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database of the tenant's own instead: `postgres://user@host/name`, or `file:PATH` of a
    /// file with that where it holds a password.
    #[arg(long, value_name = "URL", value_parser = secret)]
    pub database: Option<Secret<String>>,
    /// The socket on which that server is reached, whatever the address says: `unix:/path/.s.PGSQL.5432`.
    #[arg(long, value_name = "ADDR", requires = "database")]
    pub database_socket: Option<String>,
    /// The file with the tenant's seal key.
    #[arg(long, value_name = "FILE")]
    pub seal_key: PathBuf,
}

/// One tenant: a complete OpenID Provider by itself.
#[derive(Debug, Parser)]
#[command(
    name = "polder-tenant",
    version,
    after_help = "Other uses:\n  polder-tenant seal-key FILE       write a new seal key\n  polder-tenant application add …   \
                  create an application (see its --help)\n  polder-tenant migrate …           bring the database to \
                  this version's schema"
)]
pub struct Serve {
    /// Where the data is.
    #[command(flatten)]
    pub store: Store,
    /// The issuer: an origin such as https://login.example.com.
    #[arg(long, value_name = "URL")]
    pub issuer: Issuer,
    /// Where to listen: `127.0.0.1:8080` or `unix:/path`.
    #[arg(long, value_name = "ADDR")]
    pub listen: String,
    /// The control plane.
    #[command(flatten)]
    pub admin: Admin,
    /// The mail server: `smtp://host:port` or `smtps://host`.
    #[arg(long, value_name = "URL", conflicts_with = "courier", requires = "mail_from")]
    pub smtp: Option<String>,
    /// The sender of every mail.
    #[arg(long, value_name = "ADDR")]
    pub mail_from: Option<String>,
    /// A file holding `user:password` for the mail server.
    #[arg(long, value_name = "FILE", requires = "smtp")]
    pub smtp_credentials: Option<PathBuf>,
    /// The control plane's courier socket: `unix:/path`.
    #[arg(long, value_name = "ADDR")]
    pub courier: Option<String>,
    /// The control plane's egress socket, which leads to the hosts it allows: `unix:/path`. Without one,
    /// hosts outside are connected to directly: port 443 of those whose addresses are public.
    #[arg(long, value_name = "ADDR")]
    pub egress: Option<String>,
    /// A MaxMind DB file with countries, such as GeoLite2-Country or DB-IP Lite: people see in which country
    /// their sessions are. Nobody outside is asked; without it they see no place.
    #[arg(long, value_name = "FILE")]
    pub places: Option<PathBuf>,
    /// The name people see; used at the first start.
    #[arg(long, default_value = "Polder")]
    pub name: String,
    /// End when standard input closes: whoever started us is gone.
    #[arg(long)]
    pub lifeline: bool,
    /// Believe the gateway's headers about the visitor's address. Only behind a socket nobody else reaches.
    #[arg(long)]
    pub trust_gateway: bool,
    /// Become this user once everything it needs is in place, as root: `UID:GID`.
    #[arg(long, value_name = "UID:GID")]
    pub user: Option<User>,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t = LogFormat::Json)]
    pub log: LogFormat,
}

/// The way in for the control plane.
#[derive(Debug, Args)]
pub struct Admin {
    /// Where to listen for the control plane: `unix:/path`.
    #[arg(long, value_name = "ADDR", requires = "admin_key")]
    pub admin_listen: Option<String>,
    /// The file with the public key (JWK) its assertions are signed with.
    #[arg(long, value_name = "FILE", requires = "admin_listen")]
    pub admin_key: Option<PathBuf>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For machines.
    Json,
    /// For people.
    Text,
}

/// An application to create.
#[derive(Debug, Args)]
pub struct AddApplication {
    /// Where the data is.
    #[command(flatten)]
    pub store: Store,
    /// The issuer; needed until the tenant was started for the first time.
    #[arg(long, value_name = "URL")]
    pub issuer: Option<Issuer>,
    /// The name people see.
    #[arg(long)]
    pub name: String,
    /// `web`, `spa`, `native` or `machine`.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: String,
    /// Where answers may go; may be given more than once.
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<String>,
    /// Where people may go after signing out; may be given more than once.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may ask for; by its type unless given.
    #[arg(long = "grant-type", value_name = "GRANT")]
    pub grant_types: Vec<String>,
    /// How it proves itself; by its type unless given.
    #[arg(long, value_name = "METHOD")]
    pub auth_method: Option<String>,
    /// What its ID tokens are signed with: `RS256` unless given, which is what libraries expect; `ES256`
    /// and `EdDSA` are quicker to make and smaller.
    #[arg(long, value_name = "ALG")]
    pub id_token_alg: Option<String>,
    /// A scope it may ask for beyond the standard ones; may be given more than once.
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// The audience of its access tokens: the issuer unless given.
    #[arg(long, value_name = "URI")]
    pub audience: Option<String>,
}

fn secret(text: &str) -> Result<Secret<String>, std::convert::Infallible> {
    Ok(Secret::new(text.to_owned()))
}
