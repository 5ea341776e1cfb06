//! Pages in the branding of a tenant.

use polder_hosted_pages::account::{Overview, Preferences, Section, Shell};
use polder_hosted_pages::brand::{self, Logo};
use polder_hosted_pages::tenant::{CodeError, EmailError, ErrorKind, ErrorPage, Home, SignInCode, SignInEmail};
use polder_hosted_pages::{Brand, Frame, Page, Theme};
use polder_tenant_api::BrandingChoices;

use super::{Sample, Words};

/// The files that these pages link, by path.
pub fn files() -> [(&'static str, Vec<u8>); 2] {
    [(STYLE, theme().style_sheet().unwrap_or_default().into_bytes()), (LOGO, include_bytes!("logo.png").to_vec())]
}

const STYLE: &str = "/branding/style.sample.css";
const LOGO: &str = "/branding/logo.sample.png";

/// Blue, on a page of its own colour, and rounder than ours.
pub fn theme() -> Theme {
    let choices = BrandingChoices {
        primary_color: Some("#1d4ed8".to_owned()),
        background_color: Some("#eef2ff".to_owned()),
        background_color_dark: Some("#0b1020".to_owned()),
        radius: Some(20),
        ..BrandingChoices::default()
    };
    brand::theme(&choices).unwrap_or(Theme::PLAIN)
}

pub fn pages(frame: Frame<'_>, words: Words<'_>) -> Vec<Sample> {
    let brand = Brand {
        style: Some(STYLE),
        logo: Some(Logo { src: LOGO, width: 240, height: 60, transparent: true }),
        welcome: Some(words.other),
        help: Some(words.person),
        terms: Some("https://practice.example.test/terms"),
        privacy: Some("https://practice.example.test/privacy"),
    };
    let frame = Frame { brand, ..frame };
    let mut pages = Vec::new();
    let mut add = |name: &str, page: &dyn Fn() -> String| {
        pages.push(Sample { name: format!("{name}-branded"), html: page() });
    };
    let email = SignInEmail {
        shown: "c2hvd24",
        frame,
        application: Some(words.application),
        email: "",
        error: None,
        passkey_problem: None,
        providers: &[],
        trouble: None,
        waits: None,
    };
    add("sign-in-email", &|| email.render());
    let wrong = SignInEmail { error: Some(EmailError::Invalid), email: words.address, ..email };
    add("sign-in-email-invalid", &|| wrong.render());
    let code = SignInCode {
        frame,
        application: Some(words.application),
        masked_address: words.address,
        minutes: 5,
        resend_after_seconds: 30,
        resent: true,
        error: Some(CodeError::Wrong { tries_left: 3 }),
    };
    add("sign-in-code", &|| code.render());
    let home = Home { frame, issuer: words.url, people: &[] };
    add("home", &|| home.render());
    let error = ErrorPage { frame, kind: ErrorKind::NotFound, detail: Some(words.other), request_id: "4f1c02d3" };
    add("error", &|| error.render());
    let frame = Frame { flow: "", language_path: Some("/account"), ..frame };
    let shell = |current| Shell {
        frame,
        current,
        sign_out_csrf: "csrf-sign-out",
        address: None,
        connections: false,
        said: None,
        offer_end: false,
    };
    let overview = Overview {
        shell: shell(Section::Overview),
        name: words.person,
        address: words.address,
        second_factor: true,
        recovery_codes: 7,
        sessions: 3,
        applications: 2,
    };
    add("account-overview", &|| overview.render());
    let preferences = Preferences { shell: shell(Section::Preferences) };
    add("account-preferences", &|| preferences.render());
    pages
}
