//! A validated authorization request.

use std::time::Duration;

use polder_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::claims::Wishes;
use super::{Prompts, Redirect, ReturnTo};
use crate::pkce::CodeChallenge;
use crate::{Error, ErrorCode, Scope};

/// What was asked, every value checked. It serialises, so that it can wait for a sign-in in a sealed
/// cookie; short names keep the cookie small.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The application.
    #[serde(rename = "c")]
    pub client_id: String,
    /// Where the answer goes.
    #[serde(rename = "r")]
    pub return_to: ReturnTo,
    /// When the request came in: what `prompt=login` measures against.
    #[serde(rename = "t")]
    pub received_at: Timestamp,
    /// What is to be handed back.
    #[serde(rename = "rt")]
    pub response_type: ResponseType,
    /// The scope to grant: what was asked for, less what means nothing for this application.
    #[serde(rename = "s")]
    pub scope: Scope,
    /// The PKCE challenge the code will be bound to.
    #[serde(rename = "cc", default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// To be repeated in the ID token.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The thumbprint of the key that the code will be bound to (RFC 9449 10).
    #[serde(rename = "dj", default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// The pushed request this is, by the hash of its name: it is answered once (RFC 9126 7.3).
    #[serde(rename = "pu", default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<String>,
    /// Whether its developer tries the application out: the answer goes to the control plane, at an address that is
    /// none of the application's.
    #[serde(rename = "ty", default, skip_serializing_if = "std::ops::Not::not")]
    pub try_out: bool,
    /// Which pages are wanted.
    #[serde(rename = "p", default)]
    pub prompt: Prompts,
    /// The oldest sign-in that will do, in seconds.
    #[serde(rename = "ma", default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u32>,
    /// What the person may want to sign in with; untrusted text for an input field.
    #[serde(rename = "lh", default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Wanted languages, best first; unknown ones are for the reader to skip.
    #[serde(rename = "ul", default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    /// Wanted authentication contexts, best first; voluntary (OpenID Connect Core 5.5.1.1).
    #[serde(rename = "av", default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// The contexts of which one has to be reached, out of `claims`: `None` when it insists on none.
    #[serde(rename = "ae", default, skip_serializing_if = "Option::is_none")]
    pub essential_acr: Option<Vec<String>>,
    /// The single claims that are asked for.
    #[serde(rename = "cl", default, skip_serializing_if = "Wishes::is_empty")]
    pub claims: Wishes,
    /// The scopes that would give these claims, as the caller found them: people agree to both alike.
    #[serde(rename = "cs", default, skip_serializing_if = "Scope::is_empty")]
    pub claims_scope: Scope,
    /// The APIs that tokens are asked for (RFC 8707); empty for what is usual for the application.
    #[serde(rename = "rs", default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The only people this request may be answered for, out of `claims`: empty when it names none.
    #[serde(rename = "ss", default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// How the pages are shown.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Display>,
    /// The hint as sent. Not verified and not stored: [`Request::bind_hint`] turns it into `subject`.
    #[serde(skip)]
    pub id_token_hint: Option<String>,
    /// How it came.
    #[serde(skip)]
    pub came: Came,
    /// The only person this request may be answered for, out of a verified hint.
    #[serde(rename = "su", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// How a request came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Came {
    /// Through the browser.
    #[default]
    ByBrowser,
    /// From the application itself (RFC 9126).
    Pushed,
}

/// What is to be handed back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseType {
    /// An authorization code.
    #[default]
    Code,
}

/// How it is to be handed back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In a form that the browser posts to the redirect URI (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl ResponseMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How the pages are shown (OpenID Connect Core 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// In a full window.
    Page,
    /// In a small window.
    Popup,
    /// On a touch screen.
    Touch,
    /// On a simple phone.
    Wap,
}

/// What a hint says once its signature was verified. Its expiry does not matter (A19, A48).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The applications it was issued to.
    pub audience: Vec<String>,
    /// The person.
    pub subject: String,
    /// The session as that application knows it.
    pub sid: Option<String>,
}

impl Request {
    /// The empty request the checks fill.
    pub(super) fn new(client_id: String, return_to: ReturnTo, received_at: Timestamp) -> Self {
        Self {
            client_id,
            return_to,
            received_at,
            response_type: ResponseType::default(),
            scope: Scope::default(),
            code_challenge: None,
            nonce: None,
            dpop_jkt: None,
            pushed: None,
            try_out: false,
            prompt: Prompts::default(),
            max_age: None,
            login_hint: None,
            ui_locales: Vec::new(),
            acr_values: Vec::new(),
            essential_acr: None,
            claims: Wishes::default(),
            claims_scope: Scope::default(),
            resources: Vec::new(),
            subjects: Vec::new(),
            display: None,
            id_token_hint: None,
            came: Came::default(),
            subject: None,
        }
    }

    /// A request of the provider's own, for a page of its own at `address`: no application sent it, and
    /// no code answers it.
    pub fn for_own_page(client_id: &str, address: String, received_at: Timestamp) -> Self {
        Self::new(client_id.to_owned(), ReturnTo::verified(address, None), received_at)
    }

    /// Binds the request to the person of its `id_token_hint`. `verified` is what the caller read from
    /// it, `None` when its signature, issuer or type is wrong. A bad hint refuses the request: going on
    /// without it could answer for somebody else.
    pub fn bind_hint(mut self, verified: Option<Hint>) -> Result<Self, Redirect> {
        if self.id_token_hint.take().is_none() {
            return Ok(self);
        }
        match verified {
            Some(hint) if hint.audience.contains(&self.client_id) => {
                self.subject = Some(hint.subject);
                Ok(self)
            }
            _ => Err(self
                .refuse(Error::new(ErrorCode::InvalidRequest, "id_token_hint is not an ID token of this application"))),
        }
    }

    /// Whether the request may be answered for this person (A19, A26).
    pub fn is_for(&self, subject: &str) -> bool {
        self.subject.as_deref().is_none_or(|wanted| wanted == subject)
            && (self.subjects.is_empty() || self.subjects.iter().any(|wanted| wanted == subject))
    }

    /// All that a person agrees to: the scope, and what stands behind single claims.
    pub fn asked_scope(&self) -> Scope {
        self.scope.iter().chain(self.claims_scope.iter()).collect()
    }

    /// Whether a sign-in at `authenticated_at` is recent enough. One that happened for this request
    /// always is: however slow the person was, asking again would never end (A17, A20).
    pub fn accepts_sign_in(&self, authenticated_at: Timestamp, now: Timestamp) -> bool {
        if authenticated_at >= self.received_at {
            return true;
        }
        if self.prompt.login {
            return false;
        }
        match self.max_age {
            None => true,
            Some(0) => false,
            Some(seconds) => now.since(authenticated_at) <= Duration::from_secs(u64::from(seconds)),
        }
    }

    /// This request, refused.
    pub fn refuse(self, error: Error) -> Redirect {
        Redirect { error, to: self.return_to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: Timestamp = Timestamp::from_seconds(10_000);

    fn request() -> Request {
        Request::new("coach".to_owned(), ReturnTo::verified("https://a.test/cb".to_owned(), None), RECEIVED)
    }

    fn accepts(request: &Request, authenticated_at: i64, now: i64) -> bool {
        request.accepts_sign_in(Timestamp::from_seconds(authenticated_at), Timestamp::from_seconds(now))
    }

    #[test]
    fn a17_prompt_login_wants_a_sign_in_after_the_request() {
        let login = Request { prompt: Prompts::parse("login").unwrap(), ..request() };
        assert!(!accepts(&login, 9_999, 10_000));
        assert!(accepts(&login, 10_000, 10_000));
        assert!(accepts(&login, 10_005, 12_000));
    }

    #[test]
    fn a20_max_age_counts_whole_seconds() {
        let one = Request { max_age: Some(1), ..request() };
        assert!(accepts(&one, 9_999, 10_000));
        assert!(!accepts(&one, 9_998, 10_000));
        let long = Request { max_age: Some(10_000), ..request() };
        assert!(accepts(&long, 9_000, 10_000));
        let none = request();
        assert!(accepts(&none, 0, 10_000_000));
    }

    #[test]
    fn a20_max_age_zero_is_a_fresh_sign_in_and_a_slow_person_is_not_asked_twice() {
        let zero = Request { max_age: Some(0), ..request() };
        assert!(!accepts(&zero, 9_999, 9_999));
        assert!(accepts(&zero, 10_030, 10_090));
        let one = Request { max_age: Some(1), ..request() };
        assert!(accepts(&one, 10_030, 10_090));
    }

    #[test]
    fn a19_a_hint_binds_the_request_to_its_person() {
        let hinted = Request { id_token_hint: Some("x.y.z".to_owned()), ..request() };
        let hint = Hint { audience: vec!["coach".to_owned()], subject: "ann".to_owned(), sid: None };
        let bound = hinted.clone().bind_hint(Some(hint.clone())).unwrap();
        assert!(bound.is_for("ann") && !bound.is_for("bob"));
        assert!(request().bind_hint(None).unwrap().is_for("bob"));
        let foreign = Hint { audience: vec!["other".to_owned()], ..hint };
        for bad in [None, Some(foreign)] {
            assert_eq!(hinted.clone().bind_hint(bad).unwrap_err().error.code, ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn a26_a_request_about_one_subject_is_for_nobody_else() {
        let about = Request { subjects: vec!["ann".to_owned(), "bob".to_owned()], ..request() };
        assert!(about.is_for("ann") && about.is_for("bob") && !about.is_for("eve"));
        // Two that do not agree are for nobody.
        let torn = Request { subject: Some("eve".to_owned()), ..about };
        assert!(["ann", "bob", "eve"].iter().all(|subject| !torn.is_for(subject)));
    }

    #[test]
    fn it_waits_as_a_small_text_without_the_hint() {
        let waiting = Request {
            scope: Scope::parse("openid email").unwrap(),
            nonce: Some("n".to_owned()),
            max_age: Some(5),
            prompt: Prompts::parse("login").unwrap(),
            subject: Some("ann".to_owned()),
            ..request()
        };
        let text = serde_json::to_string(&waiting).unwrap();
        assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), waiting);
        let hinted = Request { id_token_hint: Some("x.y.z".to_owned()), ..waiting };
        assert!(!serde_json::to_string(&hinted).unwrap().contains("x.y.z"));
        assert!(text.len() < 250, "{text}");
    }
}
