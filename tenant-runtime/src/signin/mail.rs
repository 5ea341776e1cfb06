//! The mail with a sign-in code: what waits in the outbox, and what becomes of it when it is sent.

use polder_hosted_pages::mail::{CodePurpose, Rendered, SignInCode};
use polder_hosted_pages::{Device, Theme};
use polder_kernel::{Locale, Timestamp};
use serde::{Deserialize, Serialize};

/// The name of the template in the outbox.
pub const TEMPLATE: &str = "sign_in_code";
/// How long a code works, in minutes (D02).
pub const MINUTES: u32 = 5;

/// What a code is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signing in.
    #[default]
    SignIn,
    /// Proving a new address for an account.
    NewAddress,
}

/// What the mail is filled with: sealed while it waits, blanked once it was handed over.
#[derive(Serialize, Deserialize)]
pub struct Parameters {
    /// The code.
    pub code: String,
    /// What the code is for.
    #[serde(default)]
    pub purpose: Purpose,
    /// The application that waits.
    pub application: String,
    /// The browser that asked.
    pub user_agent: Option<String>,
    /// The network it asked from.
    pub network: Option<String>,
    /// When it asked.
    pub at: Timestamp,
}

impl Parameters {
    /// The mail itself. No word of it is the visitor's own (D12).
    pub fn render(&self, locale: Locale, tenant_name: &str, theme: &Theme) -> Rendered {
        SignInCode {
            locale,
            tenant_name,
            theme,
            purpose: match self.purpose {
                Purpose::SignIn => CodePurpose::SignIn(Some(&self.application)),
                Purpose::NewAddress => CodePurpose::NewAddress,
            },
            code: &self.code,
            minutes: MINUTES,
            browser: self.user_agent.as_deref().map(Device::from_user_agent).unwrap_or_default(),
            at: self.at,
            place: self.network.as_deref(),
        }
        .render()
    }
}
