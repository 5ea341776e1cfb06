//! What the API's problems mean.

use polder_hosted_pages::console::{ProblemKind, ProblemKinds};
use polder_hosted_pages::{Frame, Page};
use polder_kernel::Locale;

use super::{Sample, Words};

pub fn pages(locale: Locale, words: Words<'_>) -> Vec<Sample> {
    let frame = Frame { language_path: Some("/problems?x=1"), ..Frame::new(locale, "Polder") };
    let kind = |code, status| ProblemKind { code, status, meaning: words.other, remedy: words.other };
    let kinds = [kind("slug_taken", 409), kind("precondition_failed", 412), kind("too_many_requests", 429)];
    let page = |name: &str, kinds: &[ProblemKind<'_>], all| Sample {
        name: name.to_owned(),
        html: ProblemKinds { frame, kinds, all }.render(),
    };
    vec![page("console-problems", &kinds, true), page("console-problem", &kinds[..1], false)]
}
