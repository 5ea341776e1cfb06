//! Finding out which application a request says it is from: a header on the first line, then a form.

use polder_protocol::{AuthMethod, Params, client_auth};

use crate::{applications, two_parts};

/// Who is found has a name, and is let in by its one registered method only.
///
/// # Panics
/// When it does not hold.
pub fn holds(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let (header, body) = two_parts(text);
    let Ok(params) = Params::parse(body.as_bytes()) else { return };
    for authorization in [None, Some(header)] {
        let Ok(found) = client_auth::parse(authorization, &params) else { continue };
        assert!(!found.id().is_empty());
        for application in applications::all() {
            if found.pinned(&application).is_ok() {
                assert_eq!((found.id(), found.method()), (application.id.as_str(), application.auth_method));
                let by_secret = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost];
                assert_eq!(found.secret().is_some(), by_secret.contains(&application.auth_method));
            }
        }
    }
}
