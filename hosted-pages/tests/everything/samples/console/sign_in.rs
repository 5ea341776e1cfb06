//! What is asked of people who sign in.

use polder_hosted_pages::console::{May, Policies, Problem, Shell};
use polder_kernel::Locale;
use polder_tenant_api::settings::REGISTRATION_LIMIT;
use polder_tenant_api::{AtSessionLimit, PasskeyPolicy, ProofOfWork, SecondFactorPolicy, Settings, SignUp, policies};

use super::super::Words;
use super::{Stage, problem};

impl Stage<'_> {
    pub fn policies(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let usual = settings(words);
        let page = Policies { shell, tenant, chosen: &usual, domains: "", problems: &[] };
        self.add("policies", &page);
        let chosen = Settings {
            sign_up: SignUp::Domains,
            passkeys: PasskeyPolicy::Required,
            second_factor: SecondFactorPolicy::Never,
            session_idle_seconds: 1234,
            recovery_wait_hours: 5,
            ..usual.clone()
        };
        let problems = [
            problem("sign_up_domains", Problem::Said(words.other)),
            problem("session_idle_seconds", Problem::Said(words.other)),
            problem("session_absolute_seconds", Problem::Invalid),
            problem("recovery_wait_hours", Problem::Invalid),
        ];
        self.add("policies-wrong", &Policies { chosen: &chosen, domains: words.other, problems: &problems, ..page });
        let shell = Shell { may: May { change_tenants: false, ..May::ALL }, ..shell };
        self.add("policies-read", &Policies { shell, ..page });
    }
}

pub fn settings(words: Words<'_>) -> Settings {
    Settings {
        name: words.tenant.to_owned(),
        sign_up: SignUp::Open,
        default_locale: Locale::En,
        passkey_models: Vec::new(),
        session_limit: 0,
        at_session_limit: AtSessionLimit::default(),
        proof_of_work: ProofOfWork::default(),
        sign_up_domains: Vec::new(),
        passkeys: PasskeyPolicy::Preferred,
        second_factor: SecondFactorPolicy::Optional,
        session_idle_seconds: policies::SESSION_IDLE_SECONDS,
        session_absolute_seconds: policies::SESSION_ABSOLUTE_SECONDS,
        recovery_wait_hours: policies::RECOVERY_WAIT_HOURS,
        registration: false,
        registration_limit: REGISTRATION_LIMIT,
        require_pushed_authorization_requests: false,
    }
}
