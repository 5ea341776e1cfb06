//! How a command reaches the public API.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use polder_kernel::Secret;
use serde_json::{Value, json};

use super::exit::Refused;

/// How long one call may take: an action is waited for.
pub const WITHIN: Duration = Duration::from_secs(60);

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
        let (base, key) = match (&reach.api, &reach.key_file) {
            (Some(api), Some(file)) => (api.trim_end_matches('/').to_owned(), read(file)?.trim().to_owned()),
            (None, None) => from_dev_json(&reach.data)?,
            (Some(_), None) => {
                return Err(Refused::usage("--api needs --key-file: a file that holds a key of the API"));
            }
            (None, Some(_)) => return Err(Refused::usage("--key-file needs --api: where the API is")),
        };
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(WITHIN)
            .no_proxy()
            .dns_resolver(Arc::new(polder_outbound::localhost::Resolver))
            .build()?;
        Ok(Self { base, key: Secret::new(key), client })
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
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(self.key.expose());
        let mut request = request.timeout(WITHIN);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        if status.is_success() { Ok(body) } else { Err(Refused::of(status, &body)) }
    }

    /// An answer that comes in pieces, for as long as it takes.
    pub async fn stream(&self, path: &str) -> Result<reqwest::Response, Refused> {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(self.key.expose());
        let answer = request.send().await?;
        let status = answer.status();
        if status.is_success() { Ok(answer) } else { Err(Refused::of(status, &Value::Null)) }
    }

    /// The first `most` items of a list, page by page; all of them where it is 0.
    pub async fn items(&self, path: &str, most: usize) -> Result<Value, Refused> {
        let mut items = Vec::new();
        let next = self.each_page(path, most, |page| {
            items.extend(page);
            Ok(())
        });
        let next = next.await?;
        Ok(json!({"items": items, "next": next}))
    }

    /// Hands over the items of a list page by page, and says where the rest begins.
    pub async fn each_page(
        &self,
        path: &str,
        most: usize,
        mut take: impl FnMut(Vec<Value>) -> Result<(), Refused>,
    ) -> Result<Option<String>, Refused> {
        let (mut taken, mut cursor) = (0, None::<String>);
        loop {
            let wanted = if most == 0 { 200 } else { (most - taken).min(200) };
            let joint = if path.contains('?') { '&' } else { '?' };
            let from = cursor.map(|cursor| format!("&cursor={}", encoded(&cursor))).unwrap_or_default();
            let mut page = self.get(&format!("{path}{joint}limit={wanted}{from}")).await?;
            let items = page["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
            // A page without anything ends the list, whatever it says of more.
            let next = page["next"].as_str().filter(|_| !items.is_empty()).map(str::to_owned);
            taken += items.len();
            take(items)?;
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

fn read(file: &Path) -> Result<String, Refused> {
    std::fs::read_to_string(file).map_err(|error| Refused(5, format!("{}: {error}", file.display())))
}

fn from_dev_json(data: &Path) -> Result<(String, String), Refused> {
    let file = data.join("dev.json");
    let missing =
        |_| Refused(1, format!("{} is not there: start `polder dev`, or give --api and --key-file", file.display()));
    let dev: Value = serde_json::from_str(&std::fs::read_to_string(&file).map_err(missing)?).unwrap_or_default();
    match (dev["api"].as_str(), dev["api_key"].as_str()) {
        (Some(api), Some(key)) => Ok((api.to_owned(), key.to_owned())),
        _ => Err(Refused(1, format!("{} cannot be understood", file.display()))),
    }
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
