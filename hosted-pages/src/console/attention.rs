//! What needs attention at a tenant, in words, with where to mend it.

use polder_tenant_api::{Attention, AttentionKind};

use super::Shell;
use crate::amount::amount;

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToDo {
    /// What it is.
    pub text: String,
    /// Where to mend it, below `/tenants/{slug}`; `None` where no page does.
    pub path: Option<String>,
    /// What the link says.
    pub link: &'static str,
    /// Whether it is a choice to be aware of rather than something wrong.
    pub calm: bool,
}

/// What to look at, in the order in which it was told. What somebody may not see the page of is told without a link.
pub(super) fn list(shell: &Shell<'_>, attention: &[Attention]) -> Vec<ToDo> {
    attention.iter().map(|one| to_do(shell, one)).collect()
}

fn to_do(shell: &Shell<'_>, one: &Attention) -> ToDo {
    let t = &shell.t().attention;
    let count = amount(shell.locale, one.count);
    let name = one.name.as_deref().unwrap_or_default();
    let of_application = || one.id.as_deref().filter(|id| is_id(id)).map(|id| format!("/applications/{id}"));
    let people = |path: &str| shell.may.see_people.then(|| path.to_owned());
    let (text, path, link) = match one.kind {
        AttentionKind::Lockouts => (t.lockouts(count), people("/lockouts"), t.lockouts_link),
        AttentionKind::UndeliveredMail => (t.mail(count), people("/messages"), t.mail_link),
        AttentionKind::UndeliveredLogouts => (t.logouts(count), Some("/logouts".to_owned()), t.logouts_link),
        AttentionKind::KeysOverdue => (t.keys(count), Some("/keys".to_owned()), t.keys_link),
        AttentionKind::DisabledApplicationUsed => (t.disabled(name, count), of_application(), t.application_link),
        AttentionKind::ApplicationRefused => (t.refused(name, count), of_application(), t.application_link),
        AttentionKind::ConnectionFailing => (t.connection(count), Some("/connections".to_owned()), t.connection_link),
        AttentionKind::OpenSignUp => (t.sign_up.to_owned(), Some("/sign-in".to_owned()), t.sign_up_link),
        AttentionKind::DiskNearlyFull => (t.disk(count), None, ""),
    };
    ToDo { text, path, link, calm: one.kind == AttentionKind::OpenSignUp }
}

/// Whether it can stand in a path as it is.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
