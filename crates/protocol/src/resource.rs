//! Resource indicators (RFC 8707): which APIs an access token is for.

use url::Url;

use crate::{Client, Error, ErrorCode, Params};

/// The most APIs that one request may name.
const MOST: usize = 8;

/// Every `resource` of a request, each once. One that is not registered for this application is
/// `invalid_target`, and so is what can be no resource at all (B79).
pub fn named(params: &Params, client: &Client) -> Result<Vec<String>, Error> {
    let mut named: Vec<String> = Vec::new();
    for resource in params.all("resource") {
        if !is_absolute(resource) {
            return Err(refused("resource must be an absolute URI without a fragment"));
        }
        if !client.may_name(resource) {
            return Err(refused("resource is unknown"));
        }
        if !named.iter().any(|one| one == resource) {
            named.push(resource.to_owned());
        }
    }
    if named.len() > MOST {
        return Err(refused("too many resources"));
    }
    Ok(named)
}

/// As [`named`], where only whether they may be named matters.
pub fn check(params: &Params, client: &Client) -> Result<(), Error> {
    named(params, client).map(drop)
}

/// What a token of a grant is for. What is named has to be among what was granted: a grant that named nothing
/// is for the application's own audience (RFC 8707 2.2). An API that the application may not ask for any more
/// is in no token, and where none is left there is none.
///
/// Empty means what is usual for the application.
pub fn narrowed(granted: &[String], named: &[String], client: &Client) -> Result<Vec<String>, Error> {
    let was_granted = |resource: &String| match granted {
        [] => *resource == client.audience,
        granted => granted.contains(resource),
    };
    if !named.iter().all(was_granted) {
        return Err(refused("resource was not granted"));
    }
    let wanted = if named.is_empty() { granted } else { named };
    let left: Vec<String> = wanted.iter().filter(|resource| client.may_name(resource)).cloned().collect();
    if left.is_empty() && !wanted.is_empty() {
        return Err(refused("resource is unknown"));
    }
    Ok(left)
}

impl Client {
    /// Whether it may ask for tokens for this API.
    pub fn may_name(&self, resource: &str) -> bool {
        resource == self.audience || self.resources.iter().any(|own| own == resource)
    }
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

    const OWN: &str = "https://api.example.test/v1";
    const MAIL: &str = "https://mail.example.test";
    const FILES: &str = "urn:example:files";

    fn client() -> Client {
        Client { audience: OWN.to_owned(), resources: vec![MAIL.to_owned(), FILES.to_owned()], ..sample::web() }
    }

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|&one| one.to_owned()).collect()
    }

    #[test]
    fn b79_only_what_is_registered_for_the_application() {
        for (right, resources) in [
            ("", vec![]),
            ("resource=", vec![]),
            ("resource=https://api.example.test/v1", vec![OWN]),
            ("resource=https://api.example.test/v1&resource=https%3A%2F%2Fapi.example.test%2Fv1", vec![OWN]),
            ("resource=https://mail.example.test&resource=urn:example:files", vec![MAIL, FILES]),
        ] {
            assert_eq!(named(&params(right), &client()), Ok(texts(&resources)), "{right}");
        }
        for wrong in [
            "resource=https://api.example.test",
            "resource=https://api.example.test/v1/",
            "resource=https://api.example.test/v1&resource=https://other.test",
            "resource=/v1",
            "resource=api",
            "resource=https://api.example.test/v1%23x",
            "resource=https://practice.example.test",
            "resource=https://MAIL.example.test",
        ] {
            assert_eq!(check(&params(wrong), &client()).unwrap_err().code, ErrorCode::InvalidTarget, "{wrong}");
        }
    }

    #[test]
    fn b79_a_token_is_for_what_was_granted_or_less() {
        let narrow = |granted: &[&str], named: &[&str]| narrowed(&texts(granted), &texts(named), &client());
        assert_eq!(narrow(&[], &[]), Ok(vec![]));
        assert_eq!(narrow(&[], &[OWN]), Ok(texts(&[OWN])));
        assert_eq!(narrow(&[MAIL, FILES], &[]), Ok(texts(&[MAIL, FILES])));
        assert_eq!(narrow(&[MAIL, FILES], &[FILES]), Ok(texts(&[FILES])));
        for (granted, named) in
            [(&[][..], &[MAIL][..]), (&[MAIL], &[FILES]), (&[MAIL], &[MAIL, FILES]), (&[MAIL], &[OWN])]
        {
            assert_eq!(narrow(granted, named).unwrap_err().code, ErrorCode::InvalidTarget, "{granted:?} {named:?}");
        }
        // What was taken from the application since is in no token.
        assert_eq!(narrow(&[MAIL, "https://gone.test"], &[]), Ok(texts(&[MAIL])));
        assert_eq!(narrow(&["https://gone.test"], &[]).unwrap_err().code, ErrorCode::InvalidTarget);
    }

    #[test]
    fn b79_a_request_names_a_handful_at_most() {
        let all: Vec<String> = (0..9).map(|n| format!("https://a{n}.test")).collect();
        let many = Client { resources: all.clone(), ..client() };
        let text = |n: usize| all[..n].iter().map(|one| format!("resource={one}")).collect::<Vec<_>>().join("&");
        assert_eq!(named(&params(&text(8)), &many).unwrap().len(), 8);
        assert_eq!(named(&params(&text(9)), &many).unwrap_err().code, ErrorCode::InvalidTarget);
    }
}
