//! Finding the access token of a request: a header, a query, and the body of a form, each on a line.

use polder_protocol::{Params, bearer};

use crate::two_parts;

/// A token that was found is text that fits into a header, and came from one place that is no URL.
///
/// # Panics
/// When it does not hold.
pub fn holds(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let (header, rest) = two_parts(text);
    let (query, body) = two_parts(rest);
    let form = Params::read(body.as_bytes());
    for authorization in [None, Some(header)] {
        match bearer::parse(authorization, Some(query), Some(&form)) {
            Ok(found) => {
                let token = found.token.expose();
                assert!(!token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic() && b != b',' && b != b'"'));
                assert!(!Params::read(query.as_bytes()).names().any(|name| name == "access_token"));
                let in_header = authorization.is_some_and(|header| is_presented(header, token));
                assert!(in_header != (form.get("access_token") == Some(token)), "came from one place");
            }
            Err(challenge) => assert!([400, 401].contains(&challenge.status())),
        }
    }
}

fn is_presented(header: &str, token: &str) -> bool {
    let Some((scheme, rest)) = header.trim_start().split_once(' ') else { return false };
    ["bearer", "dpop"].contains(&scheme.to_ascii_lowercase().as_str()) && rest.trim() == token
}
