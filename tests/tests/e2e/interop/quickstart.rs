//! The README's way to a sign-in of one's own, as it stands there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use polder_tests::foreign_client;
use polder_tests::polder::free_port;
use url::Url;

use super::*;

#[tokio::test]
async fn k3_the_readme_leads_to_a_sign_in_of_ones_own() -> Result<()> {
    if !Library::OpenidClient.is_here("k3_the_readme_leads_to_a_sign_in_of_ones_own") {
        return Ok(());
    }
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"))?;
    let polder = Polder::start()?;
    let (console, port) = (Url::parse(&polder.address("console"))?, free_port()?);
    let ours = |text: &str| {
        let text = text.replace(":8600", &format!(":{}", console.port().unwrap_or(80)));
        text.replace("localhost:3000", &format!("localhost:{port}")).replace("listen(3000", &format!("listen({port}"))
    };

    let folder = tempfile::tempdir()?;
    symlink(&polder.data, folder.path().join(".polder"))?;
    symlink(foreign_client::folder().join("node_modules"), folder.path().join("node_modules"))?;
    let said = Command::new("bash").args(["-eu", "-c", &ours(block(&readme, "sh")?)]).current_dir(&folder).output()?;
    ensure!(said.status.success(), "{said:?}");
    fs::write(folder.path().join("shop.mjs"), ours(block(&readme, "js")?))?;
    let mut node = Command::new("node");
    let _shop = Ends(node.arg("shop.mjs").current_dir(&folder).stdin(Stdio::null()).spawn()?);

    let shop: Url = format!("http://localhost:{port}/").parse()?;
    let browser = Browser::new();
    let mut tries = 0;
    let authorize = loop {
        match browser.open(&shop).await {
            Ok(landed) => break landed.elsewhere()?,
            Err(error) if tries == 200 => return Err(error.context("the app does not answer")),
            Err(_) => tries += 1,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    ensure!(authorize.host_str() == Some("acme.localhost"), "{authorize}");
    let callback = browser.sign_in(&authorize, &polder.mailbox(), ANN).await?;
    ensure!(callback.port() == Some(port), "{callback}");
    let hello = browser.open(&callback).await?.page()?;
    ensure!(hello.html == format!("Hello {ANN}"), "{}", hello.html);
    Ok(())
}

/// The first block of the README in a language.
fn block<'a>(readme: &'a str, language: &str) -> Result<&'a str> {
    let (_, rest) = readme.split_once(&format!("\n```{language}\n")).with_context(|| format!("no {language}"))?;
    Ok(rest.split_once("\n```\n").context("it ends")?.0)
}

/// A program that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
