//! A person without JavaScript: keeps cookies, follows redirects on its own host, fills in forms.

use std::collections::BTreeMap;
use std::io;

use scraper::{Html, Selector};

use crate::http;
use crate::load::{Answer, Connection};

/// One person's browser at one host.
pub struct Browser {
    pub host: String,
    pub origin: String,
    pub cookies: BTreeMap<String, String>,
}

/// Where following redirects ended: on a page, or at a place that belongs to somebody else.
pub enum Landed {
    Page(String),
    Elsewhere(String),
}

impl Browser {
    /// A browser with no cookies.
    pub fn new(host: &str) -> Self {
        Self { host: host.to_owned(), origin: format!("http://{host}"), cookies: BTreeMap::new() }
    }

    /// The `Cookie` header line.
    pub fn cookie_line(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!("Cookie: {}\r\n", pairs.join("; "))
    }

    fn remember(&mut self, answer: &Answer) {
        for line in answer.head.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            if !name.eq_ignore_ascii_case("set-cookie") {
                continue;
            }
            let Some((key, kept)) = value.split(';').next().and_then(|c| c.trim().split_once('=')) else { continue };
            let gone = kept.is_empty() || value.to_ascii_lowercase().contains("max-age=0");
            if gone {
                self.cookies.remove(key);
            } else {
                self.cookies.insert(key.to_owned(), kept.to_owned());
            }
        }
    }

    async fn follow(&mut self, connection: &mut Connection, mut answer: Answer) -> io::Result<Landed> {
        loop {
            self.remember(&answer);
            if answer.status == 200 {
                return Ok(Landed::Page(String::from_utf8_lossy(&answer.body).into_owned()));
            }
            let Some(location) = answer.header("location").filter(|_| answer.status == 303 || answer.status == 302)
            else {
                return Err(io::Error::other(format!("status {}", answer.status)));
            };
            let path = location.strip_prefix(&self.origin).unwrap_or(location).to_owned();
            if !path.starts_with('/') {
                return Ok(Landed::Elsewhere(path));
            }
            answer = connection.send(&http::get(&self.host, &path, &self.cookie_line())).await?;
        }
    }

    /// Opens a page.
    pub async fn open(&mut self, connection: &mut Connection, path: &str) -> io::Result<Landed> {
        let answer = connection.send(&http::get(&self.host, path, &self.cookie_line())).await?;
        self.follow(connection, answer).await
    }

    /// Submits the form holding `input`, with its hidden fields and these.
    pub async fn submit(
        &mut self,
        connection: &mut Connection,
        page: &str,
        input: &str,
        fields: &[(&str, &str)],
    ) -> io::Result<Landed> {
        let (action, mut form) =
            form_with(page, input).ok_or_else(|| io::Error::other(format!("no form with {input}")))?;
        form.extend(fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let pairs: Vec<(&str, &str)> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let headers = format!("{}Origin: {}\r\n", self.cookie_line(), self.origin);
        let answer = connection.send(&http::post(&self.host, &action, &headers, &pairs)).await?;
        self.follow(connection, answer).await
    }
}

/// The action and hidden fields of the form that holds what `input` selects.
fn form_with(page: &str, input: &str) -> Option<(String, Vec<(String, String)>)> {
    let document = Html::parse_document(page);
    let wanted = Selector::parse(input).ok()?;
    let hidden = Selector::parse("input[type=hidden]").ok()?;
    let forms = Selector::parse("form").ok()?;
    let form = document.select(&forms).find(|form| form.select(&wanted).next().is_some())?;
    let fields = form
        .select(&hidden)
        .filter_map(|i| Some((i.value().attr("name")?.to_owned(), i.value().attr("value").unwrap_or("").to_owned())))
        .collect();
    Some((form.value().attr("action")?.to_owned(), fields))
}
