//! What may be registered as an address of an application's own server: where it hears of ended sessions, where
//! its keys are, where a sign-in begins.

use super::RegistrationError;
use super::register::{MAX_BYTES, authority, loopback_only, parse_normal};

/// Checks such an address before it is stored (A39, A52): absolute, in its normal spelling, https, no
/// fragment (Back-Channel Logout 1.0, 2.2), no user. `dev` is set where the issuer itself is http on localhost:
/// then http is allowed on loopback hosts. Where the host may be is for whoever connects to it.
///
/// # Errors
/// [`RegistrationError`].
pub fn check_address(text: &str, dev: bool) -> Result<(), RegistrationError> {
    if text.len() > MAX_BYTES {
        return Err(RegistrationError::TooLong);
    }
    if text.contains('#') {
        return Err(RegistrationError::Fragment);
    }
    let url = parse_normal(text)?;
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(RegistrationError::UserInfo);
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if dev => loopback_only(&url, dev),
        "http" => Err(RegistrationError::Http),
        _ => Err(RegistrationError::Scheme),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a52_only_https_without_a_fragment_or_a_user() {
        for fine in
            ["https://app.example.test/bcl", "https://app.example.test/bcl?tenant=7", "https://app.example.test/"]
        {
            assert_eq!(check_address(fine, false), Ok(()), "{fine}");
        }
        for (wrong, why) in [
            ("https://app.example.test/bcl#x", RegistrationError::Fragment),
            ("https://app.example.test/#", RegistrationError::Fragment),
            ("http://app.example.test/bcl", RegistrationError::Http),
            ("http://127.0.0.1:8700/bcl", RegistrationError::Http),
            ("https://user@app.example.test/bcl", RegistrationError::UserInfo),
            ("https://@app.example.test/bcl", RegistrationError::NotNormal),
            ("ftp://app.example.test/bcl", RegistrationError::Scheme),
            ("com.example.app:/bcl", RegistrationError::Scheme),
            ("javascript:alert(1)", RegistrationError::Scheme),
            ("/bcl", RegistrationError::NotNormal),
            ("https://APP.example.test/bcl", RegistrationError::NotNormal),
            ("https://app.example.test/a/../bcl", RegistrationError::NotNormal),
            ("https://app.example.test\\@evil.test/", RegistrationError::NotNormal),
        ] {
            assert_eq!(check_address(wrong, false), Err(why), "{wrong}");
        }
    }

    #[test]
    fn f13_in_development_this_machine_may_be_told_over_http() {
        assert_eq!(check_address("http://127.0.0.1:8700/bcl", true), Ok(()));
        assert_eq!(check_address("http://localhost:8700/bcl", true), Ok(()));
        for wrong in ["http://10.0.0.1/bcl", "http://app.example.test/bcl", "http://169.254.169.254/"] {
            assert_eq!(check_address(wrong, true), Err(RegistrationError::Http), "{wrong}");
        }
    }
}
