//! Everything at a glance.

use askama::Template;

use super::{Section, Shell};

/// `/account`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/overview.html")]
pub struct Overview<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The person's name; may be empty.
    pub name: &'a str,
    /// Their address.
    pub address: &'a str,
    /// Whether an authenticator app is set up.
    pub second_factor: bool,
    /// Recovery codes left.
    pub recovery_codes: usize,
    /// Devices signed in.
    pub sessions: usize,
    /// Applications with access.
    pub applications: usize,
}

impl Overview<'_> {
    fn tiles(&self) -> Vec<(Section, String)> {
        let t = self.shell.frame.t();
        let o = &t.glance;
        let second = if self.second_factor { o.second_factor_on } else { o.second_factor_off };
        let codes = match self.recovery_codes {
            0 => o.recovery_none.to_owned(),
            1 => o.recovery_left_one.to_owned(),
            left => o.recovery_left_many(left),
        };
        let sessions = match self.sessions {
            0 | 1 => o.sessions_one.to_owned(),
            count => o.sessions_many(count),
        };
        let applications = match self.applications {
            0 => o.applications_none.to_owned(),
            1 => o.applications_one.to_owned(),
            count => o.applications_many(count),
        };
        vec![
            (Section::Profile, o.profile.to_owned()),
            (Section::Email, o.email(self.address)),
            (Section::SecondFactor, second.to_owned()),
            (Section::RecoveryCodes, codes),
            (Section::Sessions, sessions),
            (Section::Applications, applications),
            (Section::Activity, o.activity.to_owned()),
            (Section::Preferences, o.preferences.to_owned()),
            (Section::Data, o.data.to_owned()),
        ]
    }
}
