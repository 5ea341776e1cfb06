//! What a client does over and over: refresh, a silent authorize with redemption, a whole sign-in.

use std::io;
use std::sync::Arc;

use crate::browser::Browser;
use crate::http;
use crate::load::{Connection, Work};
use crate::tenant::{Client, Tenant, code_of};

/// Refreshes with the token that the last answer gave.
pub struct Refresh {
    pub tenant: Arc<Tenant>,
    pub client: Client,
    pub token: String,
}

impl Work for Refresh {
    async fn step(&mut self, connection: &mut Connection) -> io::Result<bool> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", self.token.as_str())];
        let answer = connection.send(&http::post(&self.tenant.host, "/token", &self.client.basic(), &form)).await?;
        let Some(next) = member(&answer.body, "refresh_token") else { return Ok(false) };
        self.token = next;
        Ok(answer.status == 200)
    }
}

/// Asks for a code with a live session and redeems it.
pub struct Silent {
    pub tenant: Arc<Tenant>,
    pub client: Client,
    pub authorize: Arc<[u8]>,
}

impl Work for Silent {
    async fn step(&mut self, connection: &mut Connection) -> io::Result<bool> {
        let answer = connection.send(&self.authorize).await?;
        let Some(code) = answer.header("location").and_then(code_of) else { return Ok(false) };
        Ok(connection.send_for_status(&self.tenant.redeem(&self.client, &code)).await? == 200)
    }
}

/// People sign in from nothing, each for the first time: pages, mail, code, name, tokens. One address
/// would soon meet the limit on codes, which protects the mailbox.
pub struct SignIn {
    pub tenant: Arc<Tenant>,
    pub people: u32,
}

impl Work for SignIn {
    async fn step(&mut self, connection: &mut Connection) -> io::Result<bool> {
        let mut browser = Browser::new(&self.tenant.host);
        self.people += 1;
        let address = format!("person{}@example.test", self.people);
        let code = self.tenant.sign_in(&mut browser, connection, &address, "openid email").await?;
        Ok(connection.send_for_status(&self.tenant.redeem(&self.tenant.web, &code)).await? == 200)
    }
}

/// A text member of a JSON object.
pub fn member(json: &[u8], name: &str) -> Option<String> {
    serde_json::from_slice::<serde_json::Value>(json).ok()?.get(name)?.as_str().map(str::to_owned)
}
