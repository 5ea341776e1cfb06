//! How a command reaches the public API.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use polder_kernel::Secret;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::exit::Refused;
use super::{answer, credentials};

/// How long one call may take: an action is waited for.
pub const WITHIN: Duration = Duration::from_secs(60);
/// The most items of a list that is shown as a whole,
const MOST_ITEMS: usize = 1_000_000;
/// and the most bytes they come in.
const MOST_HELD: usize = 1 << 30;
/// The most pages one after the other without any.
const MOST_EMPTY: usize = 500;

/// Where the API is, the key to it, and how answers are shown.
#[derive(Debug, Args)]
pub struct Reach {
    /// The public API, such as https://console.polder.example/api/v1.
    #[arg(long, value_name = "URL", env = "POLDER_API", global = true)]
    pub api: Option<String>,
    /// A file that holds a key of the public API.
    #[arg(long, alias = "api-key-file", value_name = "FILE", env = "POLDER_API_KEY_FILE", global = true)]
    pub key_file: Option<PathBuf>,
    /// The data folder of a running `polder dev`, whose dev.json says both.
    #[arg(long, value_name = "DIR", default_value = ".polder", global = true)]
    pub data: PathBuf,
    /// Prints what the API answered, as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// Leaves out the headings of tables.
    #[arg(long, global = true)]
    pub no_headers: bool,
}

/// The public API, and the key to it.
pub struct Api {
    base: String,
    key: Secret<String>,
    client: reqwest::Client,
}

impl Api {
    /// As the command line says, or as the running `polder dev` does.
    pub fn of(reach: &Reach) -> Result<Self, Refused> {
        let (api, key) = match (&reach.api, &reach.key_file) {
            (Some(api), Some(file)) => (api.clone(), credentials::key_in(file)?),
            (None, None) => credentials::from_dev_json(&reach.data)?,
            (Some(_), None) => {
                return Err(Refused::usage("--api needs --key-file: a file that holds a key of the API"));
            }
            (None, Some(_)) => return Err(Refused::usage("--key-file needs --api: where the API is")),
        };
        let base = credentials::base(&api)?;
        // The key goes nowhere but where it was sent: not on to another address, not through a proxy.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(WITHIN)
            .no_proxy()
            .dns_resolver(Arc::new(polder_outbound::localhost::Resolver))
            .build()?;
        Ok(Self { base, key, client })
    }

    /// Reads something.
    pub async fn get(&self, path: &str) -> Result<Value, Refused> {
        self.call(Method::GET, path, None).await
    }

    /// Makes or does something.
    pub async fn post(&self, path: &str, body: Option<Value>) -> Result<Value, Refused> {
        self.call(Method::POST, path, body).await
    }

    /// Removes something.
    pub async fn delete(&self, path: &str) -> Result<Value, Refused> {
        self.call(Method::DELETE, path, None).await
    }

    /// Any call; an answer without a body is null.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Refused> {
        self.measured(method, path, body).await.map(|(answer, _)| answer)
    }

    /// The same, and how many bytes the answer had.
    async fn measured(&self, method: Method, path: &str, body: Option<Value>) -> Result<(Value, usize), Refused> {
        let mut request = self.request(method, path).timeout(WITHIN);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        answer::of(request.send().await?).await
    }

    /// An answer that comes in pieces, for as long as it takes.
    pub async fn stream(&self, path: &str) -> Result<reqwest::Response, Refused> {
        let begun = self.begun(path).await?;
        let status = begun.status();
        if status.is_success() { Ok(begun) } else { Err(Refused::of(status, &Value::Null)) }
    }

    /// Writes a file to standard output, however long it is.
    pub async fn file(&self, path: &str) -> Result<(), Refused> {
        answer::file(self.begun(path).await?, WITHIN).await
    }

    async fn begun(&self, path: &str) -> Result<reqwest::Response, Refused> {
        let answer = timeout(WITHIN, self.request(Method::GET, path).send()).await;
        Ok(answer.map_err(|_| Refused(1, "no answer".to_owned()))??)
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(self.key.expose())
    }

    /// The first `most` items of a list, page by page; all of them where it is 0.
    pub async fn items(&self, path: &str, most: usize) -> Result<Value, Refused> {
        let (mut items, mut held) = (Vec::new(), 0);
        let next = self.each_page(path, most, |page, bytes| {
            items.extend(page);
            held += bytes;
            let fits = items.len() <= MOST_ITEMS && held <= MOST_HELD;
            fits.then_some(())
                .ok_or_else(|| Refused(1, "the list is longer than memory should be: ask for less".to_owned()))
        });
        let next = next.await?;
        Ok(json!({"items": items, "next": next}))
    }

    /// Hands over the items of a list page by page, with the bytes of the answer, and says where the rest begins.
    pub async fn each_page(
        &self,
        path: &str,
        most: usize,
        mut take: impl FnMut(Vec<Value>, usize) -> Result<(), Refused>,
    ) -> Result<Option<String>, Refused> {
        let (mut taken, mut empty, mut cursor) = (0, 0, None::<String>);
        loop {
            let wanted = if most == 0 { 200 } else { (most - taken).min(200) };
            let joint = if path.contains('?') { '&' } else { '?' };
            let from = cursor.as_ref().map(|cursor| format!("&cursor={}", encoded(cursor))).unwrap_or_default();
            let (mut page, bytes) =
                self.measured(Method::GET, &format!("{path}{joint}limit={wanted}{from}"), None).await?;
            let items = page["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
            let next = page["next"].as_str().map(str::to_owned);
            // A page may hold nothing and go on: where what is looked for is rare.
            empty = if items.is_empty() { empty + 1 } else { 0 };
            let stands = next.is_some() && next == cursor;
            if items.len() > wanted || empty > MOST_EMPTY || stands {
                return Err(Refused(1, "the list has no end: what answers there is not the API".to_owned()));
            }
            taken += items.len();
            take(items, bytes)?;
            match next {
                Some(next) if most == 0 || taken < most => cursor = Some(next),
                next => return Ok(next),
            }
        }
    }
}

/// The path of something of a tenant. No word of it can leave its place.
pub fn path(slug: &str, rest: &[&str]) -> String {
    let words = std::iter::once(slug).chain(rest.iter().copied()).map(encoded);
    words.fold("/tenants".to_owned(), |path, word| path + "/" + &word)
}

/// The path of a list, in this order where one is named.
pub fn sorted(path: String, order: Option<&str>) -> String {
    match order {
        Some(order) => format!("{path}?sort={}", encoded(order)),
        None => path,
    }
}

/// A word in a path or a query.
pub fn encoded(word: &str) -> String {
    utf8_percent_encode(word, NON_ALPHANUMERIC).to_string().replace("%2D", "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g06_a_word_cannot_leave_its_place_in_the_path() {
        assert_eq!(path("acme-nl", &["suspend"]), "/tenants/acme-nl/suspend");
        assert_eq!(path("../users?x", &[]), "/tenants/%2E%2E%2Fusers%3Fx");
        assert_eq!(path("acme", &["users", "a/../b"]), "/tenants/acme/users/a%2F%2E%2E%2Fb");
    }
}
