//! The coaching platform: two doors, invitations, and what a client may not do.

use anyhow::{Context, Result};
use polder_tests::browser::Page;
use polder_tests::chromium::{Chromium, Look};
use polder_tests::mailbox::Mailbox;
use polder_tests::{Browser, Landed, Polder, forms};
use url::Url;

pub const COACH: &str = "coach@example.test";
const SECOND_COACH: &str = "coach2@example.test";
const CLIENT: &str = "client@example.test";

/// Opens an address of the platform and signs in at the tenant on the way; ends on a page.
pub async fn enter(browser: &Browser, url: &Url, mailbox: &Mailbox, email: &str) -> Result<Page> {
    let mut next = url.clone();
    for _ in 0..8 {
        next = match browser.open(&next).await? {
            Landed::Page(page) if forms::shows(&page.html, "input[type=email]:not(#invite-form input)") => {
                browser.sign_in(&page.url, mailbox, email).await?
            }
            Landed::Page(page) => return Ok(page),
            Landed::Elsewhere(url) => url,
        };
    }
    anyhow::bail!("never arrived at {url}")
}

async fn invite(coach: &Browser, page: &Page, email: &str) -> Result<Page> {
    let form =
        forms::form(&page.html, "#invite-form").with_context(|| format!("no invitation form:\n{}", page.html))?;
    coach.submit(page, &form, &[("name", "Client Example"), ("email", email)]).await?.page()
}

/// The link in an invitation.
async fn invitation(mailbox: &Mailbox, email: &str) -> Result<Url> {
    let message = mailbox.next(email).await?;
    let link = message.text.split_whitespace().find(|w| w.starts_with("http")).context("a link")?;
    Ok(Url::parse(link)?)
}

#[tokio::test]
async fn p1_p2_p19_two_coaches_one_client_and_two_doors() -> Result<()> {
    let polder = Polder::start()?;
    let mailbox = polder.mailbox();
    let platform = Url::parse(&polder.address("coaching"))?;
    let (coach_door, portal_door) = (platform.join("/coach")?, platform.join("/portal")?);

    let coach = Browser::new();
    let page = enter(&coach, &coach_door, &mailbox, COACH).await?;
    mailbox.forget(CLIENT).await?;
    let page = invite(&coach, &page, CLIENT).await?;
    assert!(page.html.contains(CLIENT) && page.html.contains("Invited"), "{}", page.html);

    // The client opens the mailed link, signs in at the portal and is linked.
    let link = invitation(&mailbox, CLIENT).await?;
    let client = Browser::new();
    let page = client.open(&link).await?.page()?;
    let form = forms::form_with(&page.html, "#accept").context("the way on")?;
    let mut start = page.url.join(&form.action)?;
    start.query_pairs_mut().extend_pairs(form.fields);
    let page = enter(&client, &start, &mailbox, CLIENT).await?;
    assert_eq!(page.url.path(), "/portal");
    assert!(page.html.contains(COACH), "{}", page.html);

    // A second coach invites the same person: one portal account shows both.
    let second = Browser::new();
    let page = enter(&second, &coach_door, &mailbox, SECOND_COACH).await?;
    assert!(!page.html.contains(CLIENT), "a coach sees no other coach's clients");
    mailbox.forget(CLIENT).await?;
    invite(&second, &page, CLIENT).await?;
    invitation(&mailbox, CLIENT).await?;
    let out = forms::form_with(&client.open(&portal_door).await?.page()?.html, "#sign-out").context("sign out")?;
    let page = client.open(&portal_door).await?.page()?;
    let ended = follow_out(&client, client.submit(&page, &out, &[]).await?).await?;
    assert_eq!(ended.url.path(), "/signed-out", "{}", ended.html);
    let page = enter(&client, &portal_door, &mailbox, CLIENT).await?;
    assert!(page.html.contains(COACH) && page.html.contains(SECOND_COACH), "{}", page.html);

    // Single sign-on does not carry a client through the coaches' door.
    let page = enter(&client, &coach_door, &mailbox, CLIENT).await?;
    assert!(!forms::shows(&page.html, "#invite-form"), "{}", page.html);
    assert!(
        page.url.as_str().starts_with(&polder.issuer("practice")) || page.status == 403,
        "{} {}",
        page.status,
        page.url
    );
    Ok(())
}

/// Follows a sign-out over the identity provider and back.
async fn follow_out(browser: &Browser, mut landed: Landed) -> Result<Page> {
    for _ in 0..6 {
        match landed {
            Landed::Page(page) => return Ok(page),
            Landed::Elsewhere(url) => landed = browser.open(&url).await?,
        }
    }
    anyhow::bail!("signing out does not end")
}

#[tokio::test]
async fn b93_a_newcomer_in_a_real_browser_that_holds_no_token() -> Result<()> {
    let polder = Polder::start()?;
    let mailbox = polder.mailbox();
    let platform = polder.address("coaching");

    let coach = Chromium::start(Look::DESKTOP).await?;
    coach.open(&platform).await?;
    coach.picture("1-coaching-home").await?;
    coach.open(&format!("{platform}/coach")).await?;
    sign_in(&coach, &mailbox, (COACH, "coach"), "#invite-form").await?;
    coach.picture("5-coach-empty").await?;
    // Tokens stay with the platform's server: scripts reach neither those nor the session.
    let reached = coach.within_reach_of_scripts().await?;
    assert!(reached.starts_with(r#"["",{},{}]"#) && !reached.contains("eyJ"), "{reached}");
    mailbox.forget(CLIENT).await?;
    coach.fill("#name", "Client Example").await?;
    coach.fill("#email", CLIENT).await?;
    coach.press("#invite-form button").await?;
    coach.wait("#clients").await?;
    coach.picture("6-coach-invited").await?;

    let client = Chromium::start(Look::PHONE).await?;
    client.open(invitation(&mailbox, CLIENT).await?.as_str()).await?;
    client.picture("7-invitation").await?;
    client.press("#accept").await?;
    sign_in(&client, &mailbox, (CLIENT, "client"), "#coaches").await?;
    client.picture("8-portal").await?;
    assert!(client.text().await?.contains(COACH));

    // A client cannot enter by the coaches' door.
    client.open(&format!("{platform}/coach")).await?;
    client.picture("9-not-allowed").await?;
    assert!(!client.shows("#invite-form").await?);

    client.open(&format!("{platform}/portal")).await?;
    client.press("#sign-out").await?;
    client.wait("main a[href='/portal']").await?;
    assert!(client.url().await?.ends_with("/signed-out"), "{}", client.url().await?);
    client.picture("10-signed-out").await?;
    // The session at the tenant is over too: the portal asks again.
    client.open(&format!("{platform}/portal")).await?;
    client.wait("input[type=email]").await?;
    client.close().await?;
    coach.close().await
}

async fn sign_in(browser: &Chromium, mailbox: &Mailbox, (email, who): (&str, &str), arrived: &str) -> Result<()> {
    browser.wait("input[type=email]").await?;
    browser.picture(&format!("2-{who}-email")).await?;
    mailbox.forget(email).await?;
    browser.fill("input[type=email]", email).await?;
    browser.press("form#email-form button[type=submit]").await?;
    browser.wait("input[autocomplete=one-time-code]").await?;
    let code = mailbox.code(email).await?;
    browser.picture(&format!("3-{who}-code")).await?;
    browser.fill("input[autocomplete=one-time-code]", &code).await?;
    browser.press("form#code-form button[type=submit]").await?;
    // The name is asked for once; then the platform's own page shows.
    browser.wait(&format!("input[autocomplete=name], form#skip-form, {arrived}")).await?;
    if browser.shows("input[autocomplete=name]").await? {
        browser.picture(&format!("4-{who}-name")).await?;
        browser.fill("input[autocomplete=name]", "Ann Example").await?;
        browser.press("form#name-form button[type=submit]").await?;
        browser.wait(&format!("form#skip-form, {arrived}")).await?;
    }
    if browser.shows("form#skip-form").await? {
        browser.press("form#skip-form button[type=submit]").await?;
    }
    browser.wait(arrived).await?;
    Ok(())
}
