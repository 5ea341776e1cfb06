//! Whether an access token still stands: asked of the database at every use, so that revocation is
//! immediate although the token is signed (P3, E14).

use polder_kernel::Timestamp;
use polder_protocol::claims::AccessToken;

use crate::App;
use crate::error::Internal;
use crate::model::GrantId;
use crate::store;
use crate::store::grants::Stands;

/// What a token that stands was given for.
pub enum Standing {
    /// A person, still sealed, with the single claims that were granted.
    Person(Box<Stands>),
    /// The application itself.
    Application,
}

/// Asks. `None` when the token, its grant, its person, its session or its application ended.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn of(app: &App, claims: &AccessToken<'_>) -> Result<Option<Standing>, Internal> {
    if app.applications.enabled(&claims.client_id).is_none() {
        return Ok(None);
    }
    let mut tx = app.db.read().await?;
    let Some(grant) = grant_of(&claims.jti) else {
        let revoked = store::revoked_tokens::contains(&mut tx, &claims.jti).await?;
        return Ok((!revoked).then_some(Standing::Application));
    };
    let iat = Timestamp::from_seconds(claims.iat);
    let person = store::grants::standing(&mut tx, grant, &claims.jti, iat).await?;
    Ok(person.map(|person| Standing::Person(Box::new(person))))
}

/// The name of a token that belongs to a grant: `GRANT.RANDOM`; of one without a person: `RANDOM`.
pub fn jti(grant: Option<GrantId>, random: &str) -> String {
    grant.map_or_else(|| random.to_owned(), |grant| format!("{grant}.{random}"))
}

fn grant_of(jti: &str) -> Option<GrantId> {
    jti.split_once('.')?.0.parse().ok()
}
