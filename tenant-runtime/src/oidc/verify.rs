//! Checking tokens of our own. Whether they still stand is [`super::standing`]'s question.

use std::sync::Arc;

use polder_crypto::{Algorithm, constant_time_eq, sha256};
use polder_protocol::authorize::Hint;
use polder_protocol::claims::{ACCESS_TOKEN_TYPE, AccessToken, ID_TOKEN_TYPE, IdToken, OPAQUE_PREFIX};
use polder_protocol::refresh::Presented;

use super::{opaque, subject};
use crate::App;
use crate::model::GrantId;

/// The claims of an access token of ours that has not expired; a signature is checked once (B25, B26).
pub fn access_token(app: &App, token: &str) -> Option<Arc<AccessToken<'static>>> {
    let claims = genuine_access_token(app, token)?;
    (app.clock.now().seconds() < claims.exp).then_some(claims)
}

/// As [`access_token`], also when it has expired.
pub fn genuine_access_token(app: &App, token: &str) -> Option<Arc<AccessToken<'static>>> {
    let hash = sha256(token.as_bytes());
    let keys = app.keys.current();
    if let Some(claims) = app.tokens.get(&hash, keys.generation) {
        return Some(claims);
    }
    let claims = if token.starts_with(OPAQUE_PREFIX) {
        opaque::open(&app.keyring, token)?
    } else {
        keys.verifier.verify(token, &[ACCESS_TOKEN_TYPE], &Algorithm::ALL).ok()?.claims().ok()?
    };
    if claims.iss != app.issuer.as_str() {
        return None;
    }
    let claims = Arc::new(claims);
    app.tokens.put(hash, keys.generation, claims.clone());
    Some(claims)
}

/// What an ID token of ours says as a hint. Its expiry does not matter (A19, A48).
pub fn hint(app: &App, token: &str) -> Option<Hint> {
    let verified = app.keys.current().verifier.verify(token, &[ID_TOKEN_TYPE], &Algorithm::ALL).ok()?;
    let claims: IdToken<'static> = verified.claims().ok()?;
    if claims.iss != app.issuer.as_str() {
        return None;
    }
    // Who is meant is who the application knows by that name. Where it is gone the name is all there is.
    let subject = match app.applications.find(&claims.aud) {
        None => claims.sub.into_owned(),
        Some(application) => {
            subject::user(app, &application, &claims.sub).map(|user| user.to_string()).unwrap_or_default()
        }
    };
    Some(Hint { audience: vec![claims.aud.into_owned()], subject, sid: claims.sid.map(std::borrow::Cow::into_owned) })
}

/// The keyed hash inside a refresh token: nothing of the token is stored.
pub fn refresh_mac(app: &App, grant_id: GrantId, generation: u32) -> [u8; 32] {
    let (id, generation) = Presented::mac_parts(grant_id.as_bytes(), generation);
    app.keyring.mac("refresh-token", &[&id, &generation])
}

/// The grant of a refresh token, if its keyed hash is ours.
pub fn refresh_token(app: &App, presented: &Presented) -> Option<GrantId> {
    let id = GrantId::from_bytes(presented.grant_id);
    constant_time_eq(&presented.mac, &refresh_mac(app, id, presented.generation)).then_some(id)
}
