//! A piece of work before the next code, when a lot is going on (R1).

use askama::Template;

use crate::Frame;

/// Asks the browser for a proof of work. `form#proof-form` posts `challenge`, `solution` and, where there is
/// one, `email` to the form's own path again. A script has a worker solve it and sends the form; without
/// one, the same form is accepted after a while with no solution (D23).
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/prove_work.html")]
pub struct ProveWork<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that waits, where there is one.
    pub application: Option<&'a str>,
    /// The form that is sent again.
    pub action: &'a str,
    /// What was typed into it.
    pub email: Option<&'a str>,
    /// The challenge, as the form carries it.
    pub challenge: &'a str,
    /// How long to wait before the form is accepted without a solution.
    pub wait_seconds: u64,
    /// Whether it was sent before that time was over.
    pub early: bool,
}

impl ProveWork<'_> {
    fn waits(&self) -> String {
        let t = self.frame.t();
        t.proof.waits(t.wait(self.wait_seconds))
    }

    fn problem(&self) -> Option<String> {
        let t = self.frame.t();
        self.early.then(|| t.proof.early(t.wait(self.wait_seconds)))
    }
}
