//! Single claims that a request asks for (OpenID Connect Core 5.5): which of them the application may ask for,
//! and which of them it gets.

use polder_protocol::authorize::Request;
use polder_protocol::claims::AskedClaims;
use polder_protocol::scope::OPENID;
use polder_tenant_api::UserId;

use crate::App;
use crate::error::Internal;
use crate::model::Application;
use crate::oidc::{person, subject};

/// Leaves out what this application may not ask for, and notes what people agree to with the rest. A person
/// is meant by what the application knows them by.
pub(super) fn admit(app: &App, application: &Application, request: &mut Request) {
    for named in &mut request.subjects {
        // Whoever is known to nobody by that name: the empty text is no person's id.
        *named = subject::user(app, application, named).map(|user| user.to_string()).unwrap_or_default();
    }
    if request.claims.is_empty() {
        return;
    }
    let openid = request.scope.contains(OPENID);
    request.claims.retain(|wish| openid && person::scope_behind(app, application, &wish.name).is_some());
    request.claims_scope = person::scopes_behind(app, application, &request.claims.names());
}

/// What the grant gives: everything asked for, less what was asked for with a value that it has not.
pub(super) async fn granted(
    app: &App,
    application: &Application,
    request: &Request,
    user: UserId,
) -> Result<AskedClaims, Internal> {
    if request.claims.all().all(|wish| wish.values.is_empty()) {
        return Ok(request.claims.names());
    }
    let names: Vec<String> = request.claims.all().map(|wish| wish.name.clone()).collect();
    let said = person::asked_for(app, application, user, &names).await?;
    let mut wishes = request.claims.clone();
    wishes.retain(|wish| wish.accepts(said.get(&wish.name)));
    Ok(wishes.names())
}
