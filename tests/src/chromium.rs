//! A real browser, driven through chromedriver.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::polder::free_port;

/// Chromium with a profile of its own; ends when dropped.
pub struct Chromium {
    /// Drives it.
    pub page: Client,
    driver: Child,
    address: String,
    _profile: TempDir,
}

/// The look of a window.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// Whether the person prefers dark.
    pub dark: bool,
    /// The language the person prefers.
    pub language: &'static str,
}

impl Look {
    /// A desktop window, light, English.
    pub const DESKTOP: Self = Self { width: 1280, height: 900, dark: false, language: "en" };
    /// A phone, dark, Dutch.
    pub const PHONE: Self = Self { width: 390, height: 844, dark: true, language: "nl" };
}

impl Chromium {
    /// Starts a browser.
    pub async fn start(look: Look) -> Result<Self> {
        let (port, profile) = (free_port()?, tempfile::tempdir()?);
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver is missing: install the Debian package chromium-driver")?;
        let mut arguments = vec![
            "--headless=new".to_owned(),
            // The sandbox of Chromium itself cannot be set up by root in a container.
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-quic".to_owned(),
            format!("--window-size={},{}", look.width, look.height),
            format!("--user-data-dir={}", profile.path().display()),
            format!("--accept-lang={}", look.language),
            format!("--lang={}", look.language),
        ];
        if look.dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let options = json!({
            "args": arguments,
            "prefs": {"intl.accept_languages": look.language},
            "mobileEmulation": {"deviceMetrics": {"width": look.width, "height": look.height, "pixelRatio": 1.0}},
        });
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let mut last = None;
        for _ in 0..100 {
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(page) => {
                    let address = format!("http://127.0.0.1:{port}");
                    return Ok(Self { page, driver, address, _profile: profile });
                }
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("Chromium does not start: {last:?}")
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) -> Result<()> {
        Ok(self.page.goto(url).await?)
    }

    /// Types into the first element that a selector finds, waiting for it.
    pub async fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let field = self.wait(selector).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Presses what a selector finds, waiting for it.
    pub async fn press(&self, selector: &str) -> Result<()> {
        Ok(self.wait(selector).await?.click().await?)
    }

    /// Waits for an element.
    pub async fn wait(&self, selector: &str) -> Result<fantoccini::elements::Element> {
        let found = self.page.wait().at_most(Duration::from_secs(15)).for_element(Locator::Css(selector)).await;
        match found {
            Ok(element) => Ok(element),
            Err(error) => {
                let (url, text) = (self.page.current_url().await?, self.text().await.unwrap_or_default());
                bail!("no {selector} at {url} ({error}):\n{text}")
            }
        }
    }

    /// Whether an element is on the page now.
    pub async fn shows(&self, selector: &str) -> Result<bool> {
        Ok(!self.page.find_all(Locator::Css(selector)).await?.is_empty())
    }

    /// The words on the page.
    pub async fn text(&self) -> Result<String> {
        Ok(self.page.find(Locator::Css("body")).await?.text().await?)
    }

    /// What a script on this page could read: its cookies, what is stored for it, and the page itself.
    pub async fn within_reach_of_scripts(&self) -> Result<String> {
        let script = "return JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}]) \
                      + document.documentElement.outerHTML";
        let read = self.page.execute(script, Vec::new()).await?;
        Ok(read.as_str().unwrap_or_default().to_owned())
    }

    /// Where the browser is.
    pub async fn url(&self) -> Result<String> {
        Ok(self.page.current_url().await?.to_string())
    }

    /// Keeps a picture of the page in the folder that `POLDER_SCREENSHOTS` names, if it does.
    #[expect(clippy::disallowed_methods, reason = "where pictures go is a setting of the person running the tests")]
    pub async fn picture(&self, name: &str) -> Result<()> {
        let Ok(folder) = std::env::var("POLDER_SCREENSHOTS") else { return Ok(()) };
        std::fs::create_dir_all(&folder)?;
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), self.page.screenshot().await?)?;
        Ok(())
    }

    /// Puts an authenticator into the device, as WebDriver's extension of Web Authentication has it: it
    /// keeps passkeys, and says yes to everything in its owner's name.
    pub async fn add_authenticator(&self) -> Result<String> {
        let wanted = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserConsenting": true,
            "isUserVerified": true,
        });
        let url = format!("{}/authenticator", self.webauthn().await?);
        let answer: Value = self.http().post(url).json(&wanted).send().await?.json().await?;
        answer["value"].as_str().map(str::to_owned).with_context(|| format!("no authenticator: {answer}"))
    }

    /// The passkeys inside an authenticator.
    pub async fn credentials(&self, authenticator: &str) -> Result<Vec<Value>> {
        let url = format!("{}/authenticator/{authenticator}/credentials", self.webauthn().await?);
        let answer: Value = self.http().get(url).send().await?.json().await?;
        answer["value"].as_array().cloned().with_context(|| format!("no list: {answer}"))
    }

    async fn webauthn(&self) -> Result<String> {
        let session = self.page.session_id().await?.context("a session")?;
        Ok(format!("{}/session/{session}/webauthn", self.address))
    }

    fn http(&self) -> reqwest::Client {
        reqwest::Client::new()
    }

    /// Waits until the browser is at an address that begins with this.
    pub async fn wait_for_url(&self, beginning: &str) -> Result<String> {
        for _ in 0..300 {
            let url = self.url().await?;
            if url.starts_with(beginning) {
                return Ok(url);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("still at {}, not at {beginning}:\n{}", self.url().await?, self.text().await.unwrap_or_default())
    }

    /// Ends the browser.
    pub async fn close(self) -> Result<()> {
        Ok(self.page.clone().close().await?)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // chromedriver takes its browsers along when it is asked to stop.
        if let Some(pid) = i32::try_from(self.driver.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.driver.wait();
    }
}
