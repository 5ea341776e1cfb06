//! An SMTP server that keeps the last code sent to each address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Codes by address.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<HashMap<String, String>>>);

impl Sink {
    /// Starts the server; gives its port.
    pub async fn start() -> (Self, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let sink = Self::default();
        let kept = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sink = kept.clone();
                tokio::spawn(async move { sink.talk(stream).await });
            }
        });
        (sink, port)
    }

    /// Waits for a code and takes it.
    pub async fn take(&self, address: &str) -> Option<String> {
        for _ in 0..20_000 {
            if let Some(code) = self.0.lock().expect("no panic").remove(address) {
                return Some(code);
            }
            tokio::time::sleep(Duration::from_micros(250)).await;
        }
        None
    }

    async fn talk(self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 sink\r\n").await.ok()?;
        let (mut to, mut line) = (String::new(), String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let verb = line.to_ascii_uppercase();
            if verb.starts_with("RCPT TO:") {
                to = line[8..].trim().trim_matches(['<', '>']).to_owned();
            }
            let reply: &[u8] = if verb.starts_with("EHLO") {
                b"250-sink\r\n250 8BITMIME\r\n"
            } else if verb.starts_with("DATA") {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                self.read_message(&mut stream, &to).await?;
                b"250 kept\r\n"
            } else if verb.starts_with("QUIT") {
                b"221 bye\r\n"
            } else {
                b"250 ok\r\n"
            };
            stream.write_all(reply).await.ok()?;
            if verb.starts_with("QUIT") {
                return None;
            }
        }
    }

    async fn read_message(&self, stream: &mut BufReader<TcpStream>, to: &str) -> Option<()> {
        let (mut code, mut in_body) = (None, false);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            if line == ".\r\n" {
                break;
            }
            in_body |= line == "\r\n";
            if in_body && code.is_none() {
                code = eight_digits(&line);
            }
        }
        if let Some(code) = code {
            self.0.lock().expect("no panic").insert(to.to_owned(), code);
        }
        Some(())
    }
}

/// The first run of exactly eight digits, possibly written as two groups of four.
fn eight_digits(line: &str) -> Option<String> {
    let joined: String = line.trim().chars().filter(|c| !c.is_whitespace()).collect();
    joined.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 8).map(str::to_owned)
}
