//! Signed heads of the chain: up to here nothing can be rewritten by whoever only has the database.
//!
//! The key is the log's own, not one of the rotating token keys. A checkpoint copied elsewhere also
//! shows when the end of the log was cut off.

use std::sync::Arc;

use polder_crypto::{Algorithm, Category, Jwk, Jwks, KeyError, Keyring, SigningKey, Verifier};
use polder_db::{Db, Row, Tx, Value, args};
use polder_kernel::{Clock, Entropy, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::chain::CHAIN;
use crate::tail::SignHead;

/// The `typ` of a checkpoint's signature, which is a JWT.
pub const TYPE: &str = "polder-checkpoint+jwt";

/// The row of `setting` that holds the log's key, sealed.
const SETTING: &str = "audit.checkpoint_key";
const SEALED_AT: &str = "setting.value:audit.checkpoint_key";

/// A row of `audit_checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Which writer's chain.
    pub chain: i64,
    /// The last event it covers.
    pub seq: i64,
    /// When it was signed, Unix milliseconds.
    pub at: Timestamp,
    /// The hash of that event.
    pub hash: String,
    /// A JWT of type [`TYPE`] over all of the above.
    pub signature: String,
}

/// What the signature says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    pub(crate) chain: i64,
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) hash: String,
    /// Retention removed everything up to here: the chain starts after this event.
    pub(crate) start: bool,
}

/// The key that signs this log's checkpoints. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CheckpointKey {
    signing: Arc<SigningKey>,
    verifier: Verifier,
}

impl CheckpointKey {
    /// The key of this log, made at first start. It lies sealed in `setting`; its public half is taken
    /// from there too, so that nobody can slip another one in.
    ///
    /// # Errors
    /// The database's, or that the stored key does not open.
    pub async fn open(db: &Db, keyring: &Keyring, entropy: &Entropy, clock: &Clock) -> Result<Self, Error> {
        if let Some(key) = Self::stored(db, keyring).await? {
            return Ok(key);
        }
        let (_, pkcs8) = SigningKey::generate(Algorithm::EdDsa, entropy)?;
        let sealed = keyring.seal(Category::SigningKeys, SEALED_AT, pkcs8.expose());
        let now = clock.now();
        db.write(move |tx| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3) \
                                   ON CONFLICT (name) DO NOTHING";
                tx.execute(SQL, &args![SETTING, sealed, now]).await
            })
        })
        .await?;
        // Another start may have been quicker: what is stored is the key.
        Self::stored(db, keyring).await?.ok_or(Error::Key(KeyError::Malformed))
    }

    async fn stored(db: &Db, keyring: &Keyring) -> Result<Option<Self>, Error> {
        const SQL: &str = "SELECT value FROM setting WHERE name = $1";
        let sealed = db.read().await?.optional(SQL, &args![SETTING], |row| row.text("value")).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let pkcs8 = keyring.unseal(Category::SigningKeys, SEALED_AT, &sealed)?;
        Ok(Some(Self::new(SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8.expose())?)))
    }

    fn new(signing: SigningKey) -> Self {
        let verifier = Self::verifier_with(signing.public_jwk());
        Self { signing: Arc::new(signing), verifier }
    }

    /// What verifies the checkpoints of a log whose key has this public half.
    pub(crate) fn verifier_with(key: &Jwk) -> Verifier {
        Verifier::new(&Jwks { keys: vec![key.clone()] })
    }

    /// The public half, to verify the log elsewhere.
    pub fn public_jwk(&self) -> &Jwk {
        self.signing.public_jwk()
    }

    /// What verifies this log's checkpoints.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }
}

/// Signs the head of the chain, if events came since the last checkpoint. The last checkpoint then;
/// `None` while the log is empty.
///
/// # Errors
/// The database's.
pub async fn write(db: &Db, key: &CheckpointKey) -> Result<Option<Checkpoint>, polder_db::Error> {
    let request = SignHead(Arc::clone(&key.signing));
    db.write(move |tx| {
        Box::pin(async move {
            tx.append(Box::new(request));
            Ok::<_, polder_db::Error>(())
        })
    })
    .await?;
    latest(&mut db.read().await?).await
}

/// The newest checkpoint, as stored.
///
/// # Errors
/// The database's.
pub async fn latest(tx: &mut Tx) -> Result<Option<Checkpoint>, polder_db::Error> {
    const SQL: &str = "SELECT * FROM audit_checkpoint WHERE chain = $1 ORDER BY seq DESC LIMIT 1";
    tx.optional(SQL, &args![CHAIN], Checkpoint::from_row).await
}

impl Checkpoint {
    pub(crate) fn sign(key: &SigningKey, chain: i64, seq: i64, at: Timestamp, hash: &str) -> Result<Self, KeyError> {
        let claims = Claims { chain, seq, at, hash: hash.to_owned(), start: false };
        let signature = key.sign_jwt(TYPE, &claims)?;
        Ok(Self { chain, seq, at, hash: claims.hash, signature })
    }

    /// The same checkpoint, signed as the start of the chain.
    pub(crate) fn as_start(&self, key: &CheckpointKey) -> Result<Self, KeyError> {
        let Self { chain, seq, at, hash, .. } = self.clone();
        let claims = Claims { chain, seq, at, hash, start: true };
        let signature = key.signing.sign_jwt(TYPE, &claims)?;
        Ok(Self { signature, ..self.clone() })
    }

    /// Whether it was signed by the log's key for just these values; if so, whether as the chain's start.
    pub(crate) fn verified(&self, verifier: &Verifier) -> Option<Role> {
        let claims = Self::said(&self.signature, verifier)?;
        let same =
            claims.chain == self.chain && claims.seq == self.seq && claims.at == self.at && claims.hash == self.hash;
        same.then_some(if claims.start { Role::Start } else { Role::Along })
    }

    /// What a signature of the log's key says; `None` when it is not.
    pub(crate) fn said(signature: &str, verifier: &Verifier) -> Option<Claims> {
        verifier.verify(signature, &[TYPE], &[Algorithm::EdDsa]).ok()?.claims().ok()
    }

    pub(crate) fn from_row(row: &Row) -> Result<Self, polder_db::Error> {
        Ok(Self {
            chain: row.int("chain")?,
            seq: row.int("seq")?,
            at: row.time("at")?,
            hash: row.text("hash")?,
            signature: row.text("signature")?,
        })
    }

    pub(crate) fn into_insert(self) -> (String, Vec<Value>) {
        // One of that number can only be there already if somebody put it there: verifying will tell.
        const SQL: &str = "INSERT INTO audit_checkpoint (chain, seq, at, hash, signature) VALUES ($1, $2, $3, $4, $5) \
                           ON CONFLICT (chain, seq) DO NOTHING";
        (SQL.to_owned(), args![self.chain, self.seq, self.at, self.hash, self.signature].to_vec())
    }
}

/// What a genuine checkpoint stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Somewhere along the chain.
    Along,
    /// Where the chain starts since retention removed what was before.
    Start,
}
