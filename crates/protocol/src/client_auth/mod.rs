//! Client authentication: which client says it is there, and by which one method (RFC 6749 2.3).

pub mod assertion;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use polder_kernel::Secret;

use crate::{AuthMethod, Client, Error, ErrorCode, Params};

/// What a client presented. Nothing is proved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// HTTP Basic.
    Basic {
        /// The claimed `client_id`.
        id: String,
        /// The presented secret.
        secret: Secret<String>,
    },
    /// Id and secret in the body.
    Post {
        /// The claimed `client_id`.
        id: String,
        /// The presented secret.
        secret: Secret<String>,
    },
    /// A signed assertion (RFC 7523 2.2).
    Assertion {
        /// The claimed `client_id`: what the assertion says of itself, unproved.
        id: String,
        /// The assertion.
        assertion: Secret<String>,
    },
    /// An id alone: a public client.
    None {
        /// The claimed `client_id`.
        id: String,
    },
}

impl Credentials {
    /// The claimed `client_id`.
    pub fn id(&self) -> &str {
        match self {
            Self::Basic { id, .. } | Self::Post { id, .. } | Self::Assertion { id, .. } | Self::None { id } => id,
        }
    }

    /// The presented secret, for the caller to compare in constant time with what is stored.
    pub fn secret(&self) -> Option<&Secret<String>> {
        match self {
            Self::Basic { secret, .. } | Self::Post { secret, .. } => Some(secret),
            Self::Assertion { .. } | Self::None { .. } => None,
        }
    }

    /// The method that was used.
    pub const fn method(&self) -> AuthMethod {
        match self {
            Self::Basic { .. } => AuthMethod::ClientSecretBasic,
            Self::Post { .. } => AuthMethod::ClientSecretPost,
            Self::Assertion { .. } => AuthMethod::PrivateKeyJwt,
            Self::None { .. } => AuthMethod::None,
        }
    }

    /// Refuses any method but the one the client is registered with (B11), so that neither a leaked
    /// secret nor its absence can be tried by another way.
    pub fn pinned(&self, client: &Client) -> Result<(), Error> {
        if self.id() == client.id && self.method() == client.auth_method {
            return Ok(());
        }
        Err(refused().detail(format!("method {} instead of {}", self.method(), client.auth_method)))
    }
}

/// Reads the `Authorization` header and the body together. More than one method is refused (B09);
/// whatever else is wrong is the one generic `invalid_client` (B08).
pub fn parse(authorization: Option<&str>, params: &Params) -> Result<Credentials, Error> {
    if params.get("client_assertion").is_some() || params.get("client_assertion_type").is_some() {
        return with_assertion(authorization, params);
    }
    match authorization {
        Some(header) => with_header(header, params),
        None => without_header(params),
    }
}

/// The one answer to failed client authentication: it does not say whether the client exists.
pub fn refused() -> Error {
    Error::new(ErrorCode::InvalidClient, "client authentication failed")
}

fn with_assertion(authorization: Option<&str>, params: &Params) -> Result<Credentials, Error> {
    if authorization.is_some() || params.get("client_secret").is_some() {
        return Err(Error::new(ErrorCode::InvalidRequest, "use one way of client authentication, not two"));
    }
    let (Some(assertion), Some(assertion::TYPE)) =
        (params.get("client_assertion"), params.get("client_assertion_type"))
    else {
        return Err(refused().detail("client_assertion and its type belong together"));
    };
    let id = assertion::subject(assertion).ok_or_else(|| refused().detail("the assertion is no JWT"))?;
    if params.get("client_id").is_some_and(|in_body| in_body != id) {
        return Err(Error::new(ErrorCode::InvalidRequest, "client_id differs from the authenticated client"));
    }
    Ok(Credentials::Assertion { id, assertion: Secret::new(assertion.to_owned()) })
}

fn with_header(header: &str, params: &Params) -> Result<Credentials, Error> {
    if params.get("client_secret").is_some() {
        return Err(Error::new(ErrorCode::InvalidRequest, "use one way of client authentication, not two"));
    }
    let (id, secret) = basic(header).ok_or_else(|| refused().detail("malformed Authorization header"))?;
    if params.get("client_id").is_some_and(|in_body| in_body != id) {
        return Err(Error::new(ErrorCode::InvalidRequest, "client_id differs from the authenticated client"));
    }
    Ok(Credentials::Basic { id, secret })
}

fn without_header(params: &Params) -> Result<Credentials, Error> {
    let Some(id) = params.get("client_id") else {
        return Err(refused().detail("no client named"));
    };
    let id = id.to_owned();
    Ok(match params.get("client_secret") {
        Some(secret) => Credentials::Post { id, secret: Secret::new(secret.to_owned()) },
        None => Credentials::None { id },
    })
}

/// RFC 7617 with the twist of RFC 6749 2.3.1: id and secret are form-encoded before the base64.
fn basic(header: &str) -> Option<(String, Secret<String>)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let plain = Secret::new(String::from_utf8(STANDARD.decode(encoded.trim_matches(' ')).ok()?).ok()?);
    let (id, secret) = plain.expose().split_once(':')?;
    let (id, secret) = (form_decode(id)?, Secret::new(form_decode(secret)?));
    (!id.is_empty() && !secret.expose().is_empty()).then_some((id, secret))
}

/// Strict, unlike [`Params`]: an id or secret with a stray `%` was not encoded by the rules.
fn form_decode(text: &str) -> Option<String> {
    let well_formed = text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        matches!((digits.next(), digits.next()), (Some(a), Some(b)) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    });
    if !well_formed {
        return None;
    }
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;
    use crate::sample::{self, params};

    fn header(plain: &str) -> String {
        format!("Basic {}", STANDARD.encode(plain))
    }

    fn code(authorization: Option<&str>, body: &str) -> ErrorCode {
        parse(authorization, &params(body)).unwrap_err().code
    }

    #[test]
    fn a08_a_secret_in_the_body() {
        let credentials = parse(None, &params("client_id=coach&client_secret=s%20e")).unwrap();
        assert_eq!(credentials, Credentials::Post { id: "coach".to_owned(), secret: Secret::new("s e".to_owned()) });
        let public = parse(None, &params("client_id=coach&client_secret=")).unwrap();
        assert_eq!((public.method(), public.id(), public.secret()), (AuthMethod::None, "coach", None));
    }

    #[test]
    fn b08_every_failure_reads_the_same() {
        let bad = [None, Some("Basic"), Some("Basic !"), Some("Bearer abc"), Some("Digest x")];
        let answers: Vec<_> = bad.into_iter().map(|header| parse(header, &params("")).unwrap_err().body()).collect();
        assert!(answers.iter().all(|answer| *answer == refused().body()));
    }

    #[test]
    fn b09_two_methods_are_refused() {
        let basic = header("coach:secret");
        assert_eq!(code(Some(&basic), "client_secret=secret"), ErrorCode::InvalidRequest);
        assert_eq!(code(Some(&basic), "client_id=other"), ErrorCode::InvalidRequest);
        assert_eq!(code(Some(&basic), "client_assertion=x"), ErrorCode::InvalidRequest);
        let assertion =
            format!("client_assertion_type={}&client_assertion=e30.eyJzdWIiOiJjb2FjaCJ9.x", assertion::TYPE);
        assert_eq!(code(None, &format!("{assertion}&client_secret=x")), ErrorCode::InvalidRequest);
        assert_eq!(code(None, &format!("{assertion}&client_id=other")), ErrorCode::InvalidRequest);
        let credentials = parse(None, &params(&format!("{assertion}&client_id=coach"))).unwrap();
        assert_eq!((credentials.id(), credentials.method()), ("coach", AuthMethod::PrivateKeyJwt));
        assert_eq!(code(None, "client_id=coach&client_assertion_type=x"), ErrorCode::InvalidClient);
        assert!(parse(Some(&basic), &params("client_id=coach")).is_ok());
    }

    #[test]
    fn b10_basic_credentials_are_form_decoded_after_strict_base64() {
        let credentials = parse(Some(&header("my%3Aid:a%3Ab%2Bc%2520+%C3%A9")), &params("")).unwrap();
        assert_eq!(credentials.id(), "my:id");
        assert_eq!(credentials.secret().unwrap().expose(), "a:b+c%20 \u{e9}");
        let colon = parse(Some(&header("id:a:b")), &params("")).unwrap();
        assert_eq!(colon.secret().unwrap().expose(), "a:b");
        let any_case = parse(Some(&header("id:x").replace("Basic", "bAsIc")), &params("")).unwrap();
        assert_eq!(any_case.id(), "id");
        let padded = STANDARD.encode("id:secret1");
        for wrong in [
            format!("Basic {}", padded.trim_end_matches('=')),
            format!("Basic {padded}="),
            "Basic aWQ6eB==".to_owned(),
            "Basic aWQ6eA".to_owned(),
            "Basic aWQ6_-8=".to_owned(),
            "Basic aWQ 6eA==".to_owned(),
            header("no colon"),
            header(":secret"),
            header("id:"),
            header("id:100%"),
            header("id:%zz"),
            header("id:%ff"),
            format!("Basic {}", STANDARD.encode(b"id:\xff")),
        ] {
            assert_eq!(code(Some(&wrong), ""), ErrorCode::InvalidClient, "{wrong}");
        }
    }

    #[test]
    fn b11_the_method_is_pinned() {
        let basic = parse(Some(&header("coach:x")), &params("")).unwrap();
        let post = parse(None, &params("client_id=coach&client_secret=x")).unwrap();
        let none = parse(None, &params("client_id=coach")).unwrap();
        let all = [&basic, &post, &none];
        for method in AuthMethod::ALL {
            let client = Client { auth_method: method, ..sample::web() };
            for credentials in all {
                let pinned = credentials.pinned(&client);
                assert_eq!(pinned.is_ok(), credentials.method() == method);
                assert!(pinned.is_ok() || pinned.unwrap_err().body() == refused().body());
            }
        }
        assert!(basic.pinned(&Client { id: "other".to_owned(), ..sample::web() }).is_err());
    }

    #[test]
    fn f16_secrets_do_not_print() {
        let credentials = parse(Some(&header("coach:hunter2")), &params("")).unwrap();
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn b10_every_id_and_secret_survives(id in ".{1,20}", secret in ".{1,40}") {
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let credentials = parse(Some(&header(&format!("{}:{}", encode(&id), encode(&secret)))), &params("")).unwrap();
            prop_assert_eq!(credentials.id(), id);
            prop_assert_eq!(credentials.secret().unwrap().expose(), &secret);
        }

        #[test]
        fn b10_no_header_text_is_accepted_without_being_basic(text in "[ -~]{0,40}") {
            match parse(Some(&text), &params("")) {
                Ok(credentials) => {
                    prop_assert_eq!(credentials.method(), AuthMethod::ClientSecretBasic);
                    prop_assert!(text[..6].eq_ignore_ascii_case("basic "));
                }
                Err(error) => prop_assert_eq!(error.code, ErrorCode::InvalidClient),
            }
        }

        #[test]
        fn b10_a_changed_header_never_gives_the_same_credentials(place in 6_usize..26, byte in 0x21_u8..0x7f) {
            let right = header("coach:secret12");
            let mut changed = right.clone().into_bytes();
            prop_assume!(place < changed.len() && changed[place] != byte);
            changed[place] = byte;
            let changed = String::from_utf8(changed).unwrap();
            if let Ok(credentials) = parse(Some(&changed), &params("")) {
                prop_assert_ne!(credentials, parse(Some(&right), &params("")).unwrap());
            }
        }
    }
}
