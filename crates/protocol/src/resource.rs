//! Resource indicators (RFC 8707): which audience an access token is for.

use url::Url;

use crate::{Client, Error, ErrorCode, Params};

/// Checks every `resource` of a request. An application has one audience, so it may name that one or
/// none (B79); anything else is `invalid_target`.
pub fn check(params: &Params, client: &Client) -> Result<(), Error> {
    for resource in params.all("resource") {
        if !is_absolute(resource) {
            return Err(refused("resource must be an absolute URI without a fragment"));
        }
        if resource != client.audience {
            return Err(refused("resource is unknown"));
        }
    }
    Ok(())
}

/// Whether a text can be an audience that `resource` names: an absolute URI without a fragment.
pub fn is_absolute(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains('#') && Url::parse(text).is_ok()
}

fn refused(description: &'static str) -> Error {
    Error::new(ErrorCode::InvalidTarget, description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{self, params};

    #[test]
    fn b79_only_its_own_audience() {
        let client = Client { audience: "https://api.example.test/v1".to_owned(), ..sample::web() };
        for right in [
            "",
            "resource=",
            "resource=https://api.example.test/v1",
            "resource=https://api.example.test/v1&resource=https%3A%2F%2Fapi.example.test%2Fv1",
        ] {
            assert_eq!(check(&params(right), &client), Ok(()), "{right}");
        }
        for wrong in [
            "resource=https://api.example.test",
            "resource=https://api.example.test/v1/",
            "resource=https://api.example.test/v1&resource=https://other.test",
            "resource=/v1",
            "resource=api",
            "resource=https://api.example.test/v1%23x",
            "resource=https://practice.example.test",
        ] {
            assert_eq!(check(&params(wrong), &client).unwrap_err().code, ErrorCode::InvalidTarget, "{wrong}");
        }
    }
}
