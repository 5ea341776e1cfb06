//! The development mailbox, read through its API.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::names;

/// A message as the mailbox shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Message {
    /// Names the message.
    pub id: String,
    /// The tenant that sent it.
    pub tenant: String,
    /// Whom it went to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// When, RFC 3339.
    pub sent_at: String,
}

/// The mailbox of one Polder.
#[derive(Clone)]
pub struct Mailbox {
    address: String,
    http: reqwest::Client,
    seen: Arc<Mutex<HashMap<String, usize>>>,
}

impl Mailbox {
    /// The mailbox at `address`, such as `http://mail.localhost:8600`.
    pub fn new(address: &str) -> Self {
        let http = names::client().build().expect("a client");
        Self { address: address.to_owned(), http, seen: Arc::default() }
    }

    /// Every message to an address, newest first.
    pub async fn messages(&self, to: &str) -> Result<Vec<Message>> {
        let url = format!("{}/api/messages", self.address);
        let answer = self.http.get(url).query(&[("to", to)]).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// What has arrived so far no longer counts as new.
    pub async fn forget(&self, to: &str) -> Result<()> {
        let count = self.messages(to).await?.len();
        self.seen.lock().expect("no panic").insert(to.to_owned(), count);
        Ok(())
    }

    /// Waits for a message newer than the last [`Mailbox::forget`].
    pub async fn next(&self, to: &str) -> Result<Message> {
        let seen = self.seen.lock().expect("no panic").get(to).copied().unwrap_or(0);
        for _ in 0..400 {
            let messages = self.messages(to).await?;
            if messages.len() > seen {
                return messages.into_iter().next().context("the newest message");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        bail!("no mail arrived for {to}")
    }

    /// Waits for a code newer than the last [`Mailbox::forget`]; other mails may come between.
    pub async fn code(&self, to: &str) -> Result<String> {
        // Other mails may arrive at the same time, such as the one about a new passkey.
        let seen = self.seen.lock().expect("no panic").get(to).copied().unwrap_or(0);
        self.next(to).await?;
        for _ in 0..400 {
            let messages = self.messages(to).await?;
            let newer = messages.len().saturating_sub(seen);
            if let Some(code) = messages.iter().take(newer).find_map(|message| eight_digits(&message.text)) {
                return Ok(code);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        bail!("no mail with a code arrived for {to}")
    }
}

/// The first run of eight digits, also when written in two groups of four.
pub fn eight_digits(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let joined: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        joined.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 8).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_both_spellings() {
        assert_eq!(eight_digits("Your code:\n\n  0123 4567\n").as_deref(), Some("01234567"));
        assert_eq!(eight_digits("code 01234567.").as_deref(), Some("01234567"));
        assert_eq!(eight_digits("2026-11-21 and 123456789"), None);
    }
}
