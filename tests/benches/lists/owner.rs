//! The console's owner, in a browser without JavaScript.

use anyhow::{Context, Result, bail, ensure};
use polder_tests::{Browser, Landed, Polder, forms};

const OWNER: &str = "owner@example.test";

/// Takes the invitation that was printed, and signs in.
pub async fn sign_in(polder: &Polder) -> Result<Browser> {
    let browser = Browser::new();
    let printed = std::fs::read_to_string(polder.log())?;
    let link = printed.split_whitespace().find(|word| word.contains("/invitation/")).context("no invitation")?;
    let page = browser.open(&link.parse()?).await?.page()?;
    let form = forms::form(&page.html, "form#invitation-form").context("the invitation's form")?;
    let told = [("name", "Olga Owner"), ("email", OWNER)];
    let Landed::Elsewhere(authorize) = browser.submit(&page, &form, &told).await? else {
        bail!("the invitation leads nowhere")
    };
    let callback = browser.sign_in(&authorize, &polder.mailbox(), OWNER).await?;
    let home = browser.open(&callback).await?.page()?;
    ensure!(home.status == 200 && home.html.contains("/signout"), "{} {}", home.status, home.html);
    Ok(browser)
}
