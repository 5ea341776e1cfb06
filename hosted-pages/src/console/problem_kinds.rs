//! What the problems of the public API mean.

use askama::Template;

use crate::Frame;

/// One kind of problem. Its words are English, as the API's are.
#[derive(Clone, Copy, Debug)]
pub struct ProblemKind<'a> {
    /// What programs compare.
    pub code: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What it means.
    pub meaning: &'a str,
    /// What helps.
    pub remedy: &'a str,
}

/// One kind of problem, or all of them; `/problems/{code}` is the page of one.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/problem_kinds.html")]
pub struct ProblemKinds<'a> {
    /// Around the page; its tenant name is `Polder`.
    pub frame: Frame<'a>,
    /// The kinds.
    pub kinds: &'a [ProblemKind<'a>],
    /// Whether that is all of them.
    pub all: bool,
}

impl ProblemKinds<'_> {
    /// The parts of a text, and whether each is code: what stands between backticks is.
    fn parts<'t>(&self, text: &'t str) -> impl Iterator<Item = (bool, &'t str)> + use<'t> {
        text.split('`').enumerate().map(|(place, part)| (place % 2 == 1, part))
    }
}
