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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{machine, spa};

    fn granted(text: &str) -> Result<String, ErrorCode> {
        let requested = Scope::parse(text).unwrap();
        scope(&machine(), Some(&requested)).map(|scope| scope.to_string()).map_err(|error| error.code)
    }

    #[test]
    fn b17_nothing_about_a_person_is_granted() {
        for standard in crate::scope::STANDARD {
            assert_eq!(granted(standard), Err(ErrorCode::InvalidScope), "{standard}");
            assert_eq!(granted(&format!("api:read {standard}")), Err(ErrorCode::InvalidScope), "{standard}");
        }
        assert_eq!(granted("api:read"), Ok("api:read".to_owned()));
        assert_eq!(granted("api:admin"), Err(ErrorCode::InvalidScope));
        assert_eq!(scope(&machine(), None).unwrap().to_string(), "api:read api:write");
    }

    #[test]
    fn b17_a_public_client_has_no_credentials() {
        assert_eq!(scope(&spa(), None).unwrap_err().code, ErrorCode::UnauthorizedClient);
    }
}
