//! What came back through the browser: in the address, or as a form from the provider's site.
//!
//! A form from another site comes without our `SameSite=Lax` cookies (E02). It is put into a sealed cookie
//! of a minute and fetched by a redirect to ourselves, where the others are back: neither code nor name
//! ever stands in an address, and no cookie of ours is ever `SameSite=None`. What is in that cookie counts
//! for as much as the form did: nothing, unless its state is one that this browser was given.

use std::time::Duration;

use polder_crypto::Category;
use polder_protocol::Params;
use polder_service::cookies::{Jar, SetCookie};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::error::Internal;

/// One at a time, so that a stranger's forms cannot fill a jar.
const COOKIE: &str = "said";
const CONTEXT: &str = "cookie:said";
const LIFETIME: Duration = Duration::from_secs(60);
/// The longest value of any field, in bytes.
const LONGEST: usize = 2048;
/// The longest cookie, in bytes.
const LONGEST_COOKIE: usize = 3 * 1024;

/// What a provider answered (RFC 6749, 4.1.2; RFC 9207).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    /// What we gave along.
    pub state: String,
    /// To be redeemed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why there is no code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// A name, as Apple tells it once. Anybody could have written it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether it came as a form.
    #[serde(skip)]
    pub posted: bool,
}

impl Answer {
    /// Reads an answer. `None` when a field comes twice or is too long, or there is no state.
    pub fn read(params: &Params) -> Option<Self> {
        let names = ["state", "code", "error", "iss", "user"];
        if names.iter().any(|name| params.all(name).count() > 1) {
            return None;
        }
        let field = |name: &str| params.all(name).next().filter(|value| !value.is_empty()).map(str::to_owned);
        let answer = Self {
            state: field("state")?,
            code: field("code"),
            error: field("error"),
            iss: field("iss"),
            user: field("user"),
            posted: false,
        };
        let all = [Some(&answer.state), answer.code.as_ref(), answer.error.as_ref(), answer.iss.as_ref()];
        let fits = all.into_iter().flatten().all(|value| value.len() <= LONGEST);
        fits.then_some(answer)
    }

    /// The cookie that brings a posted answer home. `None` when it is too large for one.
    ///
    /// # Errors
    /// Never in practice: the values are text.
    pub fn carry(mut self, app: &App) -> Result<Option<SetCookie>, Internal> {
        // A name is nice to have.
        self.user = self.user.filter(|user| user.len() <= 512);
        let sealed = app.keyring.seal_text(Category::Flow, CONTEXT, &serde_json::to_string(&self)?);
        Ok((sealed.len() <= LONGEST_COOKIE).then(|| app.cookies().set(COOKIE, &sealed).max_age(LIFETIME)))
    }

    /// The posted answer that this browser carries.
    pub fn carried(app: &App, jar: &Jar) -> Option<Self> {
        let json = app.keyring.unseal_text(Category::Flow, CONTEXT, jar.get(COOKIE)?).ok()?;
        serde_json::from_str(&json).ok().map(|answer| Self { posted: true, ..answer })
    }

    /// The order to forget what was carried.
    pub fn put_down(app: &App) -> SetCookie {
        app.cookies().remove(COOKIE)
    }

    /// The name that Apple tells.
    pub fn name(&self) -> Option<String> {
        let user: serde_json::Value = serde_json::from_str(self.user.as_deref()?).ok()?;
        let part = |name: &str| user.get("name")?.get(name)?.as_str().map(str::to_owned);
        let parts = [part("firstName"), part("lastName")];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (!name.trim().is_empty()).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Option<Answer> {
        Answer::read(&Params::read(query.as_bytes()))
    }

    #[test]
    fn b38_an_answer_has_one_state_and_says_nothing_twice() {
        assert_eq!(read("state=a.b&code=c&iss=https%3A%2F%2Fi").unwrap().iss.as_deref(), Some("https://i"));
        for query in
            ["code=c", "state=&code=c", "state=a&state=b&code=c", "state=a&code=c&code=d", "state=a&iss=x&iss=y"]
        {
            assert!(read(query).is_none(), "{query}");
        }
        assert!(read(&format!("state=a&code={}", "x".repeat(LONGEST + 1))).is_none());
    }

    #[test]
    fn a_name_is_read_from_what_apple_says_once() {
        let user = r#"{"name":{"firstName":"Ann","lastName":"Smit"},"email":"x@y.example"}"#;
        let answer = Answer { user: Some(user.into()), ..Answer::default() };
        assert_eq!(answer.name().as_deref(), Some("Ann Smit"));
        for user in ["", "[]", "{}", r#"{"name":"Ann"}"#, r#"{"name":{"firstName":1}}"#] {
            assert_eq!(Answer { user: Some(user.into()), ..Answer::default() }.name(), None, "{user}");
        }
    }
}
