//! Custody of a tenant's keys, from outside: what the control plane holds does not mint, and rotation is seen
//! by relying parties as it should be.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use polder_crypto::{Keyring, SealKey, WrappedKey};
use polder_db::{Db, Location, args};
use polder_kernel::Entropy;
use polder_tests::api::Api;
use polder_tests::{Polder, RelyingParty};
use reqwest::Method;
use serde_json::{Value, json};

/// An application that speaks for itself, and a genuine token of its own.
async fn machine(polder: &Polder) -> Result<(RelyingParty, String)> {
    let body = json!({"name": "Machine", "type": "machine", "grant_types": ["client_credentials"]});
    let application = polder.api().create_application("practice", body).await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let token = fresh(&client).await?;
    Ok((client, token))
}

async fn fresh(client: &RelyingParty) -> Result<String> {
    let answer = client.post("token_endpoint", &[("grant_type", "client_credentials")]).await?;
    ensure!(answer.status() == 200, "{}", answer.text().await?);
    let body: Value = answer.json().await?;
    Ok(body["access_token"].as_str().context("an access token")?.to_owned())
}

async fn is_active(client: &RelyingParty, token: &str) -> Result<bool> {
    Ok(client.introspect(token).await?["active"] == true)
}

async fn jwks(client: &RelyingParty) -> Result<Vec<Value>> {
    let body: Value = client.http.get(client.endpoint("jwks_uri")?).send().await?.json().await?;
    Ok(body["keys"].as_array().context("keys")?.clone())
}

fn kid(token: &str) -> Result<String> {
    jsonwebtoken::decode_header(token)?.kid.context("kid")
}

/// The folder of the tenant with this issuer: its short id is its name.
async fn folder_of(polder: &Polder, issuer: &str) -> Result<PathBuf> {
    for entry in fs::read_dir(polder.data.join("tenants"))? {
        let folder = entry?.path();
        let copy = copied(&folder.join("data"))?;
        if text(&copy.path().join("tenant.db"), "SELECT value AS v FROM setting WHERE name = 'issuer'").await?
            == [issuer]
        {
            return Ok(folder);
        }
    }
    anyhow::bail!("no folder holds {issuer}")
}

/// A copy of a data folder, as a thief or a backup has it.
fn copied(data: &Path) -> Result<tempfile::TempDir> {
    let copy = tempfile::tempdir()?;
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !entry.file_name().to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
        }
    }
    Ok(copy)
}

async fn text(database: &Path, sql: &'static str) -> Result<Vec<String>> {
    let db = Db::open(&Location::Sqlite(database.to_owned()), 1).await?;
    let rows = db.read().await?.all(sql, &args![], |row| row.text("v")).await?;
    db.close().await;
    Ok(rows)
}

async fn data_keys(database: &Path) -> Result<Vec<WrappedKey>> {
    let db = Db::open(&Location::Sqlite(database.to_owned()), 1).await?;
    let row = |row: &polder_db::Row| {
        Ok(WrappedKey {
            category: row.parse("category")?,
            version: u32::try_from(row.int("version")?).unwrap_or(0),
            wrapped: row.text("wrapped")?,
        })
    };
    let rows = db.read().await?.all("SELECT category, version, wrapped FROM data_key", &args![], row).await?;
    db.close().await;
    Ok(rows)
}

fn opens(key: &SealKey, rows: &[WrappedKey]) -> bool {
    Keyring::open(key, rows, Entropy::System).is_ok()
}

/// Every word of a file that could be a key: runs of base64url's letters.
fn words(bytes: &[u8]) -> Vec<String> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let runs = bytes.split(|byte| !letter(byte)).filter(|run| (22..4096).contains(&run.len()));
    let mut words: Vec<String> = runs.map(|run| String::from_utf8_lossy(run).into_owned()).collect();
    let parts: Vec<String> = words.iter().flat_map(|word| word.split('.')).map(str::to_owned).collect();
    words.extend(parts);
    words
}

/// Everything below a folder but what `spare` names.
fn loot(folder: &Path, spare: &dyn Fn(&Path) -> bool, found: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if spare(&path) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            loot(&path, spare, found)?;
        } else if path.is_file() {
            found.extend(words(&fs::read(&path)?));
        }
    }
    Ok(())
}

#[tokio::test]
async fn g17_k3_nothing_the_control_plane_holds_mints_a_token() -> Result<()> {
    let polder = Polder::start_with(&[])?;
    let (client, genuine) = machine(&polder).await?;
    ensure!(is_active(&client, &genuine).await?, "the check itself works");
    let tenant = folder_of(&polder, &polder.issuer("practice")).await?;
    let short = tenant.file_name().context("a name")?.to_string_lossy().into_owned();
    let copy = copied(&tenant.join("data"))?;
    let rows = data_keys(&copy.path().join("tenant.db")).await?;
    let seal = polder.data.join("secrets").join(format!("{short}.seal"));
    let right = SealKey::parse(&fs::read_to_string(&seal)?)?;
    ensure!(opens(&right, &rows), "with its seal key the copy opens");

    // The control plane's database and configuration, its keys and other tenants', API keys, the tenant's own
    // data: all but the one file that design and documentation name.
    let mut found = Vec::new();
    loot(&polder.data, &|path| path == seal, &mut found)?;
    found.sort();
    found.dedup();
    ensure!(found.len() > 50, "there is something to try: {}", found.len());
    let mut keys = 0;
    for word in &found {
        let bare = format!("polder-seal-1.{word}");
        for key in [word.as_str(), &bare].into_iter().filter_map(|text| SealKey::parse(text).ok()) {
            keys += 1;
            ensure!(!opens(&key, &rows), "something opens the tenant's data keys");
        }
    }
    ensure!(keys >= 3, "other seal keys and values of their size were tried");

    // Forged with whatever signs, in the name of each published key.
    let claims: Value = {
        let part = genuine.split('.').nth(1).context("claims")?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?
    };
    let published = jwks(&client).await?;
    let mut secrets: Vec<Vec<u8>> =
        found.iter().filter(|word| word.len() < 200).map(|word| word.clone().into_bytes()).collect();
    let decoded: Vec<Vec<u8>> = found.iter().filter_map(|word| URL_SAFE_NO_PAD.decode(word).ok()).collect();
    let private: Vec<&Vec<u8>> =
        decoded.iter().filter(|bytes| bytes.starts_with(&[0x30, 0x2e]) && bytes.len() == 48).collect();
    ensure!(private.len() >= 2, "the keys of the control plane's word to tenants were found");
    secrets.extend(published.iter().map(|key| key.to_string().into_bytes()));
    let mut forged = Vec::new();
    for key in &published {
        let (kid, alg) = (key["kid"].as_str().map(str::to_owned), key["alg"].as_str().context("alg")?);
        let header = |alg| Header { kid: kid.clone(), typ: Some("at+jwt".to_owned()), ..Header::new(alg) };
        for pair in &private {
            forged.push(jsonwebtoken::encode(&header(Algorithm::EdDSA), &claims, &EncodingKey::from_ed_der(pair))?);
        }
        let own = URL_SAFE_NO_PAD.decode(key["x"].as_str().or(key["n"].as_str()).context("a public part")?)?;
        for secret in secrets.iter().take(40).chain([&own]) {
            forged.push(jsonwebtoken::encode(&header(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret))?);
        }
        let none = json!({"alg": "none", "kid": kid, "typ": "at+jwt"}).to_string();
        forged.push(format!("{}.{}.", URL_SAFE_NO_PAD.encode(none), genuine.split('.').nth(1).context("claims")?));
        let plain = json!({"alg": alg, "kid": kid, "typ": "at+jwt"}).to_string();
        let tail = genuine.split_once('.').context("a token")?.1;
        if Some(kid.clone().unwrap_or_default()) != jsonwebtoken::decode_header(&genuine)?.kid {
            forged.push(format!("{}.{tail}", URL_SAFE_NO_PAD.encode(plain)));
        }
    }
    for token in &forged {
        ensure!(!is_active(&client, token).await?, "accepted: {token}");
        ensure!(client.verify(token, &client.issuer, "at+jwt").await.is_err(), "verified: {token}");
    }
    ensure!(is_active(&client, &genuine).await?, "the genuine one was none of them");
    Ok(())
}

async fn post(api: &Api, path: &str, body: Option<Value>) -> Result<Value> {
    let (status, answer) = api.call(Method::POST, path, body).await?;
    ensure!(status == 200, "{path}: {status} {answer}");
    Ok(answer)
}

#[tokio::test]
async fn a06_g17_keys_are_rotated_through_the_api_while_the_tenant_serves() -> Result<()> {
    let mut polder = Polder::start_with(&[])?;
    let api = polder.api();
    let (client, genuine) = machine(&polder).await?;
    let before = jwks(&client).await?;
    let tenant = folder_of(&polder, &polder.issuer("practice")).await?;
    let short = tenant.file_name().context("a name")?.to_string_lossy().into_owned();
    let seal = polder.data.join("secrets").join(format!("{short}.seal"));

    // Signing keys: the next ones are published, the present ones sign.
    post(&api, "/tenants/practice/keys/rotate", Some(json!({}))).await?;
    let after = jwks(&client).await?;
    ensure!(after.len() == 2 * before.len() && before.iter().all(|key| after.contains(key)), "old and new are listed");
    ensure!(kid(&fresh(&client).await?)? == kid(&genuine)?, "the new one waits until it is known");
    client.verify(&genuine, &client.issuer, "at+jwt").await?;

    // The seal key: a copy of the data from before opens with the old one alone, and that is gone.
    let old = SealKey::parse(&fs::read_to_string(&seal)?)?;
    let copy = copied(&tenant.join("data"))?;
    let named = post(&api, "/tenants/practice/seal-key/rotate", None).await?;
    let new = SealKey::parse(&fs::read_to_string(&seal)?)?;
    ensure!(named["id"] == new.id().as_str() && new.id() != old.id(), "{named}");
    let next = seal.with_extension("seal.next");
    ensure!(!next.exists(), "nothing lies between");
    let rows = data_keys(&copy.path().join("tenant.db")).await?;
    ensure!(opens(&old, &rows) && !opens(&new, &rows), "what was copied before is lost with the old key");
    post(&api, "/tenants/practice/data-keys/rotate", Some(json!({}))).await?;
    ensure!(is_active(&client, &genuine).await?);

    // A rotation interrupted after the tenant took the key up: both files are there, and the start goes on.
    polder.kill()?;
    let later = SealKey::generate(&Entropy::System);
    fs::write(&next, later.to_text().expose())?;
    polder.start_again()?;
    ensure!(is_active(&client, &genuine).await?, "the tenant took up the next one at its start");
    let named = post(&polder.api(), "/tenants/practice/seal-key/rotate", None).await?;
    ensure!(named["id"] == later.id().as_str() && !next.exists(), "the same one, not a third");
    ensure!(SealKey::parse(&fs::read_to_string(&seal)?)?.id() == later.id());

    // Emergency: what the old keys signed is worth nothing at once.
    let api = polder.api();
    post(&api, "/tenants/practice/keys/rotate", Some(json!({"emergency": true}))).await?;
    ensure!(!is_active(&client, &genuine).await?, "dropped");
    ensure!(client.verify(&genuine, &client.issuer, "at+jwt").await.is_err());
    let token = fresh(&client).await?;
    client.verify(&token, &client.issuer, "at+jwt").await?;
    ensure!(jwks(&client).await?.iter().all(|key| !after.contains(key)), "no kid comes back");
    let log = api.get("/tenants/practice/audit-events?action=key.dropped").await?;
    ensure!(log["items"].as_array().is_some_and(|items| items.len() == 6), "{log}");
    Ok(())
}
