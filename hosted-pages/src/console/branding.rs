//! How a tenant's pages and mails look: its choices, and what they look like before they are saved.

use askama::Template;
use polder_kernel::{Locale, Timestamp};
use polder_tenant_api::{BrandLogo, BrandTexts, BrandingChoices};

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead};
use crate::account::{self, Overview};
use crate::brand::{Brand, Theme, Why};
use crate::mail::{self, CodePurpose};
use crate::tenant::{SignInCode, SignInEmail};
use crate::texts::texts;
use crate::{Device, Frame, Look, Page};

/// A tenant's branding. `form#branding-form` posts the choices to `/tenants/{slug}/branding`, those of a language
/// with its tag before them (`nl_welcome`); `form#logo-form` posts a file to `…/branding/logo`, and
/// `form#logo-remove-form` nothing to `…/branding/logo/remove`. The preview is a frame of our own.
#[derive(Clone, Copy, Template)]
#[template(path = "console/branding.html")]
pub struct Branding<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// What the form holds.
    pub choices: &'a BrandingChoices,
    /// The logo there is.
    pub logo: Option<&'a BrandLogo>,
    /// What the frame shows.
    pub shown: Specimen,
    /// In which language.
    pub in_language: Locale,
    /// Light or dark.
    pub look: Look,
    /// Where the frame gets it.
    pub preview: &'a str,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// What a preview shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Specimen {
    /// The first page of a sign-in.
    SignIn,
    /// The page that asks for the code.
    Code,
    /// The account.
    Account,
    /// The mail with a code.
    Mail,
}

/// A tenant as a preview shows it.
#[derive(Clone, Copy, Debug)]
pub struct Dressed<'a> {
    /// Its name.
    pub name: &'a str,
    /// What of its own stands around its pages.
    pub brand: Brand<'a>,
    /// Its colours.
    pub theme: &'a Theme,
    /// The nonce of the response.
    pub nonce: &'a str,
}

/// A text in one language, as the form has it.
struct TextField {
    id: String,
    kind: &'static str,
    label: &'static str,
    value: String,
    longest: &'static str,
}

impl Branding<'_> {
    const fn section(&self) -> Section {
        Section::Branding
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    fn texts(&self, locale: &Locale) -> Vec<TextField> {
        let t = &self.shell.t().branding;
        let own = self.choices.texts.get(locale).cloned().unwrap_or_default();
        let BrandTexts { name, welcome, help, terms_url, privacy_url } = own;
        [
            ("name", "text", t.name, name, "64"),
            ("welcome", "text", t.welcome, welcome, "200"),
            ("help", "text", t.help, help, "200"),
            ("terms_url", "url", t.terms, terms_url, "2048"),
            ("privacy_url", "url", t.privacy, privacy_url, "2048"),
        ]
        .map(|(field, kind, label, value, longest)| TextField {
            id: branding_field(locale, field),
            kind,
            label,
            value: value.unwrap_or_default(),
            longest,
        })
        .into()
    }

    fn radius(&self) -> String {
        self.choices.radius.map(|radius| radius.to_string()).unwrap_or_default()
    }
}

/// What is wrong with a choice, in the member's language.
pub fn branding_problem(why: Why, locale: Locale) -> String {
    let t = &texts(locale).branding;
    match why {
        Why::NotAColour => t.colour.to_owned(),
        Why::TooRound => t.round.to_owned(),
        // Down, so that what is too little never reads as enough.
        Why::Contrast { front, back, ratio, least, better } => {
            t.contrast(front, back, (ratio * 100.0).floor() / 100.0, least, better)
        }
    }
}

/// What the form calls a text in one language.
pub fn branding_field(locale: &Locale, field: &str) -> String {
    format!("{locale}_{field}")
}

/// The text of a choice, or nothing.
pub(crate) fn text(choice: &Option<String>) -> &str {
    choice.as_deref().unwrap_or_default()
}

impl Specimen {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::SignIn, Self::Code, Self::Account, Self::Mail];

    /// As addresses name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Code => "code",
            Self::Account => "account",
            Self::Mail => "mail",
        }
    }

    /// Reads what [`Specimen::as_str`] gave; anything else is the first.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|one| one.as_str() == text).unwrap_or(Self::SignIn)
    }

    /// Whether it is a mail, whose styles are its own.
    pub const fn is_mail(self) -> bool {
        matches!(self, Self::Mail)
    }

    pub(crate) const fn label(self, t: &crate::texts::Texts) -> &'static str {
        match self {
            Self::SignIn => t.branding.show_sign_in,
            Self::Code => t.branding.show_code,
            Self::Account => t.branding.show_account,
            Self::Mail => t.branding.show_mail,
        }
    }

    /// The specimen as HTML, with somebody's made-up data.
    pub fn render(self, locale: Locale, look: Look, dressed: Dressed<'_>) -> String {
        let Dressed { name, brand, theme, nonce } = dressed;
        let frame = Frame { nonce, csrf: "", look: Some(look), brand, ..Frame::new(locale, name) };
        let application = frame.t().branding.sample_application;
        let application = Some(application);
        match self {
            Self::SignIn => Page::render(&SignInEmail {
                frame,
                application,
                email: "",
                error: None,
                passkey_problem: None,
                providers: &[],
                trouble: None,
                waits: None,
                shown: "",
            }),
            Self::Code => Page::render(&SignInCode {
                frame,
                application,
                masked_address: ADDRESS,
                minutes: 5,
                resend_after_seconds: 30,
                resent: false,
                error: None,
            }),
            Self::Account => Page::render(&Overview {
                shell: account::Shell {
                    frame,
                    current: account::Section::Overview,
                    connections: false,
                    sign_out_csrf: "",
                    address: None,
                    said: None,
                    offer_end: false,
                },
                name: NAME,
                address: ADDRESS,
                second_factor: true,
                recovery_codes: 10,
                sessions: 2,
                applications: 1,
            }),
            Self::Mail => {
                let mail = mail::SignInCode {
                    locale,
                    tenant_name: name,
                    theme,
                    purpose: CodePurpose::SignIn(application),
                    code: "40718265",
                    minutes: 5,
                    browser: Device::default(),
                    at: Timestamp::from_seconds(1_795_248_000),
                    place: None,
                };
                // A mail follows the device; here it follows the choice.
                let media = if look == Look::Dark { "@media all" } else { "@media not all" };
                mail.render().html.replace("@media (prefers-color-scheme: dark)", media)
            }
        }
    }
}

const NAME: &str = "Ann de Vries";
const ADDRESS: &str = "ann@example.org";
