//! The mails.

use polder_hosted_pages::Device;
use polder_hosted_pages::mail::{Rendered, SignInCode};
use polder_kernel::{Locale, Timestamp};

use super::Words;

pub fn all(locale: Locale, words: Words<'_>) -> Vec<(&'static str, Rendered)> {
    let usual = SignInCode {
        locale,
        tenant_name: words.tenant,
        application: Some(words.application),
        code: "40718265",
        minutes: 5,
        browser: Device::from_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        at: Timestamp::from_seconds(1_795_248_000),
        place: Some("Utrecht"),
    };
    let unknown = SignInCode { application: None, browser: Device::from_user_agent(words.other), place: None, ..usual };
    let place = SignInCode { place: Some(words.other), ..usual };
    vec![("mail-code", usual.render()), ("mail-code-unknown", unknown.render()), ("mail-code-place", place.render())]
}
