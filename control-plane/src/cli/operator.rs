//! `polder operator`: what is the operator's to say, on the host where Polder runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, Subcommand};
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use polder_outbound::socket;
use serde_json::{Value, json};

use super::answer::LARGEST;
use super::show;
use crate::operator::{Input, NewAccess, SOCKET, SignUp};

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(15);

/// Options of `polder operator`.
#[derive(Debug, Args)]
pub struct Operator {
    /// The data folder of the Polder that runs.
    #[arg(long, value_name = "DIR", default_value = ".polder", global = true)]
    data: PathBuf,
    #[command(subcommand)]
    about: About,
}

#[derive(Debug, Subcommand)]
enum About {
    /// The domain that a tenant's mail comes from, in place of the installation's.
    #[command(subcommand)]
    MailDomain(MailDomain),
    /// Leave for your own people to look at a tenant's people: for a reason, for a time, told to the customer.
    #[command(subcommand)]
    Access(Access),
    /// Whether people may make an organisation of their own in the console.
    #[command(subcommand)]
    SignUp(SignUpWish),
}

#[derive(Debug, Subcommand)]
enum SignUpWish {
    /// Shows whether they may.
    Show,
    /// Anybody with an e-mail address may.
    Open,
    /// Only who is invited becomes a member. It is so unless you say otherwise.
    Close,
}

#[derive(Debug, Subcommand)]
enum Access {
    /// Shows who has, or had, access.
    List {
        /// The tenant.
        slug: String,
    },
    /// Gives a member of your own organisation access.
    Grant {
        /// The tenant.
        slug: String,
        /// Their e-mail address.
        #[arg(long, value_name = "ADDRESS")]
        person: String,
        /// Why: the customer reads it.
        #[arg(long)]
        reason: String,
        /// For how many minutes, 480 at most.
        #[arg(long, default_value_t = 30)]
        minutes: u32,
    },
    /// Ends access before its time.
    End {
        /// The tenant.
        slug: String,
        /// The grant, as `list` names it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
enum MailDomain {
    /// Shows it.
    Show {
        /// The tenant.
        slug: String,
    },
    /// Sets it. Nothing comes from it before it is verified.
    Set {
        /// The tenant.
        slug: String,
        /// The domain, such as mail.example.org.
        domain: String,
        /// You made sure that the domain is the tenant's, and that the mail server may send from it.
        #[arg(long)]
        verified: bool,
    },
    /// Takes it away: mail comes from the installation's address again.
    Clear {
        /// The tenant.
        slug: String,
    },
}

/// Does what the command line says: 0 when that went well, 1 when it did not.
pub fn run(options: &Operator) -> ExitCode {
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(act(options)));
    match done {
        Ok(answer) => {
            println!("{}", show::json(&serde_json::to_string_pretty(&answer).unwrap_or_default()));
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("polder: {}", show::harmless(&why));
            ExitCode::FAILURE
        }
    }
}

async fn act(options: &Operator) -> Result<Value, String> {
    let (method, path, body) = request(&options.about);
    let at = options.data.join(SOCKET);
    let asked = tokio::time::timeout(WITHIN, ask(&at, method, &path, &body)).await;
    let (succeeded, answer) = asked.map_err(|_| "no answer".to_owned())??;
    if succeeded {
        return Ok(answer);
    }
    let words = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let field = answer["errors"][0]["detail"].as_str().map(|detail| format!(": {detail}")).unwrap_or_default();
    Err(format!("{}{field}", words("title")))
}

/// Method, path and body of what is asked.
fn request(about: &About) -> (Method, String, Value) {
    let part = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let domain_of = |slug: &str| format!("/tenants/{}/mail-domain", part(slug));
    let access_to = |slug: &str| format!("/tenants/{}/access", part(slug));
    match about {
        About::MailDomain(MailDomain::Show { slug }) => (Method::GET, domain_of(slug), Value::Null),
        About::MailDomain(MailDomain::Set { slug, domain, verified }) => {
            (Method::PUT, domain_of(slug), json!(Input { domain: domain.clone(), verified: *verified }))
        }
        About::MailDomain(MailDomain::Clear { slug }) => (Method::DELETE, domain_of(slug), Value::Null),
        About::SignUp(SignUpWish::Show) => (Method::GET, "/sign-up".to_owned(), Value::Null),
        About::SignUp(SignUpWish::Open) => (Method::PUT, "/sign-up".to_owned(), json!(SignUp { open: true })),
        About::SignUp(SignUpWish::Close) => (Method::PUT, "/sign-up".to_owned(), json!(SignUp { open: false })),
        About::Access(Access::List { slug }) => (Method::GET, access_to(slug), Value::Null),
        About::Access(Access::Grant { slug, person, reason, minutes }) => {
            let wish = NewAccess { person: person.clone(), reason: reason.clone(), minutes: *minutes };
            (Method::POST, access_to(slug), json!(wish))
        }
        About::Access(Access::End { slug, id }) => {
            (Method::DELETE, format!("{}/{}", access_to(slug), part(id)), Value::Null)
        }
    }
}

async fn ask(at: &Path, method: Method, path: &str, body: &Value) -> Result<(bool, Value), String> {
    let gone = |error: std::io::Error| format!("{}: {error}; is Polder running on this folder?", at.display());
    let stream = socket::connect(at).await.map_err(gone)?;
    let broken = |error: hyper::Error| format!("the connection broke: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "operator")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(broken)?;
    let succeeded = answer.status().is_success();
    let body = Limited::new(answer.into_body(), LARGEST).collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((succeeded, serde_json::from_slice(&body).unwrap_or_default()))
}
