//! What came of a sign-in that was tried.

use polder_hosted_pages::Page;
use polder_hosted_pages::console::{May, Member, Shell, TenantHead, TenantState, TryOut, TryOutShown};
use polder_kernel::Locale;
use polder_tenant_api::{ApplicationErrorKind, ApplicationType, TryOutOutcome, TryOutRefusal};
use serde_json::{Value, json};

use super::console::{AT, ISSUER, application};
use super::{Sample, Words};

pub fn pages(locale: Locale, words: Words<'_>) -> Vec<Sample> {
    let member = Member { name: words.person, address: words.address, organisation: words.tenant };
    let shell = Shell {
        locale,
        nonce: "c2FtcGxl",
        csrf: "csrf-sample",
        member,
        language_path: None,
        notice: None,
        may: May::ALL,
    };
    let tenant = TenantHead { slug: "practice", name: words.tenant, state: TenantState::Running, issuer: ISSUER };
    let [web, machine] = [ApplicationType::Web, ApplicationType::Machine].map(|kind| application(words, kind));
    let whole = outcome(words);
    let without = TryOutOutcome {
        id_token: None,
        id_token_alg: None,
        userinfo: None,
        scope: String::new(),
        acr: words.other.to_owned(),
        refresh_token: false,
        ..whole.clone()
    };
    let refusal = TryOutRefusal {
        kind: ApplicationErrorKind::Scope,
        error: "invalid_scope".to_owned(),
        reason: words.other.to_owned(),
    };
    let over = TryOutRefusal { kind: ApplicationErrorKind::Code, ..refusal.clone() };
    let scope = "openid profile email offline_access";
    let page = TryOut { shell, tenant, application: &web, scope, shown: TryOutShown::SignedIn(&whole) };
    let mut all = vec![
        ("signed-in", page),
        ("nothing", TryOut { shown: TryOutShown::SignedIn(&without), ..page }),
        ("refused", TryOut { shown: TryOutShown::Refused(&refusal), ..page }),
        ("over", TryOut { shown: TryOutShown::Refused(&over), application: &machine, ..page }),
    ];
    let errors = ["access_denied", "login_required", "unmet_authentication_requirements", "server_error", words.other];
    all.extend(errors.map(|error| {
        let name = if error == words.other { "other" } else { error };
        (name, TryOut { shown: TryOutShown::Answered { error, reason: words.other }, ..page })
    }));
    all.into_iter()
        .map(|(name, page)| Sample { name: format!("console-try-out-{name}"), html: page.render() })
        .collect()
}

fn outcome(words: Words<'_>) -> TryOutOutcome {
    let claims = |value: Value| value.as_object().cloned().unwrap_or_default();
    TryOutOutcome {
        id_token: Some(claims(json!({
            "iss": ISSUER, "sub": "019a0000-0000-7000-8000-000000000003", "aud": "019a0000-0000-7000-8000-000000000001",
            "exp": 1_795_251_600, "iat": 1_795_248_000, "auth_time": 1_795_247_990,
            "nonce": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg", "acr": "urn:polder:acr:passkey",
            "amr": ["swk", "user", "mfa"], "sid": "mUIbqSB8aQe6q6C4wDhHpA", "member_number": words.other,
        }))),
        id_token_alg: Some("RS256".to_owned()),
        userinfo: Some(claims(json!({
            "sub": "019a0000-0000-7000-8000-000000000003", "name": words.person, "email": words.address,
            "email_verified": true, "locale": "nl", "updated_at": 1_795_000_000, "roles": ["coach", words.other],
        }))),
        scope: "openid profile email".to_owned(),
        acr: "urn:polder:acr:passkey".to_owned(),
        amr: ["swk", "user", "mfa"].map(str::to_owned).to_vec(),
        authenticated_at: AT.to_owned(),
        access_token_seconds: 900,
        refresh_token: true,
    }
}
