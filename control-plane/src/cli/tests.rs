//! What commands ask the public API for, against a stub in its place.

mod hostile;
mod verify;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use clap::{CommandFactory as _, Parser as _};
use clap_complete::Shell;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::exit::Refused;
use super::reach::Api;
use super::show::Look;
use super::{Cli, Command};

const ID: &str = "019a0000-0000-7000-8000-000000000001";

type Asked = Arc<Mutex<Vec<String>>>;

/// An API that takes everything, and what it was asked.
struct Stub {
    api: String,
    key: tempfile::NamedTempFile,
    asked: Asked,
}

impl Stub {
    async fn start() -> Self {
        let asked = Asked::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&asked));
        Self::serving(router, asked).await
    }

    async fn serving(router: Router, asked: Asked) -> Self {
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(key.path(), "polder_key\n").unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { api, key, asked }
    }

    async fn run(&self, line: &str) -> Result<(Value, Look), Refused> {
        let reach = ["--api", &self.api, "--key-file", self.key.path().to_str().unwrap()];
        let words = ["polder"].into_iter().chain(line.split(' ')).chain(reach);
        let cli = Cli::try_parse_from(words).map_err(|error| Refused(2, error.to_string()))?;
        match cli.command {
            Command::Tenant(it) => it.act(&Api::of(&it.reach)?).await,
            Command::Application(it) => it.act(&Api::of(&it.reach)?).await,
            Command::User(it) => it.act(&Api::of(&it.reach)?).await,
            Command::Key(it) => it.act(&Api::of(&it.reach)?).await,
            Command::Audit(it) => it.act(&Api::of(&it.reach)?).await,
            other => panic!("{other:?}"),
        }
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(State(asked): State<Asked>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.headers.get(AUTHORIZATION).is_none_or(|sent| sent != "Bearer polder_key") {
        return (StatusCode::UNAUTHORIZED, axum::Json(json!({"title": "No"}))).into_response();
    }
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let line = format!("{} {} {body}", parts.method, parts.uri);
    asked.lock().unwrap().push(line.trim().to_owned());
    let path = parts.uri.path();
    if path.ends_with("/events") {
        let news = "event: step\ndata: {\"step\":\"make-keys\",\"status\":\"started\"}\n\n\
                    event: step\ndata: {\"step\":\"done\",\"status\":\"finished\"}\n\n";
        return ([("content-type", "text/event-stream")], news).into_response();
    }
    if path.ends_with("/export") {
        return ([("content-type", "application/x-ndjson")], "").into_response();
    }
    if path.contains("/absent") {
        return (StatusCode::NOT_FOUND, axum::Json(json!({"title": "Not found"}))).into_response();
    }
    let first = !parts.uri.query().unwrap_or_default().contains("cursor=");
    let next = if first && path.ends_with("/audit-events") { json!("a&b") } else { Value::Null };
    let item = json!({"id": ID, "host": "a.example", "ended_at": null});
    axum::Json(json!({"slug": "acme", "items": [item], "next": next})).into_response()
}

#[tokio::test]
async fn k17_commands_ask_the_public_api_for_what_they_say() {
    let stub = Stub::start().await;
    for (line, expected) in [
        ("tenant list", vec!["GET /tenants?limit=200".to_owned()]),
        ("tenant show acme", vec!["GET /tenants/acme".to_owned()]),
        (
            "tenant create acme --name Acme",
            vec![
                r#"POST /tenants {"name":"Acme","slug":"acme"}"#.to_owned(),
                "GET /tenants/acme/events".to_owned(),
                "GET /tenants/acme".to_owned(),
            ],
        ),
        ("tenant restart acme", vec!["POST /tenants/acme/restart".to_owned()]),
        ("tenant idle acme default", vec![r#"PATCH /tenants/acme {"idle_after_seconds":null}"#.to_owned()]),
        ("application list acme", vec!["GET /tenants/acme/applications?limit=200".to_owned()]),
        (
            "application create acme Shop --type spa --redirect-uri https://a.example/",
            vec![
                concat!(
                    r#"POST /tenants/acme/applications {"name":"Shop","profile":"default","#,
                    r#""redirect_uris":["https://a.example/"],"third_party":false,"type":"spa"}"#
                )
                .to_owned(),
            ],
        ),
        (
            &format!("application change acme {ID} --disable"),
            vec![format!(r#"PATCH /tenants/acme/applications/{ID} {{"disabled":true}}"#)],
        ),
        (
            &format!("application delete acme {ID} --confirm {ID}"),
            vec![format!("DELETE /tenants/acme/applications/{ID}")],
        ),
        (&format!("application secret add acme {ID}"), vec![format!("POST /tenants/acme/applications/{ID}/secrets")]),
        (
            &format!("application secret remove acme {ID} ../x"),
            vec![format!("DELETE /tenants/acme/applications/{ID}/secrets/%2E%2E%2Fx")],
        ),
        ("user list acme --limit 5", vec!["GET /tenants/acme/users?limit=5".to_owned()]),
        (&format!("user disable acme {ID}"), vec![format!(r#"PATCH /tenants/acme/users/{ID} {{"disabled":true}}"#)]),
        (&format!("user erase acme {ID} --confirm {ID}"), vec![format!("DELETE /tenants/acme/users/{ID}")]),
        (
            &format!("user end-sessions acme {ID}"),
            vec![
                format!("GET /tenants/acme/users/{ID}"),
                format!("GET /tenants/acme/sessions?user_id={ID}&limit=200"),
                format!("DELETE /tenants/acme/sessions/{ID}"),
            ],
        ),
        (&format!("user export acme {ID}"), vec![format!("GET /tenants/acme/users/{ID}/data")]),
        ("audit checkpoint acme", vec!["GET /tenants/acme/audit-events/checkpoint".to_owned()]),
        ("audit export acme --format chain", vec!["GET /tenants/acme/audit-events/export?format=chain".to_owned()]),
        (
            "audit export acme --format csv --action user.created",
            vec!["GET /tenants/acme/audit-events/export?action=user%2Ecreated&format=csv".to_owned()],
        ),
        ("key list acme", vec!["GET /tenants/acme/keys".to_owned()]),
        ("key rotate acme", vec!["POST /tenants/acme/keys/rotate {}".to_owned()]),
        (
            "key rotate acme --emergency --confirm acme",
            vec![r#"POST /tenants/acme/keys/rotate {"emergency":true}"#.to_owned()],
        ),
        (
            "audit list acme --action session.started",
            vec![
                "GET /tenants/acme/audit-events?action=session%2Estarted&limit=100".to_owned(),
                "GET /tenants/acme/audit-events?action=session%2Estarted&limit=99&cursor=a%26b".to_owned(),
            ],
        ),
    ] {
        let done = stub.run(line).await;
        assert!(done.is_ok(), "{line}: {:?}", done.err());
        assert_eq!(stub.taken(), expected, "{line}");
    }
}

#[tokio::test]
async fn a_command_that_cannot_be_meant_asks_for_nothing_and_says_what_to_do() {
    let stub = Stub::start().await;
    for line in [
        "application change acme x".to_owned(),
        "application delete acme x --confirm y".to_owned(),
        "user erase acme x --confirm y".to_owned(),
        "key rotate acme --emergency --confirm other".to_owned(),
        "key rotate acme --emergency".to_owned(),
        "tenant idle acme soon".to_owned(),
        "application create acme Shop --jwks-file /nowhere".to_owned(),
        "audit export acme --format chain --action user.created".to_owned(),
    ] {
        let Err(Refused(code, why)) = stub.run(&line).await else { panic!("{line}") };
        assert_eq!(code, 2, "{line}: {why}");
        assert!(stub.taken().is_empty(), "{line}");
    }
    let Err(Refused(code, _)) = stub.run("tenant show absent").await else { panic!("it is not there") };
    assert_eq!(code, 3);
    std::fs::write(stub.key.path(), "polder_wrong").unwrap();
    let Err(Refused(code, why)) = stub.run("tenant list").await else { panic!("the key is wrong") };
    assert!(code == 5 && why.contains("--key-file") && !why.contains("polder_wrong"), "{why}");
}

#[test]
fn the_command_line_is_whole() {
    Cli::command().debug_assert();
}

#[test]
fn no_command_takes_a_secret_or_an_address_as_an_argument() {
    let mut waiting = vec![Cli::command()];
    while let Some(command) = waiting.pop() {
        waiting.extend(command.get_subcommands().cloned());
        if ["dev", "operator"].contains(&command.get_name()) {
            continue;
        }
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            let plain = ["key_file", "api_key_file", "jwks_file", "secret"].contains(&name);
            let sensitive = ["password", "token", "email", "address"].iter().any(|word| name.contains(word));
            assert!(plain || !sensitive, "{} {name}", command.get_name());
        }
    }
}

#[test]
fn every_shell_completes_every_command() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "polder", &mut script);
        let script = String::from_utf8(script).unwrap();
        for command in Cli::command().get_subcommands() {
            assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
        }
    }
}

#[test]
fn the_page_about_the_command_line_names_every_command() {
    let page = include_str!("../../../docs/cli.md");
    let root = Cli::command();
    for command in root.get_subcommands().filter(|command| !["dev", "operator"].contains(&command.get_name())) {
        let name = command.get_name();
        assert!(page.contains(&format!("`polder {name}")), "{name}");
        for below in command.get_subcommands() {
            assert!(page.contains(&format!("`polder {name} {}", below.get_name())), "{name} {}", below.get_name());
        }
    }
}
