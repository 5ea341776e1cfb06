//! Whether a form was sent from our own page (E07, E08): the browser's word for its origin, and a
//! token that only our page for this flow or session knew.

use http::header::ORIGIN;
use http::{HeaderMap, HeaderName};
use polder_kernel::encoding::{base64url, from_base64url};
use subtle::ConstantTimeEq;

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The request did not come from our own pages. Answer 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The browser says it comes from another origin.
    #[error("the request does not come from our own pages")]
    Origin,
    /// The form's token is missing or belongs to another flow or session.
    #[error("the form's token does not belong to this flow")]
    Token,
}

/// Checks the browser's word. `Sec-Fetch-Site` must be `same-origin`: another tenant below the same
/// domain is `same-site`, and as foreign as any. Browsers that do not send it send `Origin`, which must
/// be exactly ours. Where both come, both must agree. Where neither comes it is no browser of the last
/// ten years, which send one or the other with every POST from another site; then the form's [`Token`]
/// alone decides, so that programs may fill in the forms too. Every caller checks the token as well.
///
/// `own_origin` is the issuer's origin, such as `https://id.example`.
///
/// # Errors
/// [`Refused::Origin`].
pub fn origin_check(headers: &HeaderMap, own_origin: &str) -> Result<(), Refused> {
    let site = single(headers, &SEC_FETCH_SITE)?.map(|site| site == b"same-origin");
    let origin = single(headers, &ORIGIN)?;
    // Under `Referrer-Policy: no-referrer` browsers call our own pages' origin `null`. So does a page in
    // a sandbox, which is why `null` alone proves nothing: Sec-Fetch-Site tells the two apart.
    let origin = origin.filter(|origin| *origin != b"null" || site != Some(true));
    let origin = origin.map(|origin| origin == own_origin.as_bytes());
    match (site, origin) {
        (Some(true), Some(true) | None) | (None, Some(true) | None) => Ok(()),
        _ => Err(Refused::Origin),
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Refused> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(|v| v.as_bytes())),
        _ => Err(Refused::Origin),
    }
}

/// The token of one flow's or session's forms: a keyed hash over what it is bound to, as
/// `Token::from_mac(keyring.mac("csrf", &[flow_id]))`. Nothing is stored.
#[derive(Clone, Debug)]
pub struct Token([u8; 32]);

impl Token {
    /// The token that is this keyed hash.
    pub const fn from_mac(mac: [u8; 32]) -> Self {
        Self(mac)
    }

    /// As the hidden input carries it.
    pub fn to_text(&self) -> String {
        base64url(&self.0)
    }

    /// Checks what a form brought, in constant time.
    ///
    /// # Errors
    /// [`Refused::Token`].
    pub fn verify(&self, presented: Option<&str>) -> Result<(), Refused> {
        let presented = presented.and_then(from_base64url).ok_or(Refused::Token)?;
        if bool::from(presented.ct_eq(&self.0)) { Ok(()) } else { Err(Refused::Token) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const OWN: &str = "https://a.idp.example";

    fn check(pairs: &[(&'static str, &'static str)]) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        origin_check(&headers, OWN)
    }

    #[test]
    fn e07_our_own_pages_may_post() {
        assert_eq!(check(&[("sec-fetch-site", "same-origin"), ("origin", OWN)]), Ok(()));
        assert_eq!(check(&[("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(check(&[("origin", OWN)]), Ok(()));
        assert_eq!(check(&[]), Ok(()), "a program without either header is held to the token alone");
        // What Chromium sends from a page with `Referrer-Policy: no-referrer`.
        assert_eq!(check(&[("sec-fetch-site", "same-origin"), ("origin", "null")]), Ok(()));
    }

    #[test]
    fn e07_sibling_tenants_and_strangers_may_not() {
        for pairs in [
            &[("sec-fetch-site", "same-site"), ("origin", "https://b.idp.example")][..],
            &[("sec-fetch-site", "same-site"), ("origin", OWN)],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")],
            &[("origin", OWN), ("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site"), ("origin", "null")],
            &[("origin", "https://a.idp.example.evil.example")],
            &[("origin", "https://a.idp.example:8443")],
            &[("origin", "http://a.idp.example")],
        ] {
            assert_eq!(check(pairs), Err(Refused::Origin), "{pairs:?}");
        }
    }

    #[test]
    fn e07_e08_p9_a_token_is_good_for_its_own_flow_only() {
        let (mine, other) = (Token::from_mac([1; 32]), Token::from_mac([2; 32]));
        assert_eq!(mine.verify(Some(&mine.to_text())), Ok(()));
        for wrong in [None, Some(""), Some("AQ"), Some(other.to_text().as_str()), Some("…")] {
            assert_eq!(mine.verify(wrong), Err(Refused::Token), "{wrong:?}");
        }
    }
}
