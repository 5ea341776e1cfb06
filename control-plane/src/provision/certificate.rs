//! What is left of a destroyed tenant: a signed list of what was destroyed (H17).
//!
//! The certificate is a JSON document that people can read, with the same as a JWT signed by a key of
//! the control plane's own. It verifies offline with nothing but that key's public half.

use std::sync::Arc;

use polder_crypto::{Algorithm, Category, Jwk, Jwks, Keyring, SigningKey, Verifier};
use polder_db::{Db, Error, args};
use polder_kernel::{Clock, Entropy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The `typ` of the signature.
pub const TYPE: &str = "polder-destruction+jwt";

/// The row of `setting` that holds the key, sealed.
const SETTING: &str = "certificate.key";
const SEALED_AT: &str = "setting.value:certificate.key";

/// What was destroyed of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statement {
    /// Names the tenant for ever.
    pub tenant_id: String,
    /// Its slug, which is never given out again.
    pub slug: String,
    /// Its issuer, under which no token is signed any more.
    pub issuer: String,
    /// When it was terminated.
    pub terminated_at: Option<String>,
    /// When the last of it was destroyed.
    pub destroyed_at: String,
    /// Who wanted it destroyed: `member`, `api_key`, or `system` at the end of the grace period.
    pub requested_by: Requester,
    /// What there was, and is no more.
    pub destroyed: Vec<Item>,
    /// What that means for copies made before.
    pub copies: String,
}

/// Who wanted a tenant destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Requester {
    /// `member`, `api_key` or `system`.
    pub kind: String,
    /// Which one.
    pub id: String,
}

/// One thing that was destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// `seal_key`, `admin_key`, `runtime`, `database`, `socket`, `folder`, `application_secret`, `message`, …
    pub kind: String,
    /// What it was called, relative to the data folder.
    pub name: String,
    /// How many bytes it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// A certificate as the API gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"certificate": {"tenant_id": "019a0000-0000-7000-8000-000000000001", "slug": "acme",
    "issuer": "https://acme.polder.example", "terminated_at": "2026-11-21T08:00:00.000Z",
    "destroyed_at": "2026-12-21T08:00:00.000Z", "requested_by": {"kind": "system", "id": "polder"},
    "destroyed": [{"kind": "seal_key", "name": "secrets/k3v9q2m7x4ab.seal", "bytes": 43}],
    "copies": "Every copy of the data was sealed under the seal key, which is destroyed: none can be read."},
    "signed": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
    "key": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "key-1"}}))]
pub struct Certificate {
    /// What is certified.
    pub certificate: Statement,
    /// The same as a compact JWT (EdDSA), of type `polder-destruction+jwt`.
    pub signed: String,
    /// The public key that verifies it.
    #[schema(value_type = Object)]
    pub key: Jwk,
}

/// The certificate is not what was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate is not what this key signed")]
pub struct Forged;

impl Certificate {
    /// Checks that `key`, which must come from somewhere else than the certificate, signed just this.
    ///
    /// # Errors
    /// [`Forged`].
    pub fn verify(&self, key: &Jwk) -> Result<(), Forged> {
        let verifier = Verifier::new(&Jwks { keys: vec![key.clone()] });
        let signed = verifier.verify(&self.signed, &[TYPE], &[Algorithm::EdDsa]).map_err(|_| Forged)?;
        let signed: Statement = signed.claims().map_err(|_| Forged)?;
        if signed == self.certificate { Ok(()) } else { Err(Forged) }
    }
}

/// The key that signs certificates of destruction; no rotating token key, and not the audit log's.
pub struct CertificateKey(Arc<SigningKey>);

impl CertificateKey {
    /// The key of this installation, made at first start. It lies sealed in `setting`.
    ///
    /// # Errors
    /// The database's, or that the stored key does not open.
    pub async fn open(db: &Db, keyring: &Keyring, entropy: &Entropy, clock: &Clock) -> Result<Self, Error> {
        if let Some(key) = Self::stored(db, keyring).await? {
            return Ok(key);
        }
        let broken = |error: polder_crypto::KeyError| Error::Other(error.to_string());
        let (_, pkcs8) = SigningKey::generate(Algorithm::EdDsa, entropy).map_err(broken)?;
        let sealed = keyring.seal(Category::SigningKeys, SEALED_AT, pkcs8.expose());
        let now = clock.now();
        db.write(move |tx| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3)
                                   ON CONFLICT (name) DO NOTHING";
                tx.execute(SQL, &args![SETTING, sealed, now]).await
            })
        })
        .await?;
        let missing = || Error::Other("the key of certificates cannot be kept".to_owned());
        Self::stored(db, keyring).await?.ok_or_else(missing)
    }

    async fn stored(db: &Db, keyring: &Keyring) -> Result<Option<Self>, Error> {
        const SQL: &str = "SELECT value FROM setting WHERE name = $1";
        let Some(sealed) = db.read().await?.optional(SQL, &args![SETTING], |row| row.text("value")).await? else {
            return Ok(None);
        };
        let broken = || Error::Other("the key of certificates does not open".to_owned());
        let pkcs8 = keyring.unseal(Category::SigningKeys, SEALED_AT, &sealed).map_err(|_| broken())?;
        let key = SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8.expose()).map_err(|_| broken())?;
        Ok(Some(Self(Arc::new(key))))
    }

    /// The public half, to verify certificates elsewhere.
    pub fn public_jwk(&self) -> &Jwk {
        self.0.public_jwk()
    }

    /// Signs a statement.
    ///
    /// # Errors
    /// When the key refuses.
    pub fn certify(&self, statement: Statement) -> Result<Certificate, polder_crypto::KeyError> {
        let signed = self.0.sign_jwt(TYPE, &statement)?;
        Ok(Certificate { certificate: statement, signed, key: self.public_jwk().clone() })
    }
}
