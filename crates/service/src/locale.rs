//! Which language a page is in: what the request asks for, then what the browser remembers, then
//! what it prefers.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use polder_kernel::Locale;

/// Chooses a language from `asked` (a `ui_locales` or `lang` parameter: space-separated tags, best
/// first), `remembered` (a cookie's value) and the `Accept-Language` header, in this order. A
/// language we do not speak counts as not said; English is what remains.
pub fn choose(asked: Option<&str>, remembered: Option<&str>, headers: &HeaderMap) -> Locale {
    let preferred = || headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    asked
        .and_then(Locale::from_ui_locales)
        .or_else(|| remembered.and_then(|tag| tag.parse().ok()))
        .or_else(|| preferred().and_then(Locale::from_accept_language))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a16_the_request_is_asked_first_then_the_cookie_then_the_browser() {
        let mut headers = HeaderMap::new();
        assert_eq!(choose(None, None, &headers), Locale::En);
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("nl"));
        assert_eq!(choose(None, None, &headers), Locale::Nl);
        assert_eq!(choose(None, Some("en"), &headers), Locale::En);
        assert_eq!(choose(Some("tlh nl-BE"), Some("en"), &headers), Locale::Nl);
        assert_eq!(choose(Some("<script>"), Some("\"><b>"), &headers), Locale::Nl);
    }
}
