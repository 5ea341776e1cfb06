//! A browser without scripts: cookies, forms, redirects within the tenant.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::Request;
use polder_kernel::encoding::from_base64url;
use polder_service::cookies::Jar;
use polder_tenant_runtime::guard::tells;
use polder_tenant_runtime::signin::waiting::Waiting;
use scraper::{Html, Selector};

use crate::tenant::{Answer, CALLBACK, Tenant};

/// One person's browser.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Its cookies, as sent back.
    pub cookies: BTreeMap<String, String>,
    /// Its address; the gateway tells it to the tenant.
    pub ip: Option<String>,
    /// Whether an offer of a passkey stays on the screen.
    pub takes_offers: bool,
    /// Whether it sends the form for an address as fast as a program does.
    pub hasty: bool,
    /// Whether it does no work when it is asked for some.
    pub idle: bool,
    /// Further headers, such as `accept-language`.
    pub headers: Vec<(String, String)>,
}

/// A form as it stands on a page.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// What it sends by itself.
    pub fields: Vec<(String, String)>,
}

impl Browser {
    /// A browser at this address.
    pub fn at(ip: &str) -> Self {
        Self { ip: Some(ip.to_owned()), ..Self::default() }
    }

    /// The request for `target`, with cookies and what a browser says of itself.
    pub fn request(&self, tenant: &Tenant, method: &str, target: &str) -> http::request::Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", tenant.app.issuer.authority())
            .header("accept", "text/html")
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
            .header("x-polder-client-ip", self.ip.as_deref().unwrap_or("192.0.2.1"));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for (name, value) in &self.cookies {
            request = request.header("cookie", format!("{name}={value}"));
        }
        request
    }

    /// Opens a page.
    pub async fn get(&mut self, tenant: &Tenant, target: &str) -> Answer {
        let request = self.request(tenant, "GET", target).body(Body::empty()).unwrap();
        let answer = tenant.public(request).await;
        self.keep(&answer);
        answer
    }

    /// Sends a form from one of the tenant's own pages.
    pub async fn post(&mut self, tenant: &Tenant, form: &Form, typed: &[(&str, &str)]) -> Answer {
        let form = if self.hasty { form.clone() } else { self.unhurried(tenant, form).await };
        let answer = tenant.public(self.form(tenant, &form, typed)).await;
        self.keep(&answer);
        answer
    }

    /// The form for an address as somebody sends it who took a while to type it in.
    async fn unhurried(&self, tenant: &Tenant, form: &Form) -> Form {
        let mut form = form.clone();
        let handle = form.fields.iter().find(|(name, _)| name == "flow").map(|(_, value)| value.clone());
        if let ("/signin/email", Some(handle)) = (form.action.as_str(), handle) {
            let headers = self.request(tenant, "GET", "/").body(()).unwrap().headers().clone();
            let jar = Jar::from_headers(&headers, tenant.app.cookies());
            if let Some(waiting) = Waiting::find(&tenant.app, &jar, &handle).await.unwrap() {
                let then = tenant.clock.now() - std::time::Duration::from_secs(5);
                form.fields.retain(|(name, _)| name != tells::SHOWN);
                form.fields.push((tells::SHOWN.to_owned(), tells::shown_at(&tenant.app, &waiting, then)));
            }
        }
        form
    }

    /// Does the work that a page asks for, as its worker does, and sends its form.
    pub async fn work(&mut self, tenant: &Tenant, page: &Answer) -> Answer {
        let form = form(page, "proof-form");
        let challenge = &form.fields.iter().find(|(name, _)| name == "challenge").unwrap().1;
        let solution = solve(challenge);
        self.post(tenant, &form, &[("solution", &solution)]).await
    }

    /// The request that sends a form.
    pub fn form(&self, tenant: &Tenant, form: &Form, typed: &[(&str, &str)]) -> Request {
        let mut fields: Vec<(String, String)> =
            form.fields.iter().filter(|(name, _)| typed.iter().all(|(typed, _)| typed != name)).cloned().collect();
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.request(tenant, "POST", &form.action)
            .header("origin", tenant.app.issuer.as_str())
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(serde_urlencoded::to_string(&fields).unwrap()))
            .unwrap()
    }

    /// Opens pages until no redirect within the tenant is left. An offer of a passkey is skipped, unless
    /// this person takes offers.
    pub async fn follow(&mut self, tenant: &Tenant, mut answer: Answer) -> Answer {
        for _ in 0..8 {
            let location = answer.location().trim_start_matches(tenant.app.issuer.as_str()).to_owned();
            if location.starts_with('/') {
                answer = self.get(tenant, &location).await;
            } else if !self.idle && has_form(&answer, "proof-form") {
                answer = self.work(tenant, &answer).await;
            } else if !self.takes_offers && has_form(&answer, "skip-form") {
                answer = self.post(tenant, &form(&answer, "skip-form"), &[]).await;
            } else {
                return answer;
            }
        }
        answer
    }

    /// Begins a sign-in at the test application and gives the first page, or the answer to it.
    pub async fn authorize(&mut self, tenant: &Tenant, more: &str) -> Answer {
        let client_id = tenant.client_id.clone();
        self.authorize_at(tenant, &client_id, more).await
    }

    /// The same at another application.
    pub async fn authorize_at(&mut self, tenant: &Tenant, client_id: &str, more: &str) -> Answer {
        let target = authorize_url(client_id, CALLBACK, more);
        let answer = self.get(tenant, &target).await;
        self.follow(tenant, answer).await
    }

    /// From the first page to the form for the code.
    pub async fn ask_for_code(&mut self, tenant: &Tenant, address: &str) -> Answer {
        let page = self.authorize(tenant, "").await;
        self.type_address(tenant, &page, address).await
    }

    /// Types an address into the first page.
    pub async fn type_address(&mut self, tenant: &Tenant, page: &Answer, address: &str) -> Answer {
        let answer = self.post(tenant, &form(page, "email-form"), &[("email", address)]).await;
        self.follow(tenant, answer).await
    }

    /// A whole sign-in: the answer that leads to the application.
    pub async fn sign_in(&mut self, tenant: &Tenant, address: &str) -> Answer {
        let page = self.authorize(tenant, "").await;
        self.finish(tenant, page, address).await
    }

    /// From the first page to the application.
    pub async fn finish(&mut self, tenant: &Tenant, page: Answer, address: &str) -> Answer {
        let page = self.type_address(tenant, &page, address).await;
        let code = tenant.code_for(address).await.expect("a code was mailed");
        let answer = self.post(tenant, &form(&page, "code-form"), &[("code", &code)]).await;
        let answer = self.follow(tenant, answer).await;
        if has_form(&answer, "name-form") {
            let answer = self.post(tenant, &form(&answer, "name-form"), &[("name", "Ann Example")]).await;
            return self.follow(tenant, answer).await;
        }
        answer
    }

    /// The cookies of waiting sign-ins, with their values.
    pub fn flows(&self) -> impl Iterator<Item = (String, String)> {
        self.cookies.clone().into_iter().filter(|(name, _)| name.contains("flow-"))
    }

    /// The session cookie, if there is one.
    pub fn session(&self) -> Option<&str> {
        self.cookies.iter().find(|(name, _)| name.ends_with("session")).map(|(_, value)| value.as_str())
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.cookies() {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// What a worker finds for a challenge: `COUNTER.KEY`.
pub fn solve(challenge: &str) -> String {
    let challenge: serde_json::Value = serde_json::from_slice(&from_base64url(challenge).unwrap()).unwrap();
    let parameters = &challenge["parameters"];
    let bytes = |name: &str| -> Vec<u8> {
        let hex = parameters[name].as_str().unwrap().as_bytes();
        hex.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    };
    let (nonce, salt) = (bytes("nonce"), bytes("salt"));
    let cost = u32::try_from(parameters["cost"].as_u64().unwrap()).unwrap();
    for counter in 0_u32.. {
        let password = [nonce.as_slice(), &counter.to_be_bytes()].concat();
        let mut key = [0; 32];
        let algorithm = ring::pbkdf2::PBKDF2_HMAC_SHA256;
        ring::pbkdf2::derive(algorithm, cost.try_into().unwrap(), &salt, &password, &mut key);
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        if key.starts_with(parameters["keyPrefix"].as_str().unwrap()) {
            return format!("{counter}.{key}");
        }
    }
    unreachable!()
}

/// The form with this id on a page.
pub fn form(page: &Answer, id: &str) -> Form {
    find(page, id).unwrap_or_else(|| panic!("no form {id} in {} {}", page.status, page.body))
}

/// Whether a page has this form.
pub fn has_form(page: &Answer, id: &str) -> bool {
    find(page, id).is_some()
}

fn find(page: &Answer, id: &str) -> Option<Form> {
    let document = Html::parse_document(&page.body);
    let form = document.select(&Selector::parse(&format!("form#{id}")).unwrap()).next()?;
    let inputs = Selector::parse("input").unwrap();
    let fields = form
        .select(&inputs)
        .filter_map(|input| Some((input.attr("name")?.to_owned(), input.attr("value").unwrap_or("").to_owned())))
        .collect();
    Some(Form { action: form.attr("action").unwrap_or_default().to_owned(), fields })
}

/// An authorization request as a client library sends it.
pub fn authorize_url(client_id: &str, redirect_uri: &str, more: &str) -> String {
    let fixed = serde_urlencoded::to_string([
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("scope", "openid profile email"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    format!("/authorize?{}{more}", fixed.unwrap())
}

/// Whether an answer leads to the application with a code.
pub fn has_code(answer: &Answer) -> bool {
    answer.location().starts_with(CALLBACK) && answer.location().contains("code=")
}
