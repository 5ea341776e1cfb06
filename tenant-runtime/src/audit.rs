//! What the audit log says about a person.

use polder_audit::Event;

use crate::App;
use crate::error::Internal;
use crate::model::User;

/// The event about `user`, its details sealed under the person's own key, so that they go when the
/// person does.
///
/// # Errors
/// When the person's key cannot be opened.
pub fn about(app: &App, event: Event, user: &User) -> Result<Event, Internal> {
    let event = event.user(user.id);
    match &user.audit_key_wrapped {
        Some(wrapped) => Ok(event.sealed_for(&app.keyring.person_key(&user.id.to_string(), wrapped)?)),
        None => Ok(event),
    }
}
