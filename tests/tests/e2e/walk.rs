//! Everything that tenant A ever gave out, tried at every route of tenant B: nothing is taken, and the
//! answer is the one that rubbish gets. The routes are read from the runtime's own page of them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::{StreamExt, TryStreamExt, stream};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use polder_tests::relying_party::{REDIRECT, VERIFIER};
use polder_tests::routes::{self, Route};
use polder_tests::{Browser, Polder, RelyingParty, forms, names};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const SCOPE: &str = "openid email offline_access";

/// Something that a tenant gave out, with where it goes in a request.
#[derive(Clone, Debug)]
struct Artefact {
    name: &'static str,
    headers: Vec<(&'static str, String)>,
    fields: Vec<(String, String)>,
    /// Whether the application of the tenant that is asked sends it along with its own credentials.
    with_credentials: bool,
    /// Whether the request asks for a code in silence, as an application with this person would.
    silent: bool,
}

impl Artefact {
    fn header(name: &'static str, header: &'static str, value: String) -> Self {
        Self { name, headers: vec![(header, value)], fields: Vec::new(), with_credentials: false, silent: false }
    }

    fn fields(name: &'static str, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { name, headers: Vec::new(), fields, with_credentials: true, silent: false }
    }

    /// The same shape with nothing in it.
    fn rubbish(&self) -> Self {
        let known = ["grant_type", "redirect_uri", "code_verifier"];
        let mut rubbish = self.clone();
        for (_, value) in &mut rubbish.headers {
            *value = match value.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok()) {
                Some(pair) => format!("Basic {}", STANDARD.encode(turned(&String::from_utf8_lossy(&pair)))),
                None => value.split("; ").map(after_the_name).collect::<Vec<_>>().join("; "),
            };
        }
        for (name, value) in &mut rubbish.fields {
            if !known.contains(&name.as_str()) {
                *value = turned(value);
            }
        }
        rubbish
    }
}

/// `Bearer x` and `cookie=x` keep their beginning.
fn after_the_name(text: &str) -> String {
    match text.find([' ', '=']) {
        Some(at) => format!("{}{}", &text[..=at], turned(&text[at + 1..])),
        None => turned(text),
    }
}

/// Every letter and figure another one of its kind.
fn turned(text: &str) -> String {
    let next = |c: char| match c {
        'a'..='y' | 'A'..='Y' | '0'..='8' => char::from(c as u8 + 1),
        'z' => 'a',
        'Z' => 'A',
        '9' => '0',
        other => other,
    };
    text.chars().map(next).collect()
}

/// An answer without what differs between any two.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    status: u16,
    location: String,
    challenge: String,
    cookies: BTreeSet<String>,
    body: String,
}

/// Long runs of letters and figures are drawn by chance.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut run = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || "-_".contains(c) {
            run.push(c);
        } else {
            let mixed = run.chars().any(|c| c.is_ascii_uppercase()) && run.chars().any(|c| c.is_ascii_lowercase());
            // The name of a waiting sign-in is short, and drawn by chance as well.
            let waiting = run.starts_with("flow-") || plain.ends_with("flow=");
            let chance = waiting || run.len() >= 16 && (mixed || run.chars().any(|c| c.is_ascii_digit()));
            plain.push_str(if chance { "#" } else { &run });
            plain.push(c);
            run.clear();
        }
    }
    plain
}

/// Routes that are asked at a time: as many as a busy machine answers before anybody loses patience.
const AT_A_TIME: usize = 8;

/// Somebody with an address of their own, so that no limit on one visitor answers for a route.
fn visitor(number: u8) -> Result<Client> {
    Ok(names::client().local_address(IpAddr::from([127, 0, number, 1])).build()?)
}

/// A tenant with an application that asks.
struct Place {
    client: RelyingParty,
    routes: Vec<Route>,
}

impl Place {
    async fn ask(&self, route: &Route, artefact: &Artefact, http: &Client) -> Result<Seen> {
        let mut url = url::Url::parse(&format!("{}{}", self.client.issuer, route.path))?;
        let get = route.method == "GET";
        if artefact.silent {
            url.set_query(self.client.authorize_url("openid")?.query());
            url.query_pairs_mut().append_pair("prompt", "none");
        }
        let credentials = self.client.application.client_secret.as_deref().filter(|_| artefact.with_credentials);
        if get {
            url.query_pairs_mut().extend_pairs(&artefact.fields);
        }
        let mut request = http.request(route.method.parse::<Method>()?, url).header("origin", &self.client.issuer);
        for (name, value) in &artefact.headers {
            request = request.header(*name, value);
        }
        if let Some(secret) = credentials {
            request = request.basic_auth(&self.client.application.client_id, Some(secret));
        }
        if !get {
            request = request.form(&artefact.fields);
        }
        let answer = request.send().await?;
        let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        // What is given back as it was sent is known by nobody.
        let echoed =
            |text: &str| artefact.fields.iter().fold(text.to_owned(), |text, (_, sent)| text.replace(sent, "#"));
        let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|v| v.to_str().ok());
        Ok(Seen {
            status: answer.status().as_u16(),
            location: plain(&echoed(header("location"))),
            challenge: header("www-authenticate").to_owned(),
            cookies: cookies.filter_map(|cookie| cookie.split('=').next()).map(plain).collect(),
            body: plain(&echoed(&answer.text().await?)),
        })
    }

    /// Whether any route tells an artefact from rubbish: one after the other, and those last that end what they
    /// are shown.
    async fn knows(&self, artefact: &Artefact, number: u8) -> Result<bool> {
        let (rubbish, http) = (artefact.rubbish(), visitor(number)?);
        let metadata = |name: &str| self.client.metadata[name].as_str().unwrap_or_default();
        let ends = |route: &Route| {
            let url = format!("{}{}", self.client.issuer, route.path);
            [metadata("revocation_endpoint"), metadata("end_session_endpoint")].contains(&url.as_str())
        };
        let (last, first): (Vec<&Route>, Vec<&Route>) = self.routes.iter().partition(|route| ends(route));
        for route in first.into_iter().chain(last) {
            if self.ask(route, artefact, &http).await? != self.ask(route, &rubbish, &http).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The routes at which an artefact is told from rubbish.
    async fn tells(&self, artefact: &Artefact, number: u8) -> Result<Vec<String>> {
        let (rubbish, http) = (artefact.rubbish(), &visitor(number)?);
        let compared = self.routes.iter().map(async |route| {
            let (given, nothing) = (self.ask(route, artefact, http).await?, self.ask(route, &rubbish, http).await?);
            ensure!(given.status != 429, "{} {}: a limit answered", route.method, route.path);
            let told = format!("{} {}: {given:?} instead of {nothing:?}", route.method, route.path);
            anyhow::Ok((given != nothing).then_some(told))
        });
        let told: Vec<Option<String>> = stream::iter(compared).buffered(AT_A_TIME).try_collect().await?;
        Ok(told.into_iter().flatten().collect())
    }
}

/// Everything that a tenant gives a person and an application. Who they are has `mark` in their addresses.
async fn given_out(polder: &Polder, client: &RelyingParty, mark: &str) -> Result<Vec<Artefact>> {
    let (ann, mailbox) = (Browser::new(), polder.mailbox());
    let (address, bobs) = (format!("ann{mark}@example.test"), format!("bob{mark}@example.test"));
    let answer = ann.sign_in(&client.authorize_url(SCOPE)?, &mailbox, &address).await?;
    let tokens = client.redeem(&client.code(&answer)?).await?;
    let code = client.code(&ann.open(&client.authorize_url(SCOPE)?).await?.elsewhere()?)?;
    let (refresh, id) = (tokens.refresh.context("a refresh token")?, tokens.id.context("an ID token")?);
    let bearer = |token: &str| format!("Bearer {token}");
    let secret = client.application.client_secret.as_deref().context("a secret")?;
    let pair = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", client.application.client_id)));
    let session = ann.cookies(&client.issuer).await?;

    // Somebody in the middle of a sign-in: cookies, the form's own fields, and the code from the mail.
    let bob = Browser::new();
    let page = bob.open(&client.authorize_url(SCOPE)?).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("a form for the address")?;
    mailbox.forget(&bobs).await?;
    let page = bob.submit(&page, &form, &[("email", &bobs)]).await?.page()?;
    let form = forms::form_with(&page.html, "input[autocomplete=one-time-code]").context("a form for the code")?;
    let mut typed: Vec<(String, String)> = form.fields.clone();
    typed.push(("code".to_owned(), mailbox.code(&bobs).await?));
    let mut flow = Artefact::header("a sign-in half-way", "cookie", bob.cookies(&client.issuer).await?);
    flow.fields = typed;

    let mut silent = Artefact::header("a session in silence", "cookie", session.clone());
    silent.silent = true;
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    Ok(vec![
        // First, while its minute lasts.
        Artefact::fields("a code", &exchange),
        Artefact::header("an access token", "authorization", bearer(&tokens.access)),
        Artefact::header("a refresh token as a bearer's", "authorization", bearer(&refresh)),
        Artefact::header("an ID token as a bearer's", "authorization", bearer(&id)),
        Artefact::header("an application's secret", "authorization", pair),
        Artefact::header("a session", "cookie", session),
        silent,
        flow,
        Artefact::fields("an ID token as a hint", &[("id_token_hint", &id)]),
        Artefact::fields("an access token as a field", &[("access_token", &tokens.access), ("token", &tokens.access)]),
        Artefact::fields(
            "a refresh token",
            &[("grant_type", "refresh_token"), ("refresh_token", &refresh), ("token", &refresh)],
        ),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g01_g03_g19_g31_nothing_that_a_tenant_gave_out_is_known_at_any_route_of_another() -> Result<()> {
    let polder = Polder::start()?;
    let api = polder.api();
    let (a, b) = (api.create_tenant("tenant-a").await?, api.create_tenant("tenant-b").await?);
    let at_a = RelyingParty::discover(&a, &api.create_web_application("tenant-a").await?).await?;
    let at_b = RelyingParty::discover(&b, &api.create_web_application("tenant-b").await?).await?;
    // The same people are at both.
    given_out(&polder, &at_b, "").await?;
    let mut artefacts = given_out(&polder, &at_a, "").await?;
    let key = polder.settings["api_key"].as_str().context("an API key")?;
    artefacts.push(Artefact::header("an API key", "authorization", format!("Bearer {key}")));

    let public = routes::of_a_tenant()?.into_iter().filter(|route| !route.admin && route.method != "OPTIONS");
    let routes: Vec<Route> = public
        .map(|route| Route { path: route.path.replace("{name}", "app.css").replace(['{', '}'], ""), ..route })
        .collect();
    // Discovery names nothing that is not walked.
    for (name, value) in at_b.metadata.as_object().context("metadata")? {
        let path = value.as_str().and_then(|value| value.strip_prefix(&b)).filter(|path| !path.is_empty());
        ensure!(path.is_none_or(|path| routes.iter().any(|route| route.path == path)), "{name} is not walked");
    }
    let (there, here) = (Place { client: at_b, routes: routes.clone() }, Place { client: at_a, routes });
    for (number, artefact) in (1..).zip(&artefacts) {
        let told = there.tells(artefact, number).await?;
        assert!(told.is_empty(), "{} of A is told from rubbish at B: {told:#?}", artefact.name);
    }
    // The same at home: what is worth nothing there either proves nothing. A hint without a session,
    // a code whose minute is over and what is no bearer's are nothing there, too.
    let nothing = ["as a bearer's", "as a hint", "an API key", "a code"];
    let worth = artefacts.iter().filter(|artefact| !nothing.iter().any(|word| artefact.name.contains(word)));
    for (number, artefact) in (101..).zip(worth) {
        // A fresh one, of people of its own: what was tried before may have ended others, or taken too long.
        let fresh = given_out(&polder, &here.client, &number.to_string()).await?;
        let fresh = fresh.iter().find(|fresh| fresh.name == artefact.name).context("the same again")?;
        assert!(here.knows(fresh, number).await?, "{} of A is not told from rubbish at A", artefact.name);
    }
    Ok(())
}

/// The admin socket and the short id of a tenant, from its process's arguments.
fn admin_of(polder: &Polder, issuer: &str) -> Result<(PathBuf, String)> {
    for pid in polder.children() {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<String> = line.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let after = |name: &str| words.iter().skip_while(|word| *word != name).nth(1).cloned();
        if after("--issuer").as_deref() == Some(issuer) {
            let socket = after("--admin-listen").context("an admin socket")?;
            let socket = PathBuf::from(socket.strip_prefix("unix:").context("a path")?);
            let short = socket.ancestors().nth(2).and_then(|folder| folder.file_name()).context("a short id")?;
            return Ok((socket.clone(), short.to_string_lossy().into_owned()));
        }
    }
    anyhow::bail!("no process serves {issuer}")
}

struct Word<'a> {
    key: &'a EncodingKey,
    kid: Option<&'a str>,
    aud: &'a str,
}

impl Word<'_> {
    /// The control plane's word for one request.
    fn for_request(&self, method: &str, path: &str, number: usize) -> Result<String> {
        let now = jsonwebtoken::get_current_timestamp();
        let hash = ring::digest::digest(&ring::digest::SHA256, b"");
        let claims = json!({
            "aud": self.aud, "sub": "polder", "actor": "system", "iat": now, "exp": now + 60,
            "jti": format!("{method}{path}{number}"), "htm": method, "htu": path,
            "body": URL_SAFE_NO_PAD.encode(hash.as_ref()), "request_id": null,
        });
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("polder-admin+jwt".to_owned());
        header.kid = self.kid.map(str::to_owned);
        Ok(jsonwebtoken::encode(&header, &claims, self.key)?)
    }
}

/// Asks on an admin socket: status, and body without what is drawn by chance.
async fn administer(socket: &PathBuf, method: &str, path: &str, authorization: &str) -> Result<(u16, String)> {
    let mut stream = UnixStream::connect(socket).await?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: tenant\r\nConnection: close\r\nContent-Length: 0\r\n");
    let authorization =
        if authorization.is_empty() { String::new() } else { format!("Authorization: {authorization}\r\n") };
    stream.write_all(format!("{head}{authorization}\r\n").as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let status = text.split(' ').nth(1).context("a status")?.parse()?;
    Ok((status, plain(text.split_once("\r\n\r\n").context("a body")?.1)))
}

#[tokio::test]
async fn g01_g19_the_control_planes_word_to_one_tenant_is_none_to_another() -> Result<()> {
    if polder_tests::docker::is_asked_for() {
        // Its arguments are the container's there; the sockets are the same.
        return Ok(());
    }
    let polder = Polder::start()?;
    let api = polder.api();
    let (a, b) = (api.create_tenant("tenant-a").await?, api.create_tenant("tenant-b").await?);
    let at_a = RelyingParty::discover(&a, &api.create_web_application("tenant-a").await?).await?;
    let given = given_out(&polder, &at_a, "").await?;
    let ((_, short_a), (socket, short_b)) = (admin_of(&polder, &a)?, admin_of(&polder, &b)?);
    let secret = |short: &str, name: &str| std::fs::read_to_string(polder.data.join(format!("secrets/{short}.{name}")));
    let key = |short: &str| -> Result<EncodingKey> {
        Ok(EncodingKey::from_ed_der(&URL_SAFE_NO_PAD.decode(secret(short, "admin")?.trim())?))
    };
    let kid = |short: &str| -> Result<String> {
        let public: Value = serde_json::from_str(&secret(short, "admin.pub")?)?;
        Ok(public["kid"].as_str().context("kid")?.to_owned())
    };
    let (key_a, key_b, kid_a, kid_b) = (key(&short_a)?, key(&short_b)?, kid(&short_a)?, kid(&short_b)?);
    let genuine = Word { key: &key_b, kid: Some(&kid_b), aud: &b };
    let strangers = [
        Word { key: &key_a, kid: Some(&kid_a), aud: &a },
        Word { key: &key_a, kid: Some(&kid_a), aud: &b },
        Word { key: &key_a, kid: Some(&kid_b), aud: &b },
        Word { key: &key_a, kid: None, aud: &b },
        Word { key: &key_b, kid: Some(&kid_b), aud: &a },
    ];
    let own = genuine.for_request("GET", "/settings", 0)?;
    assert_eq!(
        administer(&socket, "GET", "/settings", &format!("Bearer {own}")).await?.0,
        200,
        "the word is made right"
    );
    assert_eq!(administer(&socket, "GET", "/settings", &format!("Bearer {own}")).await?.0, 401, "it is used once");

    let id = "018f0000-0000-7000-8000-000000000000";
    let admin: Vec<Route> =
        routes::of_a_tenant()?.into_iter().filter(|route| route.admin && route.path != "/health").collect();
    assert!(admin.len() > 20, "{admin:?}");
    for route in admin {
        let names =
            ["{id}", "{user_id}", "{passkey_id}", "{account}", "{name}", "{application_id}", "{secret}", "{month}"];
        let path = names.iter().fold(route.path.clone(), |path, name| path.replace(name, id));
        ensure!(!path.contains('{'), "{path} has something to fill in that is not known here");
        let nothing = administer(&socket, route.method, &path, "Bearer x.y.z").await?;
        assert_eq!(nothing.0, 401, "{} {path}", route.method);
        assert_eq!(administer(&socket, route.method, &path, "").await?.0, 401, "{} {path}", route.method);
        for (number, word) in (1..).zip(&strangers) {
            let word = format!("Bearer {}", word.for_request(route.method, &path, number)?);
            assert_eq!(
                administer(&socket, route.method, &path, &word).await?,
                nothing,
                "{} {path}: {number}",
                route.method
            );
        }
        for artefact in &given {
            for (_, value) in artefact.headers.iter().filter(|(name, _)| *name == "authorization") {
                let answer = administer(&socket, route.method, &path, value).await?;
                assert_eq!(answer, nothing, "{} {path}: {}", route.method, artefact.name);
            }
        }
    }
    Ok(())
}
