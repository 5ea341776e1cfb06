//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): what to do with an end-session request.
//!
//! A session ends without asking only for a genuine hint about this very session; everything else asks the
//! person. The browser leaves only for a registered address of a known application.

use serde::{Deserialize, Serialize};

use crate::authorize::{Hint, answer};
use crate::params::MAX_VALUE_BYTES;
use crate::{Client, Error, ErrorCode, Params};

/// What is asked. Every parameter is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// An ID token as sent; not verified.
    pub id_token_hint: Option<String>,
    /// The application.
    pub client_id: Option<String>,
    /// Where to go afterwards; not verified.
    pub post_logout_redirect_uri: Option<String>,
    /// To be repeated there.
    pub state: Option<String>,
    /// Wanted languages, best first.
    pub ui_locales: Vec<String>,
}

/// The hint after its signature was looked at. Expiry does not matter (A48).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hinted {
    /// None was sent.
    Absent,
    /// It is not an ID token of this issuer: no `alg` of ours, a foreign key, changed (A45).
    Forged,
    /// It is genuine.
    Genuine(Hint),
}

/// The session of the browser that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub subject: String,
    /// What the asking application knows it by, if it reached that application.
    pub sid: Option<String>,
}

/// A verified address to go to after signing out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Afterwards {
    uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// End the session at once, then go there or show "signed out".
    End(Option<Afterwards>),
    /// Ask the person. If they agree end the session, then go there or show "signed out" (A46, A47).
    Ask(Option<Afterwards>),
    /// There is no session: go there or show "signed out".
    Already(Option<Afterwards>),
    /// Show an error page.
    Refuse(Error),
}

impl Request {
    /// Reads the parameters of a GET or a POST (A42).
    pub fn parse(params: &Params) -> Result<Self, Error> {
        if let Some(fault) = params.fault() {
            return Err(fault.into());
        }
        if params.get("state").is_some_and(|state| state.len() > MAX_VALUE_BYTES) {
            return Err(refusal("state is too long"));
        }
        let owned = |name: &str| params.get(name).map(str::to_owned);
        Ok(Self {
            id_token_hint: owned("id_token_hint"),
            client_id: owned("client_id"),
            post_logout_redirect_uri: owned("post_logout_redirect_uri"),
            state: owned("state"),
            ui_locales: params
                .get("ui_locales")
                .unwrap_or_default()
                .split_whitespace()
                .take(8)
                .map(str::to_owned)
                .collect(),
        })
    }

    /// The application to look up: the one named, or the one the hint was issued to.
    pub fn client_id<'a>(&'a self, hinted: &'a Hinted) -> Option<&'a str> {
        self.client_id.as_deref().or(match hinted {
            Hinted::Genuine(hint) => hint.audience.first().map(String::as_str),
            Hinted::Absent | Hinted::Forged => None,
        })
    }
}

/// Which of the browser's sessions the request is about: the very session that a genuine hint names, or else
/// another one of the same person. `None` when the hint is about nobody here.
pub fn about(hinted: &Hinted, sessions: &[Session]) -> Option<usize> {
    let Hinted::Genuine(hint) = hinted else { return None };
    let very = sessions.iter().position(|session| is_about(hint, session));
    very.or_else(|| sessions.iter().position(|session| session.subject == hint.subject))
}

/// Decides. `client` is what [`Request::client_id`] led to; `session` the browser's live one that the request is
/// [`about`], or any where it is about none of them.
pub fn decide(request: &Request, hinted: &Hinted, client: Option<&Client>, session: Option<&Session>) -> Decision {
    if let Err(error) = consistent(request, hinted, client) {
        return Decision::Refuse(error);
    }
    // Nothing that comes with a forged hint is believed (A45).
    let client = client.filter(|_| *hinted != Hinted::Forged);
    let afterwards = match afterwards(request, client) {
        Ok(afterwards) => afterwards,
        Err(error) => return Decision::Refuse(error),
    };
    match (session, hinted) {
        (None, _) => Decision::Already(afterwards),
        (Some(session), Hinted::Genuine(hint)) if is_about(hint, session) => Decision::End(afterwards),
        (Some(_), _) => Decision::Ask(afterwards),
    }
}

/// A48: the hint was issued to the named application, and that application exists.
fn consistent(request: &Request, hinted: &Hinted, client: Option<&Client>) -> Result<(), Error> {
    if let (Hinted::Genuine(hint), Some(named)) = (hinted, &request.client_id)
        && !hint.audience.contains(named)
    {
        return Err(refusal("id_token_hint was issued to another application"));
    }
    if request.client_id(hinted).is_some() && client.is_none() {
        return Err(refusal("client_id names no application of this service"));
    }
    Ok(())
}

/// Without an application no address can be checked: the person ends on our own page. An address that is
/// not registered, byte for byte, is refused (A44).
fn afterwards(request: &Request, client: Option<&Client>) -> Result<Option<Afterwards>, Error> {
    let (Some(uri), Some(client)) = (&request.post_logout_redirect_uri, client) else { return Ok(None) };
    if !client.post_logout_redirect_uris.iter().any(|own| own.as_str() == uri) {
        return Err(refusal("post_logout_redirect_uri is not registered for this application"));
    }
    Ok(Some(Afterwards { uri: uri.clone(), state: request.state.clone() }))
}

/// Whether the hint is about the session of this browser: the same person, and the same session where
/// the hint names one.
fn is_about(hint: &Hint, session: &Session) -> bool {
    hint.subject == session.subject && (hint.sid.is_none() || hint.sid == session.sid)
}

fn refusal(description: &'static str) -> Error {
    Error::new(ErrorCode::InvalidRequest, description)
}

impl Afterwards {
    /// The address; `state` only if it was sent (A43).
    pub fn location(&self) -> String {
        match &self.state {
            Some(state) => answer(&self.uri, [("state", state.as_str())]),
            None => self.uri.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{params, web};

    const BYE: &str = "https://coach.example.test/bye";

    fn request(text: &str) -> Request {
        Request::parse(&params(text)).unwrap()
    }

    fn genuine() -> Hinted {
        Hinted::Genuine(Hint {
            audience: vec!["coach".to_owned()],
            subject: "ann".to_owned(),
            sid: Some("s1".to_owned()),
        })
    }

    fn session() -> Session {
        Session { subject: "ann".to_owned(), sid: Some("s1".to_owned()) }
    }

    fn there(state: Option<&str>) -> Option<Afterwards> {
        Some(Afterwards { uri: BYE.to_owned(), state: state.map(str::to_owned) })
    }

    fn run(text: &str, hinted: &Hinted) -> Decision {
        decide(&request(text), hinted, Some(&web()), Some(&session()))
    }

    fn refused(decision: &Decision) -> bool {
        matches!(decision, Decision::Refuse(error) if error.status() == 400)
    }

    #[test]
    fn a43_a_genuine_hint_ends_the_session_and_leads_back_with_the_state() {
        let back = format!("id_token_hint=x&post_logout_redirect_uri={BYE}");
        assert_eq!(run(&format!("{back}&state=s%201"), &genuine()), Decision::End(there(Some("s 1"))));
        assert_eq!(run(&back, &genuine()), Decision::End(there(None)));
        assert_eq!(there(Some("s 1")).unwrap().location(), "https://coach.example.test/bye?state=s%201");
        assert_eq!(there(None).unwrap().location(), BYE);
    }

    #[test]
    fn a44_only_the_registered_address_byte_for_byte() {
        for other in [
            "https://evil.test/bye",
            "https://coach.example.test/bye/",
            "https://coach.example.test/bye?foo=bar",
            "https://coach.example.test/cb",
        ] {
            let text = format!("id_token_hint=x&post_logout_redirect_uri={other}");
            assert!(refused(&run(&text, &genuine())), "{other}");
        }
        let with_query = "id_token_hint=x&post_logout_redirect_uri=https://coach.example.test/bye?a=1&state=s";
        let Decision::End(Some(afterwards)) = run(with_query, &genuine()) else { panic!() };
        assert_eq!(afterwards.location(), "https://coach.example.test/bye?a=1&state=s");
    }

    #[test]
    fn a45_a_forged_hint_never_redirects_and_never_ends_a_session() {
        for text in [
            format!("id_token_hint=x&post_logout_redirect_uri={BYE}"),
            format!("id_token_hint=x&client_id=coach&post_logout_redirect_uri={BYE}"),
        ] {
            assert_eq!(run(&text, &Hinted::Forged), Decision::Ask(None));
            assert_eq!(decide(&request(&text), &Hinted::Forged, Some(&web()), None), Decision::Already(None));
        }
    }

    #[test]
    fn a46_without_a_hint_the_person_is_asked() {
        let text = format!("client_id=coach&post_logout_redirect_uri={BYE}");
        assert_eq!(run(&text, &Hinted::Absent), Decision::Ask(there(None)));
        let nameless = format!("post_logout_redirect_uri={BYE}&state=s");
        assert_eq!(decide(&request(&nameless), &Hinted::Absent, None, Some(&session())), Decision::Ask(None));
    }

    #[test]
    fn a46_a_hint_about_another_session_asks_too() {
        for session in [
            Session { subject: "bob".to_owned(), sid: Some("s1".to_owned()) },
            Session { subject: "ann".to_owned(), sid: Some("s2".to_owned()) },
            Session { subject: "ann".to_owned(), sid: None },
        ] {
            let decision = decide(&request("id_token_hint=x"), &genuine(), Some(&web()), Some(&session));
            assert_eq!(decision, Decision::Ask(None), "{session:?}");
        }
    }

    #[test]
    fn e19_of_several_sessions_the_hinted_one_is_meant() {
        let named = |subject: &str, sid: &str| Session { subject: subject.to_owned(), sid: Some(sid.to_owned()) };
        let here = [named("bob", "s9"), named("ann", "s2"), named("ann", "s1")];
        assert_eq!(about(&genuine(), &here), Some(2), "the very session");
        assert_eq!(about(&genuine(), &here[..2]), Some(1), "the same person, signed in anew");
        assert_eq!(about(&genuine(), &here[..1]), None);
        for unsaid in [Hinted::Absent, Hinted::Forged] {
            assert_eq!(about(&unsaid, &here), None, "{unsaid:?}");
        }
    }

    #[test]
    fn a47_every_parameter_is_optional() {
        for text in ["", "state=s", "ui_locales=nl+en", "logout_hint=ann"] {
            assert_eq!(decide(&request(text), &Hinted::Absent, None, Some(&session())), Decision::Ask(None), "{text}");
            assert_eq!(decide(&request(text), &Hinted::Absent, None, None), Decision::Already(None), "{text}");
        }
        assert_eq!(run("id_token_hint=x", &genuine()), Decision::End(None));
        assert_eq!(request("ui_locales=nl+en").ui_locales, ["nl", "en"]);
    }

    #[test]
    fn a48_the_hint_belongs_to_the_named_application_which_exists() {
        let mismatch = request("id_token_hint=x&client_id=portal");
        assert!(refused(&decide(&mismatch, &genuine(), Some(&web()), Some(&session()))));
        // The application of the hint was deleted: refused, not crashed.
        let stale = request(&format!("id_token_hint=x&post_logout_redirect_uri={BYE}"));
        assert_eq!(stale.client_id(&genuine()), Some("coach"));
        assert!(refused(&decide(&stale, &genuine(), None, Some(&session()))));
        assert!(refused(&decide(&request("client_id=nobody"), &Hinted::Absent, None, Some(&session()))));
        assert_eq!(run("id_token_hint=x&client_id=coach", &genuine()), Decision::End(None));
    }

    #[test]
    fn b02_a_parameter_that_comes_twice_is_refused() {
        let twice = Params::of_both(Some("state=a"), b"state=b");
        assert_eq!(Request::parse(&twice).unwrap_err().code, ErrorCode::InvalidRequest);
    }
}
