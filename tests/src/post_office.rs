//! A mail server that opens late: what people were promised arrives then.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::mailbox::eight_digits;

/// Letters as they arrived, by whom they are to.
type Letters = Arc<Mutex<Vec<(String, String)>>>;

/// A mail server.
pub struct PostOffice {
    letters: Letters,
}

impl PostOffice {
    /// Opens at this address.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let (listener, letters) = (TcpListener::bind(address).await?, Letters::default());
        let kept = Arc::clone(&letters);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&kept)));
            }
        });
        Ok(Self { letters })
    }

    /// Waits for a letter with a code.
    pub async fn code(&self, to: &str, within: Duration) -> Result<String> {
        let began = Instant::now();
        while began.elapsed() < within {
            let found = {
                let letters = self.letters.lock().expect("no panic");
                letters.iter().rev().find(|(whose, _)| whose.contains(to)).map(|(_, text)| text.clone())
            };
            if let Some(text) = found {
                return eight_digits(plain_text(&text)).with_context(|| format!("no code in:\n{text}"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("no letter to {to} came")
    }
}

/// What the letter says, without the headers: an id in them may have eight digits in a row too.
fn plain_text(letter: &str) -> &str {
    let part = letter.split_once("text/plain").map_or(letter, |(_, part)| part);
    part.split_once("\n\n").map_or(part, |(_, text)| text)
}

/// RFC 5321, as much as a courier needs.
async fn converse(stream: TcpStream, letters: Letters) -> Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let (mut to, mut text, mut in_data) = (String::new(), String::new(), false);
    writer.write_all(b"220 post.test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let answer = match line.as_str() {
            "." if in_data => {
                in_data = false;
                letters.lock().expect("no panic").push((std::mem::take(&mut to), std::mem::take(&mut text)));
                "250 kept"
            }
            line if in_data => {
                text.push_str(line.strip_suffix('=').unwrap_or(line));
                text.push('\n');
                continue;
            }
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => return Ok(writer.write_all(b"221 bye\r\n").await?),
            line => {
                if line.starts_with("RCPT") {
                    line.clone_into(&mut to);
                }
                "250 fine"
            }
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_not_looked_for_in_headers() {
        let letter = "Message-ID: <a12345678b@x>\nContent-Type: multipart/alternative\n\n--x\n\
                      Content-Type: text/plain; charset=utf-8\n\nYour code:\n\n    0123 4567\n--x--\n";
        assert_eq!(eight_digits(plain_text(letter)).as_deref(), Some("01234567"));
    }
}
