//! A tenant under measurement: the real program, alone, with two applications and one person.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::browser::{Browser, Landed};
use crate::http;
use crate::load::{Connection, Target};
use crate::mail::Sink;
use crate::process::{Running, free_port, program, until_answered};

pub const REDIRECT: &str = "http://127.0.0.1/callback";
/// The verifier and challenge of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A running tenant and what a client of it knows.
pub struct Tenant {
    pub process: Running,
    pub target: Target,
    pub host: String,
    /// From exec to the first 200, of several starts on a folder that holds everything; sorted.
    pub starts: Vec<Duration>,
    pub mail: Sink,
    pub machine: Client,
    pub web: Client,
    /// As `web`, with the ID tokens that applications get unless they say otherwise.
    pub web_rs256: Client,
    _folder: TempDir,
}

/// An application's credentials.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub secret: String,
}

impl Client {
    /// HTTP Basic, as a header line.
    pub fn basic(&self) -> String {
        use base64::Engine;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", self.id, self.secret));
        format!("Authorization: Basic {pair}\r\n")
    }
}

impl Tenant {
    /// Starts the program on a folder that already holds keys and applications.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let host = format!("bench.localhost:{port}");
        let (mail, smtp) = Sink::start().await;
        let (data, key) = (folder.path().join("data"), folder.path().join("seal.key"));
        let made = Command::new(program("polder-tenant")).arg("seal-key").arg(&key).status();
        assert!(made.expect("the program runs").success(), "no seal key");
        let base = |args: &[&str]| {
            let mut command = Command::new(program("polder-tenant"));
            command.args(args).arg("--data").arg(&data).arg("--seal-key").arg(&key);
            command.arg("--issuer").arg(format!("http://{host}"));
            command
        };
        let machine = add(base(&["application", "add"]).args(["--name", "Machine", "--type", "machine"]));
        let web = |algorithm: &str| {
            let mut command = base(&["application", "add"]);
            command.args(["--name", "Web", "--type", "web", "--redirect-uri", REDIRECT]);
            add(command.args(["--id-token-alg", algorithm]))
        };
        let (web, web_rs256) = (web("ES256"), web("RS256"));
        let serve = || {
            let mut command = base(&[]);
            command.arg("--listen").arg(format!("127.0.0.1:{port}"));
            command
                .arg("--smtp")
                .arg(format!("smtp://127.0.0.1:{smtp}"))
                .arg("--mail-from")
                .arg("noreply@example.test");
            command.arg("--log").arg("json");
            command
        };
        let target = Target::Tcp(port);
        let discovery = http::get(&host, "/.well-known/openid-configuration", "");
        // The first start makes keys; the one that counts finds everything in place.
        let first = Running::start(&mut serve());
        until_answered(&target, &discovery, Duration::from_secs(20)).await.expect("the first start answers");
        tokio::time::sleep(Duration::from_secs(3)).await;
        drop(first);
        let mut starts = Vec::new();
        let process = loop {
            let process = Running::start(&mut serve());
            starts.push(until_answered(&target, &discovery, Duration::from_secs(20)).await.expect("it answers"));
            if starts.len() == 9 {
                break process;
            }
        };
        starts.sort_unstable();
        // What it keeps when nobody asks anything.
        tokio::time::sleep(Duration::from_secs(1)).await;
        Self { process, target, host, starts, mail, machine, web, web_rs256, _folder: folder }
    }

    /// An authorization request of this application.
    pub fn authorize_path(&self, client: &Client, scope: &str) -> String {
        let query = serde_urlencoded::to_string([
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", "state-of-the-client"),
            ("nonce", "nonce-of-the-client"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        format!("/authorize?{}", query.unwrap_or_default())
    }

    /// The redemption of a code.
    pub fn redeem(&self, client: &Client, code: &str) -> Vec<u8> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        http::post(&self.host, "/token", &client.basic(), &form)
    }

    /// Signs a person in through the pages; gives the code that `web` receives.
    pub async fn sign_in(
        &self,
        browser: &mut Browser,
        connection: &mut Connection,
        address: &str,
        scope: &str,
    ) -> std::io::Result<String> {
        let wrong = |what: &str| std::io::Error::other(what.to_owned());
        let Landed::Page(page) = browser.open(connection, &self.authorize_path(&self.web, scope)).await? else {
            return Err(wrong("no e-mail page"));
        };
        let landed = browser.submit(connection, &page, "input[type=email]", &[("email", address)]).await?;
        let Landed::Page(page) = landed else { return Err(wrong("no code page")) };
        let code = self.mail.take(address).await.ok_or_else(|| wrong("no mail"))?;
        let mut landed =
            browser.submit(connection, &page, "input[autocomplete=one-time-code]", &[("code", &code)]).await?;
        if let Landed::Page(page) = &landed {
            landed = browser.submit(connection, page, "input[autocomplete=name]", &[("name", "Ann Example")]).await?;
        }
        if let Landed::Page(page) = &landed {
            landed = browser.submit(connection, page, "form#skip-form button", &[]).await?;
        }
        let Landed::Elsewhere(location) = landed else { return Err(wrong("no redirect to the client")) };
        code_of(&location).ok_or_else(|| wrong("no code"))
    }
}

/// The code in a redirect to the client.
pub fn code_of(location: &str) -> Option<String> {
    let url = url::Url::parse(location).ok()?;
    url.query_pairs().find(|(key, _)| key == "code").map(|(_, code)| code.into_owned())
}

fn add(command: &mut Command) -> Client {
    let output = command.stderr(Stdio::inherit()).output().expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let value = |name: &str| {
        let line =
            text.lines().find_map(|l| l.trim().strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
        line.trim_start_matches([':', '=', ' ']).trim().to_owned()
    };
    Client { id: value("client_id"), secret: value("client_secret") }
}

/// A request as shared bytes.
pub fn shared(request: Vec<u8>) -> Arc<[u8]> {
    request.into()
}
