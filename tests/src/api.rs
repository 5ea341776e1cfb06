//! The public API, as a customer's program calls it.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::names;

/// A caller with an API key.
#[derive(Clone)]
pub struct Api {
    /// `{console}/api/v1`.
    pub address: String,
    key: String,
    http: reqwest::Client,
}

/// An application as its creation answered.
#[derive(Clone, Debug)]
pub struct Application {
    /// The `client_id`.
    pub client_id: String,
    /// The secret, for confidential applications.
    pub client_secret: Option<String>,
}

impl Api {
    /// A caller of the API at `address` with this key.
    pub fn new(address: &str, key: &str) -> Self {
        let http = names::client().build().expect("a client");
        Self { address: address.to_owned(), key: key.to_owned(), http }
    }

    /// Calls the API; gives status and JSON.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<(u16, Value)> {
        let mut request = self.http.request(method, format!("{}{path}", self.address)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        let value =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).with_context(|| text.clone())? };
        Ok((status, value))
    }

    /// Reads something that must be there.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let (status, value) = self.call(Method::GET, path, None).await?;
        ensure!(status == 200, "{path}: {status} {value}");
        Ok(value)
    }

    /// Makes a tenant and waits until it runs; gives its issuer.
    pub async fn create_tenant(&self, slug: &str) -> Result<String> {
        let (status, made) = self.call(Method::POST, "/tenants", Some(json!({"slug": slug, "name": slug}))).await?;
        ensure!(status == 202, "{status} {made}");
        for _ in 0..1000 {
            let shown = self.get(&format!("/tenants/{slug}")).await?;
            match shown["state"].as_str() {
                Some("running") => return Ok(shown["issuer"].as_str().context("an issuer")?.to_owned()),
                Some("failed") => bail!("provisioning failed: {shown}"),
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        bail!("the tenant does not come up")
    }

    /// Makes an application.
    pub async fn create_application(&self, tenant: &str, body: Value) -> Result<Application> {
        let (status, made) = self.call(Method::POST, &format!("/tenants/{tenant}/applications"), Some(body)).await?;
        ensure!(status == 201, "{status} {made}");
        Ok(Application {
            client_id: made["client_id"].as_str().context("a client_id")?.to_owned(),
            client_secret: made["client_secret"].as_str().map(str::to_owned),
        })
    }

    /// A confidential web application that refreshes, with the redirect URI of [`crate::RelyingParty`].
    pub async fn create_web_application(&self, tenant: &str) -> Result<Application> {
        let body = json!({
            "name": "Example app",
            "type": "web",
            "redirect_uris": [crate::relying_party::REDIRECT],
            "post_logout_redirect_uris": [crate::relying_party::AFTER_LOGOUT],
            "grant_types": ["authorization_code", "refresh_token"],
        });
        self.create_application(tenant, body).await
    }
}
