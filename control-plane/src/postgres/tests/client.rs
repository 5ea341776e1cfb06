//! A client of the PostgreSQL protocol that can misbehave.

use std::path::Path;

use polder_crypto::scram::{ClientExchange, MECHANISM};
use polder_kernel::{Entropy, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use url::Url;

use crate::postgres::relay::bytes::{self, Key, message, send};

pub(super) struct Client {
    stream: UnixStream,
    pub(super) key: Key,
}

impl Client {
    pub(super) async fn new(path: &Path) -> Self {
        Self { stream: UnixStream::connect(path).await.unwrap(), key: [0; 8] }
    }

    pub(super) async fn asking_for_encryption(path: &Path) -> Self {
        let mut client = Self::new(path).await;
        client.stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await.unwrap();
        assert_eq!(client.stream.read_u8().await.unwrap(), b'N');
        client
    }

    /// Begins a session; the SQLSTATE of the refusal.
    pub(super) async fn log_in(&mut self, url: &Url, more: &[(&str, &str)]) -> Result<(), String> {
        let mut parameters = vec![("user", url.username()), ("database", url.path().trim_start_matches('/'))];
        parameters.extend(more);
        let parameters: Vec<_> = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self.stream.write_all(&bytes::startup(&parameters)).await.unwrap();
        self.authentication(10).await?;
        let (exchange, first) = ClientExchange::start(&Entropy::System);
        let length = u32::try_from(first.len()).unwrap().to_be_bytes();
        let body = [MECHANISM.as_bytes(), &[0], &length, first.as_bytes()].concat();
        send(&mut self.stream, b'p', body).await.unwrap();
        let answer = self.authentication(11).await?;
        let password = Secret::new(url.password().unwrap().to_owned());
        let (end, last) = exchange.answer(&password, &answer).unwrap();
        send(&mut self.stream, b'p', last.into_bytes()).await.unwrap();
        end.check(&self.authentication(12).await?).unwrap();
        self.authentication(0).await?;
        loop {
            let said = message(&mut self.stream).await.unwrap();
            match said.tag {
                b'K' => self.key = said.body.try_into().unwrap(),
                b'Z' => return Ok(()),
                b'E' => return Err(code(&said.body)),
                _ => {}
            }
        }
    }

    async fn authentication(&mut self, wanted: u32) -> Result<String, String> {
        let said = message(&mut self.stream).await.unwrap();
        if said.tag == b'E' {
            return Err(code(&said.body));
        }
        assert_eq!((said.tag, &said.body[..4]), (b'R', wanted.to_be_bytes().as_slice()));
        Ok(String::from_utf8(said.body[4..].to_vec()).unwrap())
    }

    pub(super) async fn speak_version_2(&mut self) -> String {
        self.stream.write_all(&[0, 0, 0, 8, 0, 2, 0, 0]).await.unwrap();
        self.error().await
    }

    /// Whether nonsense ends the connection without an answer.
    pub(super) async fn say_nonsense(&mut self) -> bool {
        self.stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        self.ended().await
    }

    pub(super) async fn query(&mut self, sql: &str) {
        send(&mut self.stream, b'Q', [sql.as_bytes(), &[0]].concat()).await.unwrap();
    }

    pub(super) async fn cancel(&mut self, key: Key) {
        self.stream.write_all(&bytes::cancel(key)).await.unwrap();
        assert!(self.ended().await);
    }

    /// The SQLSTATE of the next error.
    pub(super) async fn error(&mut self) -> String {
        loop {
            let said = message(&mut self.stream).await.unwrap();
            if said.tag == b'E' {
                return code(&said.body);
            }
        }
    }

    pub(super) async fn ended(&mut self) -> bool {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(std::time::Duration::from_secs(5), self.stream.read_to_end(&mut rest)).await;
        // A connection that is closed with bytes unread ends with a reset.
        read.is_ok_and(|read| read.is_err() || rest.is_empty())
    }
}

fn code(body: &[u8]) -> String {
    let field = body.split(|byte| *byte == 0).find(|field| field.first() == Some(&b'C')).unwrap();
    String::from_utf8(field[1..].to_vec()).unwrap()
}
