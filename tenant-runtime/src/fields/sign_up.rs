//! Fields that people are asked for where they sign up, and later where a required one is still empty.

use polder_db::Tx;
use polder_protocol::authorize::Request;

use super::claims;
use crate::App;
use crate::error::Internal;
use crate::model::Application;
use crate::signin::flow::Known;
use crate::signin::session::Signed;
use crate::store::profile;

/// What is known of somebody, with the fields looked at as well: the first questions are answered once the
/// required ones are, and what was agreed to is what was there to agree to.
///
/// # Errors
/// When the database fails.
pub async fn look(
    app: &App,
    tx: &mut Tx,
    (signed, known): (&Signed, Known),
    application: &Application,
    request: &Request,
) -> Result<Known, Internal> {
    let has_name = known.has_name && !lacks(app, tx, signed).await?;
    let outgrew = known.consented
        && claims::outgrew_consent(app, tx, application, signed.user.id, &request.asked_scope()).await?;
    Ok(Known { has_name, consented: known.consented && !outgrew, ..known })
}

async fn lacks(app: &App, tx: &mut Tx, signed: &Signed) -> Result<bool, Internal> {
    let fields = app.fields.current();
    let required: Vec<_> = fields.iter().filter(|field| field.is_asked() && field.definition.required).collect();
    if required.is_empty() {
        return Ok(false);
    }
    let values = profile::values(tx, &app.keyring, signed.user.id).await?;
    Ok(required.iter().any(|field| !values.contains_key(&field.name)))
}
