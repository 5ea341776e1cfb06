//! How Polder's own programs find the application they sign people in through.

use polder_crypto::{Category, SealError};
use polder_db::Error;
use polder_kernel::Secret;

use super::desired::Purpose;
use super::steps::own_secret_context;
use crate::app::App;
use crate::model::Tenant;
use crate::store::own_applications;

/// An application with its secret.
#[derive(Clone, Debug)]
pub struct OwnApplication {
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret<String>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum NoApplication {
    /// Provisioning has not come to it yet.
    #[error("the application is not there yet")]
    NotYet,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Error),
    /// The secret was sealed under another key.
    #[error("the application's secret cannot be unsealed: {0}")]
    Seal(#[from] SealError),
}

/// The application that Polder's own program for `purpose` uses at `tenant`.
///
/// # Errors
/// [`NoApplication`].
pub async fn own_application(app: &App, tenant: &Tenant, purpose: Purpose) -> Result<OwnApplication, NoApplication> {
    let rows = own_applications::of_tenant(&mut app.db.read().await?, tenant.id).await?;
    let row = rows.into_iter().find(|row| row.purpose == purpose.as_str()).ok_or(NoApplication::NotYet)?;
    let context = own_secret_context(tenant, purpose);
    let secret = app.keyring.unseal_text(Category::ProviderTokens, &context, &row.secret_sealed)?;
    Ok(OwnApplication { client_id: row.client_id, client_secret: Secret::new(secret) })
}
