//! The mail to somebody an administrator makes an account for.

use std::time::Duration;

use polder_db::Tx;
use polder_hosted_pages::Theme;
use polder_hosted_pages::mail::{Invitation, Rendered};
use polder_kernel::Locale;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::error::Internal;
use crate::model::User;
use crate::store::outbox::{self, MessageId, NewMessage};

/// The name of the template in the outbox.
pub const TEMPLATE: &str = "invitation";
/// How long sending it is tried.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// What the mail is filled with.
#[derive(Serialize, Deserialize)]
pub struct Parameters {
    /// The person's address.
    pub address: String,
    /// Where to sign in.
    pub sign_in: String,
}

impl Parameters {
    /// The mail itself.
    pub fn render(&self, locale: Locale, tenant_name: &str, theme: &Theme) -> Rendered {
        Invitation { locale, tenant_name, theme, address: &self.address, sign_in: &self.sign_in }.render()
    }
}

/// Puts the mail into the queue. After the commit, ring `outbox_filled`.
///
/// # Errors
/// When the database fails.
pub async fn put(app: &App, tx: &mut Tx, user: &User) -> Result<(), Internal> {
    let now = app.clock.now();
    let parameters =
        Parameters { address: user.email.as_str().to_owned(), sign_in: format!("{}/account", app.issuer.as_str()) };
    let message = NewMessage {
        id: MessageId::new(&app.clock, &app.entropy),
        template: TEMPLATE,
        locale: user.locale.unwrap_or(app.tenant.current().default_locale),
        user_id: Some(user.id),
        recipient: &user.email,
        parameters: &parameters,
        expires_at: now + KEPT,
    };
    outbox::put(tx, &app.keyring, &message, true, now).await
}
