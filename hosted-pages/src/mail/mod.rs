//! The mails: a subject, a text part and an HTML part each.
//!
//! No mail carries a picture, or text that a stranger can choose (D12). Where one carries a link, it opens a
//! page whose form does what there is to do, and nothing before that (D09).

mod account_change;
mod invitation;
mod letter;
mod member_invitation;
mod security_notice;
mod sign_in_code;
mod sign_up_link;

pub use account_change::AccountChange;
pub use invitation::Invitation;
pub use member_invitation::MemberInvitation;
pub use security_notice::{Change, SecurityNotice};
pub use sign_in_code::{CodePurpose, SignInCode};
pub use sign_up_link::SignUpLink;

/// A mail ready to be queued.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject: one line without control characters.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Debug shows the subject alone: the bodies hold codes.
impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rendered").field("subject", &self.subject).finish_non_exhaustive()
    }
}
