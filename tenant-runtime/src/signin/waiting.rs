//! An authorization request that waits for a sign-in: one sealed cookie per flow (decision 8).
//!
//! The cookie is named `flow-` and eight random characters, which also stand in the pages' URL and
//! hidden field; the flow's real id is only inside the seal. Seal and name belong together, so a
//! cookie moved to another name, and one of another tenant, opens nowhere (D08, B98). Nothing in it
//! says how far the sign-in got.

use std::time::Duration;

use polder_crypto::Category;
use polder_kernel::encoding::base64url;
use polder_kernel::{Secret, Timestamp};
use polder_protocol::authorize::Request;
use polder_service::cookies::{Jar, SetCookie};
use polder_service::csrf::Token;
use polder_tenant_api::UserId;
use serde::{Deserialize, Serialize};

use super::visit::{BROWSER_COOKIE, Visit};
use crate::error::{Internal, PageError};
use crate::store::pending_requests;
use crate::{App, limits};

/// How long a request waits.
pub const LIFETIME: Duration = Duration::from_secs(3600);
/// How many may wait in one browser; the oldest goes.
const MOST: usize = 4;
/// The longest cookie, in bytes; a longer request waits in a sealed row.
const LONGEST_COOKIE: usize = 3 * 1024;
const PREFIX: &str = "flow-";
/// How long a browser is known after its last sign-in.
const BROWSER_KNOWN: Duration = Duration::from_secs(365 * 24 * 3600);

/// A request that waits.
#[derive(Debug)]
pub struct Waiting {
    /// What the pages and the URL call the flow. Not secret.
    pub handle: String,
    /// What was asked.
    pub request: Request,
    id: Secret<String>,
}

/// What the cookie holds.
#[derive(Serialize, Deserialize)]
struct Sealed {
    /// The flow's id.
    i: String,
    /// The request; absent where a row holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<Request>,
    /// When it came: which is the oldest.
    t: Timestamp,
}

impl Waiting {
    /// A new flow for `request`.
    pub fn new(app: &App, request: Request) -> Self {
        Self { handle: base64url(&app.entropy.bytes::<6>()), request, id: app.entropy.token() }
    }

    /// The keyed hash under which rows of this flow are found. The id itself is stored nowhere.
    pub fn hash(&self, app: &App) -> String {
        app.keyring.index("flow", self.id.expose().as_bytes())
    }

    /// The keyed hash of a code within this flow: the same code in another flow is another (D07).
    pub fn code_hash(&self, app: &App, code: &str) -> String {
        base64url(&app.keyring.mac("sign-in-code", &[self.id.expose().as_bytes(), code.as_bytes()]))
    }

    /// The token of this flow's forms (E08).
    pub fn csrf(&self, app: &App) -> Token {
        Token::from_mac(app.keyring.mac("csrf-flow", &[self.id.expose().as_bytes()]))
    }

    /// Stands for a person in the form that goes on as them: pressed late, it counts for nobody else (E19).
    pub fn person(&self, app: &App, user: UserId) -> String {
        base64url(&app.keyring.mac("continue-as", &[self.id.expose().as_bytes(), user.as_bytes()])[..16])
    }

    /// Stands for a person and an account elsewhere in the form that connects them: pressed late, it counts
    /// for no others (E19).
    pub fn connecting(&self, app: &App, user: UserId, subject_index: &str) -> String {
        let parts = [self.id.expose().as_bytes(), user.as_bytes(), subject_index.as_bytes()];
        base64url(&app.keyring.mac("connect", &parts)[..16])
    }

    /// The page that shows this flow's step.
    pub fn path(&self) -> String {
        format!("/signin?flow={}", self.handle)
    }

    /// Makes the request wait: the cookies to set, the last one being the flow's own. An error that
    /// is `None` means that too many large requests wait already.
    ///
    /// # Errors
    /// When the visitor's network has had its share of large requests, or the database fails.
    pub async fn keep(&self, app: &App, visit: &Visit) -> Result<Option<Vec<SetCookie>>, PageError> {
        let (name, now) = (name(&self.handle), self.request.received_at);
        let mut sealed = Sealed { i: self.id.expose().clone(), q: Some(self.request.clone()), t: now };
        let mut value = seal(app, &name, &sealed)?;
        if value.len() > LONGEST_COOKIE {
            app.limits.check(limits::LARGE_REQUEST, visit.context.client_ip)?;
            if !self.keep_row(app).await? {
                return Ok(None);
            }
            sealed.q = None;
            value = seal(app, &name, &sealed)?;
        }
        let mut cookies = make_room(app, &visit.jar);
        let browser = visit.jar.get(BROWSER_COOKIE).map(str::to_owned);
        let browser = browser.unwrap_or_else(|| base64url(&app.entropy.bytes::<16>()));
        cookies.push(app.cookies().set(BROWSER_COOKIE, &browser).max_age(BROWSER_KNOWN));
        cookies.push(app.cookies().set(&name, &value).max_age(LIFETIME));
        Ok(Some(cookies))
    }

    async fn keep_row(&self, app: &App) -> Result<bool, Internal> {
        let hash = self.hash(app);
        let json = serde_json::to_string(&self.request)?;
        let sealed = app.keyring.seal_text(Category::Flow, &row_context(&hash), &json);
        let now = app.clock.now();
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    Ok::<_, Internal>(pending_requests::add(tx, &hash, &sealed, now, now + LIFETIME).await?)
                })
            })
            .await
    }

    /// The flow that pages call `handle`, if this browser holds it and it is not too old.
    pub async fn find(app: &App, jar: &Jar, handle: &str) -> Result<Option<Self>, Internal> {
        let name = name(handle);
        let Some(sealed) = jar.get(&name).and_then(|value| open(app, &name, value)) else { return Ok(None) };
        let now = app.clock.now();
        if now >= sealed.t + LIFETIME {
            return Ok(None);
        }
        let id = Secret::new(sealed.i);
        let request = match sealed.q {
            Some(request) => request,
            None => match row(app, &id, now).await? {
                Some(request) => request,
                None => return Ok(None),
            },
        };
        // Verified when it came; what was withdrawn since is not gone to (B33).
        let application = app.applications.find(&request.client_id);
        if application.is_some_and(|application| !application.is_answered_at(&request)) {
            return Ok(None);
        }
        Ok(Some(Self { handle: handle.to_owned(), request, id }))
    }

    /// The order to forget the flow's cookie.
    pub fn forget(&self, app: &App) -> SetCookie {
        app.cookies().remove(&name(&self.handle))
    }
}

async fn row(app: &App, id: &Secret<String>, now: Timestamp) -> Result<Option<Request>, Internal> {
    let hash = app.keyring.index("flow", id.expose().as_bytes());
    let mut tx = app.db.read().await?;
    let Some(sealed) = pending_requests::find(&mut tx, &hash, now).await? else { return Ok(None) };
    let json = app.keyring.unseal_text(Category::Flow, &row_context(&hash), &sealed)?;
    Ok(Some(serde_json::from_str(&json)?))
}

/// Orders to forget the oldest flows, so that one more fits, and every flow that opens no more.
fn make_room(app: &App, jar: &Jar) -> Vec<SetCookie> {
    let policy = app.cookies();
    let mut flows: Vec<(Timestamp, &str)> = Vec::new();
    let mut forget = Vec::new();
    for name in jar.names(PREFIX) {
        match jar.get(name).and_then(|value| open(app, name, value)) {
            Some(sealed) => flows.push((sealed.t, name)),
            None => forget.push(policy.remove(name)),
        }
    }
    flows.sort_unstable();
    let surplus = (flows.len() + 1).saturating_sub(MOST);
    forget.extend(flows.iter().take(surplus).map(|(_, name)| policy.remove(name)));
    forget
}

fn seal(app: &App, name: &str, sealed: &Sealed) -> Result<String, Internal> {
    Ok(app.keyring.seal_text(Category::Flow, &cookie_context(name), &serde_json::to_string(sealed)?))
}

fn open(app: &App, name: &str, value: &str) -> Option<Sealed> {
    let json = app.keyring.unseal_text(Category::Flow, &cookie_context(name), value).ok()?;
    serde_json::from_str(&json).ok()
}

fn name(handle: &str) -> String {
    format!("{PREFIX}{handle}")
}

fn cookie_context(name: &str) -> String {
    format!("cookie:{name}")
}

fn row_context(hash: &str) -> String {
    format!("pending_request.request_sealed:{hash}")
}
