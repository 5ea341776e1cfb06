//! What a sign-in has to be worth, and what stands between a person and that.
//!
//! The stricter of tenant and application holds; a request may ask for more (`acr_values`, or `claims`
//! where it insists), never for less. Asked at every way in: when a flow goes on, when a session that is
//! there answers a request, at the door of the account, when a code is redeemed and a token refreshed.

use polder_protocol::authorize::Request;
use polder_tenant_api::{PasskeyPolicy, SecondFactorPolicy, Settings};

use crate::App;
use crate::model::{Application, Assurance, Session};

/// What one request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The least that will do.
    pub least: Assurance,
    /// Whether the request insists on something that no sign-in reaches.
    pub impossible: bool,
    /// Whether an authenticator app may be set up for it.
    pub app_allowed: bool,
}

impl Demand {
    /// What this request for this application asks for.
    pub fn of(tenant: &Settings, application: &Application, request: &Request) -> Self {
        let policy = least(tenant, application);
        let weakest = |words: &[String]| words.iter().filter_map(|word| Assurance::asked_for(word)).min();
        let wished = weakest(&request.acr_values);
        let insisted = request.essential_acr.as_deref().map(weakest);
        Self {
            least: policy.max(wished.unwrap_or(policy)).max(insisted.flatten().unwrap_or(policy)),
            impossible: insisted == Some(None),
            app_allowed: second_factor(tenant, application) > SecondFactorPolicy::Never,
        }
    }
}

/// What everybody has to reach who signs in to this application.
pub fn least(tenant: &Settings, application: &Application) -> Assurance {
    least_of(passkeys(tenant, application), second_factor(tenant, application))
}

/// Whether a session is worth what the tenant asks of everybody: one that began before it asked for that
/// may not be.
pub fn meets_tenant(app: &App, session: &Session) -> bool {
    let tenant = app.tenant.current();
    session.assurance() >= least_of(tenant.passkeys, tenant.second_factor)
}

fn least_of(passkeys: PasskeyPolicy, second_factor: SecondFactorPolicy) -> Assurance {
    match (passkeys, second_factor) {
        (PasskeyPolicy::Required, _) => Assurance::Passkey,
        (_, SecondFactorPolicy::Required) => Assurance::TwoFactors,
        _ => Assurance::Connection,
    }
}

/// Which part passkeys have in signing in to this application.
pub fn passkeys(tenant: &Settings, application: &Application) -> PasskeyPolicy {
    tenant.passkeys.max(application.preferences.passkeys.unwrap_or(tenant.passkeys))
}

fn second_factor(tenant: &Settings, application: &Application) -> SecondFactorPolicy {
    tenant.second_factor.max(application.preferences.second_factor.unwrap_or(tenant.second_factor))
}

/// The `acr` to answer a request with: the strongest of those it names that the session meets, since
/// applications compare words (Core 5.5.1.1); else the session's own.
pub fn answered<'a>(request: &'a Request, session: &'a Session) -> &'a str {
    let named = request.essential_acr.as_deref().unwrap_or(&request.acr_values);
    let met = named.iter().filter_map(|word| Some((Assurance::asked_for(word)?, word)));
    let met = met.filter(|(level, _)| *level <= session.assurance());
    // Of equal ones the first: they come in order of preference.
    met.rev().max_by_key(|(level, _)| *level).map_or(&session.acr, |(_, word)| word)
}

/// What a person could prove themselves with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    /// A passkey.
    pub passkey: bool,
    /// An authenticator app.
    pub app: bool,
}

/// What a person who is signed in has to do before they are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Prove their address: what a provider says of them is not enough here, and makes nothing that is.
    Address,
    /// Enter a code of their app, or a recovery code.
    SecondFactor,
    /// Use their passkey: an e-mail code alone adds none beside it (D13).
    Passkey,
    /// Make a passkey: they have nothing that would do.
    NewPasskey,
    /// Make a passkey or set up an app: they have neither.
    NewFactor,
}

/// What is lacking to somebody who `has` proved this much and `holds` these. `None` when it is enough.
pub fn lack(has: Assurance, demand: &Demand, holds: Holds) -> Option<Lack> {
    let Demand { least, app_allowed, .. } = *demand;
    if has >= least {
        return None;
    }
    Some(match holds {
        // An app comes before anything is added beside it.
        Holds { app: true, passkey }
            if has < Assurance::TwoFactors && least > Assurance::Email && (least < Assurance::Passkey || !passkey) =>
        {
            Lack::SecondFactor
        }
        _ if least == Assurance::Email => Lack::Address,
        Holds { passkey: true, .. } => Lack::Passkey,
        _ if has < Assurance::Email => Lack::Address,
        _ if least == Assurance::Passkey || !app_allowed => Lack::NewPasskey,
        _ => Lack::NewFactor,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Holds = Holds { passkey: false, app: false };
    const APP: Holds = Holds { passkey: false, app: true };
    const PASSKEY: Holds = Holds { passkey: true, app: false };
    const BOTH: Holds = Holds { passkey: true, app: true };

    fn demand(least: Assurance) -> Demand {
        Demand { least, impossible: false, app_allowed: true }
    }

    #[test]
    fn d13_what_is_lacking_is_asked_of_what_a_person_holds_before_anything_new_is_made() {
        use Assurance::{Email, Passkey, TwoFactors};
        for (has, least, holds, lacks) in [
            (Email, Email, NOTHING, None),
            (Email, TwoFactors, NOTHING, Some(Lack::NewFactor)),
            (Email, TwoFactors, APP, Some(Lack::SecondFactor)),
            (Email, TwoFactors, PASSKEY, Some(Lack::Passkey)),
            (Email, TwoFactors, BOTH, Some(Lack::SecondFactor)),
            (Email, Passkey, NOTHING, Some(Lack::NewPasskey)),
            (Email, Passkey, APP, Some(Lack::SecondFactor)),
            (Email, Passkey, PASSKEY, Some(Lack::Passkey)),
            (Email, Passkey, BOTH, Some(Lack::Passkey)),
            (TwoFactors, TwoFactors, APP, None),
            (TwoFactors, Passkey, APP, Some(Lack::NewPasskey)),
            (TwoFactors, Passkey, BOTH, Some(Lack::Passkey)),
            (Passkey, TwoFactors, NOTHING, None),
            (Passkey, Passkey, NOTHING, None),
        ] {
            assert_eq!(lack(has, &demand(least), holds), lacks, "{has:?} {least:?} {holds:?}");
        }
    }

    #[test]
    fn where_apps_are_not_offered_a_second_factor_is_a_passkey() {
        let no_app = Demand { app_allowed: false, ..demand(Assurance::TwoFactors) };
        assert_eq!(lack(Assurance::Email, &no_app, NOTHING), Some(Lack::NewPasskey));
        assert_eq!(lack(Assurance::Email, &no_app, APP), Some(Lack::SecondFactor), "who has one is still asked");
    }

    #[test]
    fn nobody_who_reached_less_is_let_in_whatever_they_hold() {
        for least in Assurance::ALL {
            for has in Assurance::ALL {
                for holds in [NOTHING, APP, PASSKEY, BOTH] {
                    assert_eq!(lack(has, &demand(least), holds).is_none(), has >= least);
                }
            }
        }
    }
}
