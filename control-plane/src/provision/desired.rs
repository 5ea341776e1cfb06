//! What a tenant is to hold besides itself. Tenants that customers make hold nothing; the two that
//! `polder dev` makes hold what Polder's own programs need to sign people in.

use std::fmt;
use std::str::FromStr;

use polder_kernel::Timestamp;
use polder_tenant_api::{Access, ApplicationType, FieldValues, NewApplication, NewUser, Preferences, SignUp};

use crate::model::{Aim, Tenant};
use crate::settings::Settings;

/// The kinds of tenant, by name in the database. Addresses and links follow from the settings of
/// the start, so that no personal data is stored and a moved coaching platform is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blueprint {
    /// A customer's: holds nothing of ours.
    Plain,
    /// Where people sign in to the console.
    Platform,
    /// Where coaches and their clients sign in to the coaching platform.
    Practice,
}

impl Blueprint {
    const ALL: [Self; 3] = [Self::Plain, Self::Platform, Self::Practice];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Platform => "platform",
            Self::Practice => "practice",
        }
    }
}

impl fmt::Display for Blueprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a kind of tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of tenant")]
pub struct NotABlueprint;

impl FromStr for Blueprint {
    type Err = NotABlueprint;
    fn from_str(text: &str) -> Result<Self, NotABlueprint> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(NotABlueprint)
    }
}

/// What one of Polder's own applications is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The console, at `platform`.
    Console,
    /// The coaching platform's coach side, at `practice`.
    Coach,
    /// The coaching platform's portal, at `practice`.
    Portal,
}

impl Purpose {
    /// The name in the database and in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Coach => "coach",
            Self::Portal => "portal",
        }
    }
}

/// What a tenant is to hold.
#[derive(Clone, Debug)]
pub struct Desired {
    /// What it is meant to be.
    pub aim: Aim,
    /// Its runtime must have been started after this moment.
    pub restart_at: Option<Timestamp>,
    /// Whether strangers may make an account; `None` leaves that to the tenant's administrators.
    pub sign_up: Option<SignUp>,
    /// Applications of Polder's own.
    pub applications: Vec<(Purpose, NewApplication)>,
    /// People to try it with.
    pub people: Vec<NewUser>,
}

/// The path at which the console takes the answer of a sign-in.
pub const CONSOLE_CALLBACK: &str = "/signin/callback";

impl Desired {
    /// What a tenant is to be and to hold on this start.
    pub fn of(tenant: &Tenant, settings: &Settings) -> Self {
        let held = match tenant.blueprint {
            Blueprint::Plain => Self::default(),
            Blueprint::Platform => platform(&settings.console()),
            Blueprint::Practice => practice(&settings.coaching()),
        };
        Self { aim: tenant.desired, restart_at: tenant.plans.restart_at, ..held }
    }
}

impl Default for Desired {
    fn default() -> Self {
        let (applications, people) = (Vec::new(), Vec::new());
        Self { aim: Aim::Running, restart_at: None, sign_up: None, applications, people }
    }
}

fn platform(console: &str) -> Desired {
    let application = NewApplication {
        redirect_uris: vec![format!("{console}{CONSOLE_CALLBACK}")],
        post_logout_redirect_uris: vec![format!("{console}/")],
        ..web("Polder console")
    };
    Desired { sign_up: Some(SignUp::Closed), applications: vec![(Purpose::Console, application)], ..Desired::default() }
}

fn practice(coaching: &str) -> Desired {
    let coach = NewApplication {
        redirect_uris: vec![format!("{coaching}/coach/callback")],
        post_logout_redirect_uris: vec![format!("{coaching}/signed-out")],
        access: Access::Role { role: "coach".to_owned() },
        preferences: Preferences {
            audience: Some(format!("{coaching}/api")),
            ..told_at(format!("{coaching}/coach/ended"))
        },
        ..web("Practice for coaches")
    };
    let portal = NewApplication {
        redirect_uris: vec![format!("{coaching}/portal/callback")],
        post_logout_redirect_uris: vec![format!("{coaching}/signed-out")],
        preferences: told_at(format!("{coaching}/portal/ended")),
        ..web("Practice portal")
    };
    Desired {
        sign_up: None,
        applications: vec![(Purpose::Coach, coach), (Purpose::Portal, portal)],
        people: COACHES.iter().map(|(email, name)| coach_named(email, name)).collect(),
        ..Desired::default()
    }
}

/// The coaches that can sign in to a fresh `polder dev`.
pub const COACHES: [(&str, &str); 2] = [("coach@example.test", "Robin Coach"), ("coach2@example.test", "Sam Coach")];

fn coach_named(email: &str, name: &str) -> NewUser {
    NewUser {
        email: email.to_owned(),
        name: Some(name.to_owned()),
        locale: None,
        roles: vec!["coach".to_owned()],
        fields: FieldValues::new(),
        invite: false,
    }
}

/// Where the coaching platform hears of ended sessions.
fn told_at(uri: String) -> Preferences {
    Preferences { backchannel_logout_uri: Some(uri), ..Preferences::default() }
}

fn web(name: &str) -> NewApplication {
    NewApplication {
        name: name.to_owned(),
        profile: polder_tenant_api::Profile::default(),
        kind: ApplicationType::Web,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        grant_types: Some(vec!["authorization_code".to_owned(), "refresh_token".to_owned()]),
        token_endpoint_auth_method: None,
        jwks: None,
        third_party: false,
        access: Access::Everyone,
        preferences: Preferences::default(),
    }
}
