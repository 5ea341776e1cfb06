//! What every page of the console has around it.

use polder_kernel::Locale;

use crate::Look;
use crate::frame::{Language, languages};
use crate::texts::{Texts, texts};
use crate::when;

/// Common to every page of somebody signed in to the console.
#[derive(Clone, Copy, Debug)]
pub struct Shell<'a> {
    /// The language of the page.
    pub locale: Locale,
    /// The nonce of this response's Content-Security-Policy; empty for none.
    pub nonce: &'a str,
    /// The hidden `csrf` of every form.
    pub csrf: &'a str,
    /// Who is signed in.
    pub member: Member<'a>,
    /// Path and query that show this page again by GET, for the language chooser; see [`crate::Frame`].
    pub language_path: Option<&'a str>,
    /// What just happened, said on top of the page.
    pub notice: Option<Notice>,
    /// What they may do: what they may not is not offered.
    pub may: May,
}

/// What somebody may do. The pages only leave out what would be refused; it is the server that refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct May {
    /// Make tenants.
    pub make_tenants: bool,
    /// Suspend, resume and restart tenants, put them to sleep and wake them.
    pub change_tenants: bool,
    /// Terminate and destroy tenants.
    pub end_tenants: bool,
    /// Make, change and delete applications.
    pub change_applications: bool,
    /// See people, their sessions and the audit log.
    pub see_people: bool,
    /// Add and stop people, end sessions.
    pub change_people: bool,
    /// See API keys.
    pub see_keys: bool,
    /// Make and revoke API keys.
    pub change_keys: bool,
    /// See tenants.
    pub see: bool,
    /// End people's sessions, reset their factors.
    pub help_people: bool,
    /// See how much tenants are used.
    pub see_usage: bool,
    /// See members.
    pub see_members: bool,
    /// Invite, change and remove members.
    pub change_members: bool,
    /// See what happened in the organisation.
    pub see_audit: bool,
    /// End access of the operator's people.
    pub end_access: bool,
    /// Rename the organisation.
    pub change_organisation: bool,
}

impl May {
    /// All of it.
    pub const ALL: Self = Self {
        make_tenants: true,
        change_tenants: true,
        end_tenants: true,
        change_applications: true,
        see_people: true,
        change_people: true,
        see_keys: true,
        change_keys: true,
        see: true,
        help_people: true,
        see_usage: true,
        see_members: true,
        change_members: true,
        see_audit: true,
        end_access: true,
        change_organisation: true,
    };
}

/// Who is signed in to the console.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Their name; may be empty.
    pub name: &'a str,
    /// Their work e-mail address.
    pub address: &'a str,
    /// The organisation they act for.
    pub organisation: &'a str,
}

/// What just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Changes were saved.
    Saved,
    /// An application was deleted.
    ApplicationDeleted,
    /// A person was added.
    UserAdded,
    /// A person was added, and an invitation is on its way.
    UserInvited,
    /// A person was stopped from signing in.
    UserDisabled,
    /// A person may sign in again.
    UserEnabled,
    /// A person's factors were taken away.
    FactorsReset,
    /// A session was ended.
    SessionEnded,
    /// An API key was revoked.
    KeyRevoked,
    /// A connection was removed.
    ConnectionRemoved,
    /// A host may be reached.
    HostAllowed,
    /// A host may no longer be reached.
    HostRemoved,
    /// Keys of a tenant were rotated.
    KeysRotated,
    /// An invitation is on its way.
    MemberInvited,
    /// An invitation was sent again.
    InvitedAgain,
    /// An invitation was revoked.
    InvitationRevoked,
    /// A member has another role.
    RoleChanged,
    /// A member was removed.
    MemberRemoved,
    /// Whoever reads it has left their organisation.
    Left,
    /// An API key was changed.
    KeyChanged,
    /// Access of one of the operator's people was ended.
    AccessEnded,
    /// An organisation was made.
    OrganisationMade,
    /// An invitation is on its way once more.
    InvitationSent,
    /// An invitation left a moment ago.
    InvitedJustNow,
    /// All sessions of a person were ended.
    SessionsEnded,
    /// A passkey of a person was removed.
    PasskeyRemoved,
    /// A person's authenticator app was removed.
    AppRemoved,
    /// An application has no access to a person's account any more.
    AccessWithdrawn,
    /// A person's account at a provider is not connected any more.
    AccountDisconnected,
    /// A person was erased.
    UserErased,
    /// Something was removed.
    Removed,
    /// A lockout was lifted.
    LockoutLifted,
    /// A delivery is tried again.
    Retried,
    /// Something is as it was before.
    Undone,
    /// Something could not be undone any more.
    TooLateToUndo,
}

/// The tenant a page is about.
#[derive(Clone, Copy, Debug)]
pub struct TenantHead<'a> {
    /// First label of its host.
    pub slug: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Where it is in its life.
    pub state: TenantState,
    /// Its issuer.
    pub issuer: &'a str,
}

/// Where a tenant is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantState {
    /// Being made.
    Provisioning,
    /// Answering.
    Running,
    /// Stopped until the next request.
    Asleep,
    /// Nobody signs in.
    Suspended,
    /// Stopped for good; it can be undone until the grace period ends.
    Terminating,
    /// The last attempt to make or start it failed.
    Failed,
}

impl TenantState {
    pub(crate) const fn label(self, t: &Texts) -> &'static str {
        match self {
            Self::Provisioning => t.state.provisioning,
            Self::Running => t.state.running,
            Self::Asleep => t.state.asleep,
            Self::Suspended => t.state.suspended,
            Self::Terminating => t.state.terminating,
            Self::Failed => t.state.failed,
        }
    }

    /// How it looks: `good`, `calm`, `busy` or `bad`.
    pub(crate) const fn look(self) -> &'static str {
        match self {
            Self::Running => "good",
            Self::Asleep | Self::Suspended => "calm",
            Self::Provisioning | Self::Terminating => "busy",
            Self::Failed => "bad",
        }
    }
}

impl Shell<'_> {
    pub(crate) const fn t(&self) -> &'static Texts {
        texts(self.locale)
    }

    /// The console looks as the device prefers.
    pub(crate) const fn look(&self) -> Option<Look> {
        None
    }

    pub(crate) fn languages(&self) -> Vec<Language> {
        self.language_path.map(|path| languages(path, self.locale)).unwrap_or_default()
    }

    /// A moment given in RFC 3339.
    pub(crate) fn moment(&self, at: &str) -> String {
        when::from_rfc3339(self.locale, at)
    }

    pub(crate) fn notice_text(&self) -> Option<&'static str> {
        let t = &self.t().notice;
        self.notice.map(|notice| match notice {
            Notice::Saved => t.saved,
            Notice::ApplicationDeleted => t.application_deleted,
            Notice::UserAdded => t.user_added,
            Notice::UserInvited => t.user_invited,
            Notice::UserDisabled => t.user_disabled,
            Notice::UserEnabled => t.user_enabled,
            Notice::FactorsReset => t.factors_reset,
            Notice::SessionEnded => t.session_ended,
            Notice::KeyRevoked => t.key_revoked,
            Notice::ConnectionRemoved => t.connection_removed,
            Notice::HostAllowed => t.host_allowed,
            Notice::HostRemoved => t.host_removed,
            Notice::KeysRotated => t.keys_rotated,
            Notice::MemberInvited => t.member_invited,
            Notice::InvitedAgain => t.invited_again,
            Notice::InvitationRevoked => t.invitation_revoked,
            Notice::RoleChanged => t.role_changed,
            Notice::MemberRemoved => t.member_removed,
            Notice::Left => t.left,
            Notice::KeyChanged => t.key_changed,
            Notice::AccessEnded => t.access_ended,
            Notice::OrganisationMade => t.organisation_made,
            Notice::InvitationSent => self.t().person.said_invited,
            Notice::InvitedJustNow => self.t().person.said_invited_just_now,
            Notice::SessionsEnded => self.t().person.said_sessions_ended,
            Notice::PasskeyRemoved => self.t().person.said_passkey_removed,
            Notice::AppRemoved => self.t().person.said_app_removed,
            Notice::AccessWithdrawn => self.t().person.said_withdrawn,
            Notice::AccountDisconnected => self.t().person.said_disconnected,
            Notice::UserErased => self.t().person.said_erased,
            Notice::Removed => self.t().nav.removed,
            Notice::LockoutLifted => self.t().lockouts.lifted,
            Notice::Retried => self.t().logouts.retried,
            Notice::Undone => self.t().undo.undone,
            Notice::TooLateToUndo => self.t().undo.too_late,
        })
    }
}
