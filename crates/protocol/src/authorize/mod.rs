//! The authorization request: who asks, where the answer may go, what is asked for.
//!
//! [`Identified::new`] verifies client and redirect URI and can only fail with [`NoRedirect`]; from
//! then on [`Identified::validate`] runs the fixed list [`CHECKS`](checks::CHECKS) and can only fail
//! with [`Redirect`].

pub mod checks;
pub mod claims;
pub mod prompt;
pub mod request;
pub mod return_to;

use polder_kernel::Timestamp;

pub use prompt::Prompts;
pub use request::{Came, Display, Hint, Request, ResponseMode, ResponseType};
pub use return_to::{Answer, FormPost, ReturnTo, answer};

use crate::params::MAX_VALUE_BYTES;
use crate::{Client, Error, ErrorCode, Params};

/// A refusal to be shown to the person as a page: the client or its redirect URI is not verified,
/// so nothing of the request may decide where the browser goes (B01, A22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRedirect(pub Error);

/// A refusal to be told to the client at its verified redirect URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// What is wrong.
    pub error: Error,
    /// Where to say so.
    pub to: ReturnTo,
}

/// Either refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// As a page.
    NoRedirect(Error),
    /// By a redirect.
    Redirect(Redirect),
}

/// A request whose client and redirect URI are verified.
#[derive(Clone, Debug)]
pub struct Identified<'a> {
    params: &'a Params,
    client: &'a Client,
    return_to: ReturnTo,
    came: Came,
}

/// The whole way from parameters to a request: the client named by [`client_id`] as the caller found
/// it, and the moment the request came in.
pub fn validate(params: &Params, client: Option<&Client>, now: Timestamp) -> Result<Request, Refusal> {
    validate_as(Came::ByBrowser, params, client, now)
}

/// As [`validate`], for a request that came this way.
pub fn validate_as(came: Came, params: &Params, client: Option<&Client>, now: Timestamp) -> Result<Request, Refusal> {
    Ok(Identified { came, ..Identified::new(params, client)? }.validate(now)?)
}

/// A request that is refused before its parameters are looked at: told at the redirect URI it names, where that
/// is one of the application's own.
pub fn refuse(params: &Params, client: Option<&Client>, error: Error) -> Refusal {
    match Identified::new(params, client) {
        Ok(Identified { return_to, .. }) => Refusal::Redirect(Redirect { error, to: return_to }),
        Err(NoRedirect(_)) => Refusal::NoRedirect(error),
    }
}

/// The `client_id` to look up (B01, B02).
pub fn client_id(params: &Params) -> Result<&str, NoRedirect> {
    if let Some(fault) = params.fault_of("client_id") {
        return Err(NoRedirect(fault.into()));
    }
    params.require("client_id").map_err(NoRedirect)
}

impl<'a> Identified<'a> {
    /// Verifies that the client is known and the redirect URI one of its own.
    pub fn new(params: &'a Params, client: Option<&'a Client>) -> Result<Self, NoRedirect> {
        client_id(params)?;
        let Some(client) = client else {
            return Err(page("client_id names no application of this service"));
        };
        let redirect_uri = verified_redirect_uri(params, client)?;
        let state = echoable_state(params)?;
        let return_to = ReturnTo::verified(redirect_uri, state).by(params.get("response_mode"));
        Ok(Self { params, client, return_to, came: Came::ByBrowser })
    }

    /// Where the answer goes.
    pub fn return_to(&self) -> &ReturnTo {
        &self.return_to
    }

    /// Runs every check in order. The first that refuses decides the answer.
    pub fn validate(self, now: Timestamp) -> Result<Request, Redirect> {
        let mut request = Request::new(self.client.id.clone(), self.return_to, now);
        request.came = self.came;
        for (_, check) in checks::CHECKS {
            if let Err(error) = check(self.params, self.client, &mut request) {
                return Err(Redirect { error, to: request.return_to });
            }
        }
        Ok(request)
    }
}

/// The redirect URI is always required, however many are registered (OpenID Connect Core 3.1.2.1; A31).
fn verified_redirect_uri(params: &Params, client: &Client) -> Result<String, NoRedirect> {
    if let Some(fault) = params.fault_of("redirect_uri") {
        return Err(NoRedirect(fault.into()));
    }
    let presented = params.require("redirect_uri").map_err(NoRedirect)?;
    if client.has_redirect_uri(presented) {
        return Ok(presented.to_owned());
    }
    Err(page("redirect_uri is not registered for this application"))
}

/// `state` comes back byte for byte or the request is refused (B06). Sent twice there is no telling
/// which one to echo: none is, and the first check refuses the request.
fn echoable_state(params: &Params) -> Result<Option<String>, NoRedirect> {
    if matches!(params.fault_of("state"), Some(crate::Fault::Malformed(_))) {
        return Err(page("state is not UTF-8 text"));
    }
    match params.get("state") {
        Some(state) if state.len() > MAX_VALUE_BYTES => Err(page("state is too long")),
        state => Ok(state.map(str::to_owned)),
    }
}

fn page(description: &'static str) -> NoRedirect {
    NoRedirect(Error::new(ErrorCode::InvalidRequest, description))
}

impl Redirect {
    /// What tells the client.
    pub fn answer(&self, issuer: &str) -> Answer {
        self.to.error(issuer, &self.error)
    }
}

impl Refusal {
    /// What is wrong.
    pub fn error(&self) -> &Error {
        match self {
            Self::NoRedirect(error) | Self::Redirect(Redirect { error, .. }) => error,
        }
    }
}

impl From<NoRedirect> for Refusal {
    fn from(NoRedirect(error): NoRedirect) -> Self {
        Self::NoRedirect(error)
    }
}

impl From<Redirect> for Refusal {
    fn from(redirect: Redirect) -> Self {
        Self::Redirect(redirect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{CHALLENGE, ISSUER, native, web};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    /// The query of a good request with `extra` put behind it.
    fn query(extra: &str) -> String {
        format!(
            "client_id=coach&redirect_uri=https://coach.example.test/cb&response_type=code&scope=openid\
             &code_challenge={CHALLENGE}&code_challenge_method=S256&state=s1{extra}"
        )
    }

    fn run(text: &str, client: Option<&Client>) -> Result<Request, Refusal> {
        validate(&Params::read(text.as_bytes()), client, NOW)
    }

    fn is_page(text: &str) -> bool {
        matches!(run(text, Some(&web())), Err(Refusal::NoRedirect(_)))
    }

    #[test]
    fn b01_an_unknown_or_malformed_client_never_redirects() {
        assert!(matches!(run(&query(""), None), Err(Refusal::NoRedirect(_))));
        for text in [
            query("").replace("coach&", "&"),
            query("").replace("client_id", "other"),
            query("&client_id=coach"),
            query("").replace("=coach&", "=%ff&"),
        ] {
            assert!(is_page(&text), "{text}");
            assert!(client_id(&Params::read(text.as_bytes())).is_err(), "{text}");
        }
    }

    #[test]
    fn b02_a_doubled_redirect_uri_gives_a_page_and_any_other_a_redirect() {
        assert!(is_page(&query("&redirect_uri=https://coach.example.test/cb")));
        let refused = run(&query("&scope=email"), Some(&web())).unwrap_err();
        let Refusal::Redirect(redirect) = refused else { panic!("{refused:?}") };
        assert_eq!(redirect.error.code, ErrorCode::InvalidRequest);
        assert_eq!(redirect.to.state(), Some("s1"));
        let doubled = run(&query("&state=s2"), Some(&web())).unwrap_err();
        let Refusal::Redirect(redirect) = doubled else { panic!("{doubled:?}") };
        assert_eq!((redirect.error.code, redirect.to.state()), (ErrorCode::InvalidRequest, None));
    }

    #[test]
    fn a22_an_unregistered_redirect_uri_never_redirects() {
        for other in [
            "https://evil.test/cb",
            "https://coach.example.test/cb2",
            "https://coach.example.test/cb?x=1",
            "http://127.0.0.1/cb",
            "%ff",
        ] {
            assert!(is_page(&query("").replace("https://coach.example.test/cb", other)), "{other}");
        }
    }

    #[test]
    fn a31_a_missing_redirect_uri_gives_a_page_even_if_only_one_is_registered() {
        let one = Client { redirect_uris: web().redirect_uris[..1].to_vec(), ..web() };
        for text in [query("").replace("redirect_uri", "x"), query("").replace("https://coach.example.test/cb", "")] {
            assert!(matches!(run(&text, Some(&one)), Err(Refusal::NoRedirect(_))), "{text}");
        }
    }

    #[test]
    fn a25_a_request_object_cannot_bring_its_own_redirect_uri() {
        assert!(is_page(&query("&request=e30.e30.").replace("coach.example.test/cb", "coach.example.test/cbX")));
    }

    #[test]
    fn b95_the_answer_goes_to_the_port_that_was_presented() {
        let text =
            query("").replace("https://coach.example.test/cb", "http://127.0.0.1:50123/cb").replace("coach&", "phone&");
        let request = run(&text, Some(&native())).unwrap();
        assert_eq!(request.return_to.redirect_uri(), "http://127.0.0.1:50123/cb");
    }

    #[test]
    fn b06_state_is_echoed_byte_for_byte_or_the_request_refused() {
        for state in
            ["", "%00", "a%20b%2Bc%26d%3De%23", "%F0%9F%A6%86%E2%80%AE", "%22%3E%3Cscript%3E", &"x".repeat(2048)]
        {
            let request = run(&query("").replace("s1", state), Some(&web())).unwrap();
            let answer = request.return_to.code(ISSUER, "abc");
            let url = url::Url::parse(answer.location().unwrap()).unwrap();
            let echoed: Vec<_> =
                url.query_pairs().filter(|(name, _)| name == "state").map(|(_, value)| value.into_owned()).collect();
            let sent = percent_encoding::percent_decode_str(state).decode_utf8().unwrap().into_owned();
            assert_eq!(echoed, if state.is_empty() { vec![] } else { vec![sent] });
        }
        assert!(is_page(&query("").replace("s1", "%ff")));
        assert!(is_page(&query("").replace("s1", &"x".repeat(5000))));
    }

    #[test]
    fn b52_every_redirect_names_the_issuer() {
        let request = run(&query(""), Some(&web())).unwrap();
        assert_eq!(
            request.return_to.code(ISSUER, "abc").location().unwrap(),
            "https://coach.example.test/cb?code=abc&state=s1&iss=https%3A%2F%2Fpractice.example.test"
        );
        let refused = run(&query("&request=x"), Some(&web())).unwrap_err();
        let Refusal::Redirect(redirect) = refused else { panic!("{refused:?}") };
        assert_eq!(
            redirect.answer(ISSUER).location().unwrap(),
            "https://coach.example.test/cb?error=request_not_supported&error_description=request%20objects%20are%20not%20supported\
             &state=s1&iss=https%3A%2F%2Fpractice.example.test"
        );
    }

    #[test]
    fn a41_whatever_is_refused_is_told_in_the_mode_that_was_asked_for() {
        for wrong in ["&request=x", "&prompt=none+login", "&response_type=token", "&scope=nope", "&claims=[]"] {
            let text = query("&response_mode=form_post");
            let name = &wrong[1..wrong.find('=').unwrap()];
            let text = text.split('&').filter(|pair| !pair.starts_with(name)).collect::<Vec<_>>().join("&");
            let refused = run(&format!("{text}{wrong}"), Some(&web())).unwrap_err();
            let Refusal::Redirect(redirect) = refused else { panic!("{wrong}: {refused:?}") };
            let Answer::Form(form) = redirect.answer(ISSUER) else { panic!("{wrong}: no form") };
            assert_eq!(form.fields[0], ("error", redirect.error.code.as_str().to_owned()), "{wrong}");
            assert_eq!(form.fields.last(), Some(&("iss", ISSUER.to_owned())), "b52 {wrong}");
        }
        // An unknown mode is no mode to answer in.
        let refused = run(&query("&response_mode=web_message"), Some(&web())).unwrap_err();
        let Refusal::Redirect(redirect) = refused else { panic!("{refused:?}") };
        assert!(redirect.answer(ISSUER).location().unwrap().contains("error=invalid_request"));
    }

    #[test]
    fn a15_the_order_of_parameters_does_not_matter() {
        let reversed: Vec<_> = query("&nonce=n").split('&').rev().map(str::to_owned).collect();
        assert_eq!(run(&reversed.join("&"), Some(&web())).unwrap(), run(&query("&nonce=n"), Some(&web())).unwrap());
    }
}
