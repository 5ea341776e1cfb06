//! What a client may have on its own account (RFC 6749 4.4).

use crate::{Client, Error, ErrorCode, Scope};

/// The scope of a token without a person. The standard scopes are about a person and refused (B17); a
/// client that names none gets all that it was registered with.
pub fn scope(client: &Client, requested: Option<&Scope>) -> Result<Scope, Error> {
    if client.is_public() {
        return Err(Error::new(ErrorCode::UnauthorizedClient, "a public client has no credentials of its own"));
    }
    match requested {
        None => Ok(client.scopes.clone()),
        Some(requested) if requested.is_subset(&client.scopes) => Ok(requested.clone()),
        Some(_) => {
            Err(Error::new(ErrorCode::InvalidScope, "a requested scope is not for this application on its own account"))
        }
    }
}
