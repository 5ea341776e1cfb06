//! The parameters of an authorization request, sent by a browser or pushed.

use polder_protocol::authorize::{self, Answer, Came, Refusal, ReturnTo};
use polder_protocol::{ApplicationType, Client, Params, redirect_uri};

use crate::applications::{self, ISSUER, NOW};

/// An answer, good or bad, leads to an address of the application and nowhere else; a request that is taken keeps
/// to the rules of its application.
///
/// # Panics
/// When it does not hold.
pub fn holds(input: &[u8]) {
    let params = Params::read(input);
    for application in applications::all() {
        for came in [Came::ByBrowser, Came::Pushed] {
            match authorize::validate_as(came, &params, Some(&application), NOW) {
                Ok(request) => {
                    assert_eq!(request.client_id, application.id);
                    assert!(request.code_challenge.is_some() || !application.must_use_pkce());
                    assert!(came == Came::Pushed || !application.must_push());
                    assert!(request.resources.iter().all(|resource| application.may_name(resource)));
                    leads_home(&application, &request.return_to);
                    let stored = serde_json::to_string(&request).expect("a request can be kept");
                    let read: authorize::Request = serde_json::from_str(&stored).expect("and read again");
                    // Neither of the two is kept: the hint is turned into its subject before.
                    let read = authorize::Request { came, id_token_hint: request.id_token_hint.clone(), ..read };
                    assert_eq!(read, request);
                }
                Err(Refusal::Redirect(refused)) => leads_home(&application, &refused.to),
                Err(Refusal::NoRedirect(_)) => {}
            }
        }
    }
    let unknown = authorize::validate(&params, None, NOW);
    assert!(matches!(unknown, Err(Refusal::NoRedirect(_))), "nobody's request leads anywhere");
}

fn leads_home(application: &Client, to: &ReturnTo) {
    let native = application.kind == ApplicationType::Native;
    let is_own = |own| redirect_uri::matches(own, to.redirect_uri(), native);
    assert!(application.redirect_uris.iter().any(is_own), "{} is not its own", to.redirect_uri());
    match to.code(ISSUER, "the-code") {
        Answer::Form(form) => assert_eq!(form.action, to.redirect_uri()),
        Answer::Location(location) => {
            let rest = location.strip_prefix(to.redirect_uri()).expect("the answer is added to the address");
            assert!(rest.starts_with(['?', '&']), "{location}");
            assert!(location.bytes().all(|b| b.is_ascii_graphic()), "{location}");
        }
    }
}
