//! axe-core over every hosted page, every account page and every page of the console, in each language, light and
//! dark, and nothing wider than a phone of 320 pixels.
//!
//! The rules come from npm (`tests/axe`), pinned; they are part of the tests and of nothing else.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use polder_hosted_pages::assets;
use polder_kernel::Locale;
use polder_tests::chromium::{Chromium, Look};

#[expect(dead_code, reason = "mails and hostile words are for the tests of the pages themselves")]
#[path = "../../../hosted-pages/tests/everything/samples/mod.rs"]
mod samples;

/// The text of axe-core, installed where it is missing.
fn axe() -> Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("axe");
    let script = folder.join("node_modules/axe-core/axe.min.js");
    if !script.exists() {
        let done = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .output();
        let done = done.context("npm is missing: install the Debian packages nodejs and npm")?;
        ensure!(done.status.success(), "npm ci: {}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(std::fs::read_to_string(script)?)
}

/// Runs every rule of WCAG 2.2 A and AA and the best practices, and gives what is wrong as text.
const RUN: &str = "const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
  .then(found => done(found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html).join(' | ')).join('\\n')))
  .catch(error => done('axe failed: ' + error));";

/// The page's width and what is wider than the window.
const WIDTH: &str = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";

/// Whose pages are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Tenants,
    Console,
}

async fn look_at(look: Look, locale: Locale) -> Result<()> {
    look_at_pages(Whose::Tenants, look, locale).await
}

async fn look_at_pages(whose: Whose, look: Look, locale: Locale) -> Result<()> {
    let (axe, folder) = (axe()?, tempfile::tempdir()?);
    std::fs::create_dir_all(folder.path().join("assets"))?;
    std::fs::create_dir_all(folder.path().join("branding"))?;
    // Without the script that leaves its page at once.
    for asset in assets::all().iter().filter(|asset| !asset.path.starts_with("/assets/form-post.")) {
        std::fs::write(folder.path().join(&asset.path[1..]), asset.bytes)?;
    }
    for (path, bytes) in samples::branded::files() {
        std::fs::write(folder.path().join(&path[1..]), bytes)?;
    }
    let chromium = Chromium::start(look).await?;
    let mut wrong = Vec::new();
    let pages: Vec<_> = samples::pages(locale, samples::Words::USUAL)
        .into_iter()
        .filter(|sample| sample.name.starts_with("console-") == (whose == Whose::Console))
        .collect();
    ensure!(pages.len() > 80, "{} pages", pages.len());
    for sample in pages {
        let file = folder.path().join(format!("{}.html", sample.name));
        std::fs::write(&file, sample.html.replace("\"/assets/", "\"assets/").replace("\"/branding/", "\"branding/"))?;
        chromium.open(&format!("file://{}", file.display())).await?;
        chromium.page.execute(&axe, Vec::new()).await?;
        let found = chromium.page.execute_async(RUN, Vec::new()).await?;
        match found.as_str() {
            Some("") => {}
            Some(text) => wrong.push(format!("{}: {text}", sample.name)),
            None => bail!("{}: axe said nothing", sample.name),
        }
        let over = chromium.page.execute(WIDTH, Vec::new()).await?.as_i64().unwrap_or(0);
        if over > 0 {
            wrong.push(format!("{}: {over} pixels wider than the window", sample.name));
        }
        if POSED.contains(&sample.name.as_str()) {
            chromium
                .picture(&format!("{}-{}-{}{}", sample.name, locale, look.width, if look.dark { "-dark" } else { "" }))
                .await?;
        }
    }
    chromium.close().await?;
    ensure!(wrong.is_empty(), "{look:?} {locale}:\n{}", wrong.join("\n"));
    Ok(())
}

/// Pages whose pictures are kept, where pictures are asked for.
const POSED: [&str; 24] = [
    "sign-in-email",
    "sign-in-code",
    "sign-in-email-branded",
    "sign-in-code-branded",
    "account-overview-branded",
    "choose-account",
    "make-room",
    "home-several",
    "sign-out-confirm-several",
    "prove-work",
    "prove-work-early",
    "error-blocked",
    "second-step",
    "second-step-recovery-wrong",
    "account-overview",
    "account-profile-error",
    "account-email-code",
    "account-second-factor-on",
    "account-second-factor-set-up",
    "account-recovery-codes-shown",
    "account-sessions",
    "account-activity",
    "account-preferences",
    "account-delete-wrong",
];

#[tokio::test]
async fn wcag_no_page_breaks_a_rule_on_a_desktop_in_english() -> Result<()> {
    look_at(Look::DESKTOP, Locale::En).await
}

#[tokio::test]
async fn wcag_no_page_breaks_a_rule_on_a_phone_in_the_dark_in_dutch() -> Result<()> {
    look_at(Look::PHONE, Locale::Nl).await
}

#[tokio::test]
async fn wcag_no_page_breaks_a_rule_on_a_desktop_in_the_dark_in_dutch() -> Result<()> {
    look_at(Look { dark: true, language: "nl", ..Look::DESKTOP }, Locale::Nl).await
}

#[tokio::test]
async fn wcag_no_page_breaks_a_rule_at_320_pixels_in_english() -> Result<()> {
    look_at(Look { width: 320, height: 640, dark: false, language: "en" }, Locale::En).await
}

#[tokio::test]
async fn wcag_no_page_of_the_console_breaks_a_rule_on_a_desktop_in_english() -> Result<()> {
    look_at_pages(Whose::Console, Look::DESKTOP, Locale::En).await
}

#[tokio::test]
async fn wcag_no_page_of_the_console_breaks_a_rule_on_a_phone_in_the_dark_in_dutch() -> Result<()> {
    look_at_pages(Whose::Console, Look::PHONE, Locale::Nl).await
}
