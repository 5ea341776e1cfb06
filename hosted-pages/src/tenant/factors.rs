//! What a sign-in asks for beyond an address: proving a passkey, or making what somebody has none of.

use askama::Template;

use super::{PasskeyProblem, Signals};
use crate::Frame;
use crate::account::SecondFactorError;
use crate::qr::{self, Picture};

/// Asks somebody who is signed in with less for their passkey. `form#passkey-form` posts what the browser
/// answered to `/signin/passkey`, by script.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/prove_passkey.html")]
pub struct ProvePasskey<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that asks.
    pub application: &'a str,
    /// Whether they may make another instead.
    pub another: bool,
    /// Why the last one did not do.
    pub problem: Option<PasskeyProblem<'a>>,
}

/// Has somebody make a passkey, or set up an app where that will do. `form#passkey-form` posts what the
/// browser made to `/signin/enrol/passkey`, by script; `form#app-form` posts to `/signin/enrol/app`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/make_factor.html")]
pub struct MakeFactor<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that asks.
    pub application: &'a str,
    /// Whether an app will do.
    pub app: bool,
    /// What the browser is told.
    pub signals: Signals<'a>,
    /// Whether the last passkey was not taken.
    pub failed: bool,
}

/// The picture for an app, and `form#totp-form` that posts `code` to `/signin/enrol/app/confirm`.
#[derive(Clone, Copy, Template)]
#[template(path = "tenant/set_up_app.html")]
pub struct SetUpApp<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// What the picture holds: an `otpauth:` address.
    pub uri: &'a str,
    /// The key, to be typed by hand.
    pub secret: &'a str,
    /// What was wrong with the code.
    pub error: Option<SecondFactorError>,
}

/// Recovery codes, the only time they are shown. `form#codes-form` goes on.
#[derive(Clone, Copy, Template)]
#[template(path = "tenant/take_codes.html")]
pub struct TakeCodes<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The codes.
    pub codes: &'a [String],
}

impl MakeFactor<'_> {
    const fn title(&self) -> &'static str {
        let t = &self.frame.t().factors;
        if self.app { t.factor_title } else { t.passkey_title }
    }

    fn intro(&self) -> String {
        let t = &self.frame.t().factors;
        if self.app { t.factor_intro(self.application) } else { t.passkey_intro(self.application) }
    }
}

impl SetUpApp<'_> {
    fn picture(&self) -> Option<Picture> {
        qr::picture(self.uri)
    }

    fn spaced_secret(&self) -> String {
        qr::spaced(self.secret)
    }

    fn problem(&self) -> Option<String> {
        self.error.map(|error| error.text(self.frame.t()))
    }
}
