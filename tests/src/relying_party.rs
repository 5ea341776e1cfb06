//! A relying party that knows only an issuer and its own credentials, and checks everything it gets.

use anyhow::{Context, Result, ensure};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::Response;
use serde_json::Value;
use url::Url;

use crate::api::Application;
use crate::names;

/// Where answers go; nothing listens there.
pub const REDIRECT: &str = "http://127.0.0.1:9/callback";
/// Where people go after signing out; nothing listens there.
pub const AFTER_LOGOUT: &str = "http://127.0.0.1:9/signed-out";
/// The verifier and challenge of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client of one issuer.
#[derive(Clone)]
pub struct RelyingParty {
    /// The issuer it was told.
    pub issuer: String,
    /// What discovery said.
    pub metadata: Value,
    /// Its credentials.
    pub application: Application,
    /// Without cookies.
    pub http: reqwest::Client,
}

/// What a token request gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: Option<String>,
    /// The ID token.
    pub id: Option<String>,
}

impl RelyingParty {
    /// Reads the discovery document and checks that it speaks for this issuer.
    pub async fn discover(issuer: &str, application: &Application) -> Result<Self> {
        let http = names::client().build()?;
        let url = format!("{issuer}/.well-known/openid-configuration");
        let metadata: Value = http.get(url).send().await?.error_for_status()?.json().await?;
        ensure!(metadata["issuer"] == issuer, "discovery speaks for {}", metadata["issuer"]);
        Ok(Self { issuer: issuer.to_owned(), metadata, application: application.clone(), http })
    }

    /// An endpoint of the metadata.
    pub fn endpoint(&self, name: &str) -> Result<Url> {
        Ok(Url::parse(self.metadata[name].as_str().with_context(|| name.to_owned())?)?)
    }

    /// An authorization request for these scopes.
    pub fn authorize_url(&self, scope: &str) -> Result<Url> {
        let mut url = self.endpoint("authorization_endpoint")?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.application.client_id)
            .append_pair("redirect_uri", REDIRECT)
            .append_pair("scope", scope)
            .append_pair("state", "the-state")
            .append_pair("nonce", "the-nonce")
            .append_pair("code_challenge", CHALLENGE)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// The code in the answer, after checking `state` and `iss` (RFC 9207).
    pub fn code(&self, answer: &Url) -> Result<String> {
        let value = |name: &str| answer.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned());
        ensure!(answer.as_str().starts_with(REDIRECT), "went to {answer}");
        ensure!(value("state").as_deref() == Some("the-state"), "state is lost in {answer}");
        ensure!(value("iss").as_deref() == Some(&self.issuer), "iss is wrong in {answer}");
        value("code").with_context(|| format!("no code in {answer}"))
    }

    /// Posts a form to an endpoint with client authentication.
    pub async fn post(&self, endpoint: &str, form: &[(&str, &str)]) -> Result<Response> {
        let mut request = self.http.post(self.endpoint(endpoint)?);
        let mut form = form.to_vec();
        match &self.application.client_secret {
            Some(secret) => request = request.basic_auth(&self.application.client_id, Some(secret)),
            None => form.push(("client_id", &self.application.client_id)),
        }
        Ok(request.form(&form).send().await?)
    }

    /// Asks for tokens, whatever the answer.
    pub async fn try_redeem(&self, code: &str) -> Result<(u16, Value)> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        status_and_json(self.post("token_endpoint", &form).await?).await
    }

    /// Asks for tokens with a refresh token, whatever the answer.
    pub async fn try_refresh(&self, token: &str) -> Result<(u16, Value)> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        status_and_json(self.post("token_endpoint", &form).await?).await
    }

    /// Redeems a code and verifies both tokens with the JWKS.
    pub async fn redeem(&self, code: &str) -> Result<Tokens> {
        let (status, body) = self.try_redeem(code).await?;
        ensure!(status == 200, "{status} {body}");
        let tokens = Tokens::from(&body)?;
        let id = self.verify(tokens.id.as_deref().context("an ID token")?, &self.application.client_id, "JWT").await?;
        ensure!(id["nonce"] == "the-nonce", "nonce is wrong: {id}");
        let access = self.verify(&tokens.access, &self.issuer, "at+jwt").await?;
        ensure!(access["client_id"] == self.application.client_id.as_str(), "{access}");
        ensure!(access["sub"] == id["sub"], "two subjects");
        Ok(tokens)
    }

    /// Verifies a token's signature, issuer, audience, type and life; gives the claims.
    pub async fn verify(&self, token: &str, audience: &str, typ: &str) -> Result<Value> {
        let jwks: JwkSet = self.http.get(self.endpoint("jwks_uri")?).send().await?.error_for_status()?.json().await?;
        let header = jsonwebtoken::decode_header(token)?;
        let jwk = jwks.find(header.kid.as_deref().context("kid")?).context("the key is in the JWKS")?;
        ensure!(header.typ.as_deref() == Some(typ), "typ is {:?}", header.typ);
        ensure!([Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA].contains(&header.alg), "{:?}", header.alg);
        let mut rules = Validation::new(header.alg);
        rules.set_audience(&[audience]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Ok(jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(jwk)?, &rules)?.claims)
    }

    /// Calls userinfo.
    pub async fn userinfo(&self, access: &str) -> Result<(u16, Value)> {
        let answer = self.http.get(self.endpoint("userinfo_endpoint")?).bearer_auth(access).send().await?;
        status_and_json(answer).await
    }

    /// Asks whether a token is alive.
    pub async fn introspect(&self, token: &str) -> Result<Value> {
        let (status, body) = status_and_json(self.post("introspection_endpoint", &[("token", token)]).await?).await?;
        ensure!(status == 200, "{status} {body}");
        Ok(body)
    }
}

impl Tokens {
    /// Tokens from a successful answer.
    pub fn from(body: &Value) -> Result<Self> {
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Ok(Self {
            access: text("access_token").context("an access token")?,
            refresh: text("refresh_token"),
            id: text("id_token"),
        })
    }
}

/// Status and JSON body; an empty body is null.
pub async fn status_and_json(answer: Response) -> Result<(u16, Value)> {
    let status = answer.status().as_u16();
    let text = answer.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}
