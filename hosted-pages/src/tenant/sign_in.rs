//! The steps of a sign-in, one form each.

use askama::Template;

use super::PasskeyProblem;
use super::providers::{ProviderButton, ProviderTrouble, WaitingAccount};
use crate::Frame;
use crate::fields::{self, FieldInput};
use crate::texts::Texts;

/// Asks for the address. `form#email-form` posts `email` to `/signin/email`;
/// `form#passkey-form` posts what the browser answered to `/signin/passkey`, by script.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/sign_in_email.html")]
pub struct SignInEmail<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that waits, where there is one.
    pub application: Option<&'a str>,
    /// What the field holds: `login_hint`, or what was typed before.
    pub email: &'a str,
    /// What was wrong with it.
    pub error: Option<EmailError>,
    /// Why a passkey did not sign in.
    pub passkey_problem: Option<PasskeyProblem<'a>>,
    /// Outside providers to sign in with: links to `/signin/with/CONNECTION?flow=…`.
    pub providers: &'a [ProviderButton<'a>],
    /// Why one of them signed nobody in.
    pub trouble: Option<ProviderTrouble<'a>>,
    /// An account there that waits to be connected; `form#leave-form` posts to `/signin/connect`.
    pub waits: Option<WaitingAccount<'a>>,
    /// When the page was shown, under the tenant's key: the hidden `shown`.
    pub shown: &'a str,
}

/// Why an address was not accepted. There is no "unknown address" on purpose (D10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailError {
    /// Nothing was typed.
    Empty,
    /// It is not an address.
    Invalid,
    /// Too many attempts from here or for this address.
    TooMany {
        /// After how many seconds it makes sense to try again.
        retry_after_seconds: u64,
    },
    /// The codes before this were wrong too often or too late: start again.
    StartAgain,
}

/// Asks for the code. `form#code-form` posts `code` to `/signin/code`; further forms post to
/// `/signin/resend`, `/signin/switch` (another address) and `/signin/cancel`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/sign_in_code.html")]
pub struct SignInCode<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that waits, where there is one.
    pub application: Option<&'a str>,
    /// The address as the visitor typed it, masked or whole.
    pub masked_address: &'a str,
    /// How many minutes a code works.
    pub minutes: u32,
    /// After how many seconds another code can be asked for; 0 when at once.
    pub resend_after_seconds: u64,
    /// Whether another code was just sent.
    pub resent: bool,
    /// What was wrong with the code.
    pub error: Option<CodeError>,
}

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// Nothing was typed.
    Empty,
    /// It is not eight digits.
    Malformed,
    /// It is not the code that was sent.
    Wrong {
        /// How many tries are left for this code.
        tries_left: u32,
    },
    /// The code is older than its minutes, or has been used.
    Expired,
    /// All tries for this code are gone; another can be asked for.
    NoTriesLeft,
    /// Another code was asked for too soon, or too many were.
    TooSoon {
        /// After how many seconds one can be asked for.
        retry_after_seconds: u64,
    },
}

/// Asks a new person for their name, and for the tenant's own fields. `form#name-form` posts `name` and those to
/// `/signin/name`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/first_name.html")]
pub struct FirstName<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that waits, where there is one.
    pub application: Option<&'a str>,
    /// What the field holds.
    pub name: &'a str,
    /// What was wrong with it.
    pub error: Option<NameError>,
    /// What else the tenant asks.
    pub fields: &'a [FieldInput],
}

/// Why a name was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing was typed.
    Empty,
    /// It is longer than 100 characters.
    TooLong,
    /// It holds characters that are no part of a name.
    Invalid,
}

/// Asks whether to go on as the person who is signed in. `form#continue-form` posts to
/// `/signin/continue`, others to `/signin/switch` and `/signin/cancel`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/continue_as.html")]
pub struct ContinueAs<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that asks.
    pub application: &'a str,
    /// Where the application lives, as verified: the host of its redirect; `None` for programs on a device.
    pub destination: Option<&'a str>,
    /// The person's name; may be empty.
    pub name: &'a str,
    /// The person's address, masked.
    pub masked_address: &'a str,
    /// Stands for this person in the form: the answer counts for nobody else.
    pub person: &'a str,
}

/// Asks which of the people signed in on this browser goes on to the application (E19): a form each to
/// `/signin/continue`, and `form#switch-form` for somebody else.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/choose_account.html")]
pub struct ChooseAccount<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that asks.
    pub application: &'a str,
    /// Where the application lives, as verified: the host of its redirect; `None` for programs on a device.
    pub destination: Option<&'a str>,
    /// Who is signed in.
    pub accounts: &'a [AccountChoice<'a>],
    /// What `to` says where it is none of them.
    pub somebody_new: &'a str,
}

/// Somebody to go on as.
#[derive(Clone, Copy, Debug)]
pub struct AccountChoice<'a> {
    /// The person's name; may be empty.
    pub name: &'a str,
    /// The person's address.
    pub address: &'a str,
    /// Stands for this person in the form: the answer counts for nobody else.
    pub person: &'a str,
}

impl SignInEmail<'_> {
    fn title(&self) -> String {
        let t = &self.frame.t().email;
        self.application.map_or_else(|| t.title.to_owned(), |application| t.title_for(application))
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.map(|trouble| trouble.text(&self.frame))
    }

    fn problem(&self) -> Option<String> {
        self.error.map(|error| error.text(self.frame.t()))
    }
}

impl EmailError {
    pub(crate) fn text(self, t: &Texts) -> String {
        match self {
            Self::Empty => t.email.error_empty.to_owned(),
            Self::Invalid => t.email.error_invalid.to_owned(),
            Self::TooMany { retry_after_seconds } => t.email.error_too_many(t.wait(retry_after_seconds)),
            Self::StartAgain => t.email.error_start_again.to_owned(),
        }
    }
}

impl CodeError {
    pub(crate) fn text(self, t: &Texts) -> String {
        match self {
            Self::Empty => t.code.error_empty.to_owned(),
            Self::Malformed => t.code.error_malformed.to_owned(),
            Self::Wrong { tries_left: 0 } | Self::NoTriesLeft => t.code.error_no_tries.to_owned(),
            Self::Wrong { tries_left: 1 } => t.code.error_wrong_one.to_owned(),
            Self::Wrong { tries_left } => t.code.error_wrong_many(tries_left),
            Self::Expired => t.code.error_expired.to_owned(),
            Self::TooSoon { retry_after_seconds } => t.code.error_too_soon(t.wait(retry_after_seconds)),
        }
    }
}

impl NameError {
    pub(crate) const fn text(self, t: &Texts) -> &'static str {
        match self {
            Self::Empty => t.name.error_empty,
            Self::TooLong => t.name.error_too_long,
            Self::Invalid => t.name.error_invalid,
        }
    }
}

impl SignInCode<'_> {
    fn problem(&self) -> Option<String> {
        self.error.map(|error| error.text(self.frame.t()))
    }

    fn validity(&self) -> String {
        let t = self.frame.t();
        t.code.minutes(t.minutes(self.minutes))
    }

    fn help(&self) -> String {
        let t = self.frame.t();
        match self.resend_after_seconds {
            0 => t.code.help.to_owned(),
            seconds => t.code.help_wait(t.wait(seconds)),
        }
    }
}

impl FirstName<'_> {
    fn title(&self) -> &'static str {
        let t = self.frame.t();
        if self.fields.is_empty() { t.name.title } else { t.fields.title }
    }

    fn is_wrong(&self) -> bool {
        self.error.is_some() || fields::any_wrong(self.fields)
    }

    fn problem(&self) -> Option<&'static str> {
        self.error.map(|error| error.text(self.frame.t()))
    }
}
