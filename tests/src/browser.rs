//! A person without JavaScript: keeps cookies, follows redirects on one host, fills in forms.

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::{LOCATION, ORIGIN};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use crate::forms::{self, Form};
use crate::mailbox::Mailbox;
use crate::names;

/// One person's browser.
#[derive(Clone)]
pub struct Browser {
    /// Keeps the cookies.
    pub http: Client,
}

/// Where following redirects ended.
#[derive(Debug)]
pub enum Landed {
    /// On a page of the host that was asked.
    Page(Page),
    /// At an address of another origin, such as a client's redirect URI; it was not opened.
    Elsewhere(Url),
}

/// A page that was answered.
#[derive(Debug)]
pub struct Page {
    /// Its address.
    pub url: Url,
    /// How it was answered.
    pub status: StatusCode,
    /// The HTML.
    pub html: String,
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    /// A browser without cookies.
    pub fn new() -> Self {
        Self { http: names::client().cookie_store(true).build().expect("a client") }
    }

    /// Opens an address and follows redirects on its host.
    pub async fn open(&self, url: &Url) -> Result<Landed> {
        let answer = self.http.get(url.clone()).send().await?;
        self.follow(answer).await
    }

    /// Submits a form of a page with these further fields.
    pub async fn submit(&self, page: &Page, form: &Form, fields: &[(&str, &str)]) -> Result<Landed> {
        let answer = self.post(page, form, fields).await?;
        self.follow(answer).await
    }

    /// Submits a form and gives the answer itself, redirects not followed.
    pub async fn post(&self, page: &Page, form: &Form, fields: &[(&str, &str)]) -> Result<Response> {
        let target = page.url.join(&form.action)?;
        let mut all: Vec<(&str, &str)> = form.fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        all.extend_from_slice(fields);
        let origin = page.url.origin().ascii_serialization();
        Ok(self.http.post(target).header(ORIGIN, origin).form(&all).send().await?)
    }

    /// The cookies it holds for a host, as it would send them.
    pub async fn cookies(&self, issuer: &str) -> Result<String> {
        // The cookie store does not show itself, so the request goes to a listener that does.
        let echo = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let port = echo.local_addr()?.port();
        let host = Url::parse(issuer)?.host_str().context("a host")?.to_owned();
        let request = self.http.get(format!("http://{host}:{port}/")).send();
        let read = async {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let (mut stream, _) = echo.accept().await?;
            let mut text = vec![0; 32 * 1024];
            let n = stream.read(&mut text).await?;
            stream.write_all(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
            anyhow::Ok(String::from_utf8_lossy(&text[..n]).into_owned())
        };
        let (_, text) = tokio::join!(request, read);
        let text = text?;
        let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with("cookie:")).context("no cookies")?;
        Ok(line[7..].trim().to_owned())
    }

    /// Follows redirects from an answer until a page, or another origin.
    pub async fn follow(&self, mut answer: Response) -> Result<Landed> {
        for _ in 0..12 {
            let url = answer.url().clone();
            if !answer.status().is_redirection() {
                return Ok(Landed::Page(Page { url, status: answer.status(), html: answer.text().await? }));
            }
            ensure!(answer.status() != 307 && answer.status() != 308, "b41: a redirect must not repeat a POST");
            let location = answer.headers().get(LOCATION).context("a redirect without Location")?.to_str()?;
            let next = url.join(location)?;
            if next.origin() != url.origin() {
                return Ok(Landed::Elsewhere(next));
            }
            answer = self.http.get(next).send().await?;
        }
        bail!("redirected in circles")
    }

    /// Signs in through the pages from an authorization request: address, mailed code, and a name if
    /// asked. Ends where the client's redirect leads.
    pub async fn sign_in(&self, authorize: &Url, mailbox: &Mailbox, email: &str) -> Result<Url> {
        let mut landed = self.open(authorize).await?;
        for _ in 0..6 {
            let page = match landed {
                Landed::Elsewhere(url) => return Ok(url),
                Landed::Page(page) => page,
            };
            ensure!(page.status.is_success(), "{} at {}:\n{}", page.status, page.url.path(), page.html);
            landed = self.answer(&page, mailbox, email).await?;
        }
        bail!("the sign-in does not end")
    }

    /// Lets a program on another device in, from the address it shows: signs in on the way, finds the code filled in,
    /// and says yes to what is asked. Gives the address of the page that says so.
    pub async fn allow_device(&self, address: &Url, mailbox: &Mailbox, email: &str) -> Result<Url> {
        let (_, code) = address.query_pairs().find(|(name, _)| name == "user_code").context("a code in the address")?;
        let mut landed = self.open(address).await?;
        let mut allowed = false;
        for _ in 0..9 {
            let page = landed.page()?;
            ensure!(page.status.is_success(), "{} at {}:\n{}", page.status, page.url.path(), page.html);
            if allowed {
                ensure!(!forms::shows(&page.html, "form#device-form"), "asked again:\n{}", page.html);
                return Ok(page.url);
            }
            landed = if let Some(form) = forms::form(&page.html, "form#device-form") {
                self.submit(&page, &form, &[("user_code", &code)]).await?
            } else if let Some(form) = forms::form(&page.html, "form#allow-form") {
                allowed = true;
                self.submit(&page, &form, &[]).await?
            } else {
                self.answer(&page, mailbox, email).await?
            };
        }
        bail!("nobody is asked about the device")
    }

    /// Goes on without a passkey, where one is offered.
    pub async fn skip_offer(&self, landed: Landed) -> Result<Landed> {
        match &landed {
            Landed::Page(page) => match forms::form(&page.html, "form#skip-form") {
                Some(form) => self.submit(page, &form, &[]).await,
                None => Ok(landed),
            },
            Landed::Elsewhere(_) => Ok(landed),
        }
    }

    /// Fills in whichever sign-in page this is.
    async fn answer(&self, page: &Page, mailbox: &Mailbox, email: &str) -> Result<Landed> {
        if let Some(form) = forms::form_with(&page.html, "input[type=email]") {
            mailbox.forget(email).await?;
            return self.submit(page, &form, &[("email", email)]).await;
        }
        if let Some(form) = forms::form_with(&page.html, "input[autocomplete=one-time-code]") {
            let code = mailbox.code(email).await?;
            return self.submit(page, &form, &[("code", &code)]).await;
        }
        if let Some(form) = forms::form_with(&page.html, "input[autocomplete=name]") {
            return self.submit(page, &form, &[("name", "Ann Example")]).await;
        }
        let form = forms::form_with(&page.html, "button[type=submit]")
            .with_context(|| format!("no form on:\n{}", page.html))?;
        self.submit(page, &form, &[]).await
    }
}

impl Landed {
    /// The page, or an error saying where it went instead.
    pub fn page(self) -> Result<Page> {
        match self {
            Self::Page(page) => Ok(page),
            Self::Elsewhere(url) => bail!("went to {url} instead of a page"),
        }
    }

    /// The other origin's address, or an error with the page.
    pub fn elsewhere(self) -> Result<Url> {
        match self {
            Self::Elsewhere(url) => Ok(url),
            Self::Page(page) => bail!("{} on {} instead of going elsewhere:\n{}", page.status, page.url, page.html),
        }
    }
}
