//! Where a tenant's pages stand: a few groups, and in each the pages that belong together.

use super::May;
use crate::texts::Texts;

/// What stands beside each other in the navigation of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What it is and how it does.
    Overview,
    /// Programs, and what they may ask for.
    Applications,
    /// Its people.
    People,
    /// How people get in.
    SignIn,
    /// How it looks.
    Branding,
    /// What happened.
    Log,
    /// Everything that is set once.
    Settings,
}

/// The pages of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What it is and how it does.
    Overview,
    /// Its applications.
    Applications,
    /// What applications ask tokens for.
    Apis,
    /// Applications that register themselves.
    Registration,
    /// Its people and their sessions.
    Users,
    /// What is known of each person.
    Fields,
    /// What it asks of people who sign in.
    SignIn,
    /// Outside providers that people sign in with.
    Connections,
    /// Who has to wait.
    Lockouts,
    /// Networks that abuse comes from.
    Blocklists,
    /// How its pages and mails look.
    Branding,
    /// Its audit log.
    Audit,
    /// What applications were told of ended sessions.
    Logouts,
    /// The mails it sent.
    Messages,
    /// What it was used for.
    Usage,
    /// Its name, languages and limits.
    General,
    /// What it signs and seals with.
    Keys,
    /// The hosts it may reach.
    Egress,
}

impl Group {
    pub(crate) const ALL: [Self; 7] =
        [Self::Overview, Self::Applications, Self::People, Self::SignIn, Self::Branding, Self::Log, Self::Settings];

    pub(crate) const fn label(self, t: &Texts) -> &'static str {
        match self {
            Self::Overview => t.shell.overview,
            Self::Applications => t.shell.applications,
            Self::People => t.nav.people,
            Self::SignIn => t.policies.title,
            Self::Branding => t.branding.title,
            Self::Log => t.nav.log,
            Self::Settings => t.nav.settings,
        }
    }

    /// Where it leads somebody who may do this; nowhere where they see none of its pages.
    pub(crate) fn path(self, may: &May) -> Option<&'static str> {
        self.sections(may).first().map(|section| section.path())
    }

    /// Its pages that somebody who may do this sees, the one that the group leads to first.
    pub(crate) fn sections(self, may: &May) -> Vec<Section> {
        Section::ALL.into_iter().filter(|section| section.group() == self && section.shown(may)).collect()
    }
}

impl Section {
    /// Every page, in the order of the navigation.
    pub const ALL: [Self; 18] = [
        Self::Overview,
        Self::Applications,
        Self::Apis,
        Self::Registration,
        Self::Users,
        Self::Fields,
        Self::SignIn,
        Self::Connections,
        Self::Lockouts,
        Self::Blocklists,
        Self::Branding,
        Self::Audit,
        Self::Logouts,
        Self::Messages,
        Self::Usage,
        Self::General,
        Self::Keys,
        Self::Egress,
    ];

    /// The group it stands in.
    pub const fn group(self) -> Group {
        match self {
            Self::Overview => Group::Overview,
            Self::Applications | Self::Apis | Self::Registration => Group::Applications,
            Self::Users | Self::Fields => Group::People,
            Self::SignIn | Self::Connections | Self::Lockouts | Self::Blocklists => Group::SignIn,
            Self::Branding => Group::Branding,
            Self::Audit | Self::Logouts | Self::Messages | Self::Usage => Group::Log,
            Self::General | Self::Keys | Self::Egress => Group::Settings,
        }
    }

    pub(crate) const fn label(self, t: &Texts) -> &'static str {
        match self {
            Self::Overview => t.shell.overview,
            Self::Applications => t.shell.applications,
            Self::Apis => t.apis.title,
            Self::Registration => t.registration.title,
            Self::Users => t.shell.users,
            Self::Fields => t.profile_fields.title,
            Self::SignIn => t.nav.rules,
            Self::Connections => t.connection.title,
            Self::Lockouts => t.lockouts.title,
            Self::Blocklists => t.blocklists.title,
            Self::Branding => t.branding.title,
            Self::Audit => t.shell.audit,
            Self::Logouts => t.logouts.title,
            Self::Messages => t.messages.title,
            Self::Usage => t.usage.title,
            Self::General => t.general.title,
            Self::Keys => t.keys.title,
            Self::Egress => t.shell.egress,
        }
    }

    /// Whether somebody who may do this sees it.
    pub const fn shown(self, may: &May) -> bool {
        match self {
            Self::Users | Self::Audit | Self::Lockouts | Self::Messages => may.see_people,
            Self::Usage => may.see_usage,
            _ => may.see,
        }
    }

    pub(crate) fn is_at(self, path: &str) -> bool {
        self.path() == path
    }

    /// What follows `/tenants/{slug}`.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Applications => "/applications",
            Self::Apis => "/apis",
            Self::Registration => "/registration",
            Self::Users => "/users",
            Self::Fields => "/profile-fields",
            Self::SignIn => "/sign-in",
            Self::Connections => "/connections",
            Self::Lockouts => "/lockouts",
            Self::Blocklists => "/blocklists",
            Self::Branding => "/branding",
            Self::Audit => "/audit",
            Self::Logouts => "/logouts",
            Self::Messages => "/messages",
            Self::Usage => "/usage",
            Self::General => "/settings",
            Self::Keys => "/keys",
            Self::Egress => "/egress",
        }
    }
}
