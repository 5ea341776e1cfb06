//! What came of a sign-in that a developer tried as their application.

use askama::Template;
use polder_kernel::Timestamp;
use polder_tenant_api::{Application, ApplicationErrorKind, TryOutOutcome, TryOutRefusal};
use serde_json::{Map, Value};

use super::policies::seconds_in_words;
use super::{Section, Shell, TenantHead, application_errors};
use crate::texts::Texts;
use crate::when;

/// What came of a try-out.
#[derive(Clone, Copy, Template)]
#[template(path = "console/try_out.html")]
pub struct TryOut<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The application.
    pub application: &'a Application,
    /// What was asked for.
    pub scope: &'a str,
    /// What came of it.
    pub shown: TryOutShown<'a>,
}

/// What came of it.
#[derive(Clone, Copy)]
pub enum TryOutShown<'a> {
    /// Somebody signed in.
    SignedIn(&'a TryOutOutcome),
    /// The application would have been refused.
    Refused(&'a TryOutRefusal),
    /// The sign-in itself came back with an error.
    Answered {
        /// The protocol's code.
        error: &'a str,
        /// What the tenant says of it; may be empty.
        reason: &'a str,
    },
}

/// Why it failed: in words, what to do, the protocol's code, and ours about it.
type Failure<'a> = (&'static str, &'static str, &'a str, &'a str);

/// A claim: its name, its value, what that is for people, and what it means.
type Claim<'a> = (&'a str, String, Option<String>, &'static str);

/// Whether there is a sign-in of this application to try; otherwise why not.
pub(super) fn hindrance(t: &Texts, application: &Application) -> Option<&'static str> {
    let t = &t.try_out;
    if application.kind == polder_tenant_api::ApplicationType::Machine {
        return Some(t.machine);
    }
    if !application.grant_types.iter().any(|grant| grant == "authorization_code") {
        return Some(t.no_code);
    }
    application.disabled.then_some(t.switched_off)
}

impl TryOut<'_> {
    const fn section(&self) -> Section {
        Section::Applications
    }

    const fn outcome(&self) -> Option<&TryOutOutcome> {
        match self.shown {
            TryOutShown::SignedIn(outcome) => Some(outcome),
            TryOutShown::Refused(_) | TryOutShown::Answered { .. } => None,
        }
    }

    fn failure(&self) -> Option<Failure<'_>> {
        let t = self.shell.t();
        match self.shown {
            TryOutShown::SignedIn(_) => None,
            TryOutShown::Refused(TryOutRefusal { kind, error, reason }) => {
                let (what, help) = match kind {
                    ApplicationErrorKind::Code => (t.try_out.over, t.try_out.over_help),
                    other => application_errors::words(t, *other),
                };
                Some((what, help, error, reason))
            }
            TryOutShown::Answered { error, reason } => {
                let (what, help) = answered(t, error);
                Some((what, help, error, reason))
            }
        }
    }

    fn hindrance(&self) -> Option<&'static str> {
        hindrance(self.shell.t(), self.application)
    }

    /// How strong the sign-in was, in words.
    fn strength(&self, acr: &str) -> &'static str {
        let t = &self.shell.t().try_out;
        match acr {
            "urn:polder:acr:connection" => t.acr_connection,
            "urn:polder:acr:email" => t.acr_email,
            "urn:polder:acr:mfa" | "mfa" => t.acr_mfa,
            "urn:polder:acr:passkey" | "phr" => t.acr_passkey,
            _ => "",
        }
    }

    /// What was asked for and is not among what was granted.
    fn left_out(&self, granted: &str) -> Vec<&str> {
        let given = |scope: &&str| granted.split(' ').any(|one| one == *scope);
        self.scope.split(' ').filter(|scope| !scope.is_empty() && !given(scope)).collect()
    }

    fn lives(&self, outcome: &TryOutOutcome) -> String {
        let seconds = u32::try_from(outcome.access_token_seconds).unwrap_or(u32::MAX);
        self.shell.t().try_out.lives(seconds_in_words(self.shell.t(), seconds))
    }

    fn claims<'b>(&self, claims: &'b Map<String, Value>) -> Vec<Claim<'b>> {
        claims
            .iter()
            .map(|(name, value)| {
                let text = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let is_time = matches!(name.as_str(), "exp" | "iat" | "auth_time" | "updated_at");
                let at = value.as_i64().filter(|_| is_time).map(Timestamp::from_seconds);
                let at = at.map(|at| when::moment(self.shell.locale, at));
                (name.as_str(), text, at, meaning(self.shell.t(), name))
            })
            .collect()
    }
}

/// What a refusal of the sign-in itself means, and what to do.
fn answered(t: &Texts, error: &str) -> (&'static str, &'static str) {
    let o = &t.try_out;
    match error {
        "access_denied" => (o.denied, o.denied_help),
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            (o.unfinished, o.unfinished_help)
        }
        "unmet_authentication_requirements" => (o.too_weak, o.too_weak_help),
        "server_error" | "temporarily_unavailable" => (o.unavailable, o.unavailable_help),
        "invalid_request_uri" => (o.over, o.over_help),
        _ => application_errors::words(t, ApplicationErrorKind::Request),
    }
}

/// What a claim means; nothing for one of the tenant's own.
fn meaning(t: &Texts, claim: &str) -> &'static str {
    let t = &t.try_out;
    match claim {
        "iss" => t.claim_iss,
        "sub" => t.claim_sub,
        "aud" => t.claim_aud,
        "exp" => t.claim_exp,
        "iat" => t.claim_iat,
        "auth_time" => t.claim_auth_time,
        "nonce" => t.claim_nonce,
        "acr" => t.claim_acr,
        "amr" => t.claim_amr,
        "sid" => t.claim_sid,
        "name" => t.claim_name,
        "email" => t.claim_email,
        "email_verified" => t.claim_email_verified,
        "locale" => t.claim_locale,
        "updated_at" => t.claim_updated_at,
        "roles" => t.claim_roles,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use polder_kernel::Locale;
    use serde_json::json;

    use super::*;
    use crate::texts::texts;

    fn application(kind: &str, grant: &str, disabled: bool) -> Application {
        let application = json!({
            "client_id": "019a0000-0000-7000-8000-000000000001", "name": "Shop", "profile": "default", "type": kind,
            "token_endpoint_auth_method": "none", "redirect_uris": [], "post_logout_redirect_uris": [],
            "grant_types": [grant], "third_party": false, "access": {"who": "everyone"}, "preferences": {},
            "disabled": disabled, "created_at": "", "updated_at": "",
        });
        serde_json::from_value(application).unwrap()
    }

    #[test]
    fn k17_where_no_sign_in_can_be_tried_it_says_why() {
        for locale in Locale::ALL {
            let (t, code) = (texts(locale), "authorization_code");
            assert_eq!(hindrance(t, &application("machine", "client_credentials", false)), Some(t.try_out.machine));
            assert_eq!(hindrance(t, &application("native", "refresh_token", false)), Some(t.try_out.no_code));
            assert_eq!(hindrance(t, &application("web", code, true)), Some(t.try_out.switched_off));
            for kind in ["web", "spa", "native"] {
                assert_eq!(hindrance(t, &application(kind, code, false)), None, "{kind}");
            }
        }
    }
}
