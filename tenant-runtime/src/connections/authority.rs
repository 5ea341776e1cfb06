//! Whether a provider's word about an address is enough to make a new account (B100).
//!
//! That somebody once proved an address to a provider says little: the address may have gone to somebody
//! else since, and some providers take anything for an address. Only who gives the addresses of a domain
//! out knows whose they are. Nothing here ever opens an account that exists.

use polder_kernel::Email;
use polder_tenant_api::connections::Provider;
use serde_json::{Map, Value};

use crate::model::Connection;

/// Whether the provider is the authority for this address and says that it is proved.
pub fn vouches_for(connection: &Connection, email: &Email, claims: &Map<String, Value>, verified: bool) -> bool {
    let domain = email.domain();
    if !verified {
        return false;
    }
    if connection.configuration.email_domains.iter().any(|known| known.eq_ignore_ascii_case(domain)) {
        return true;
    }
    match connection.provider {
        // Google's own rule: its mail, or a Workspace domain that it hosts.
        Provider::Google => {
            let hosted = claims.get("hd").and_then(Value::as_str);
            matches!(domain, "gmail.com" | "googlemail.com") || hosted.is_some_and(|hd| hd.eq_ignore_ascii_case(domain))
        }
        Provider::Apple => matches!(domain, "icloud.com" | "me.com" | "mac.com" | "privaterelay.appleid.com"),
        // Any directory can write any address into `email` (known as nOAuth).
        Provider::Microsoft | Provider::Github | Provider::Oidc | Provider::Oauth2 => false,
    }
}

/// `true`, as a boolean or, as Apple writes it, as text.
pub fn is_true(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.as_bool() == Some(true) || value.as_str() == Some("true"))
}

#[cfg(test)]
mod tests {
    use polder_kernel::Timestamp;
    use polder_tenant_api::connections::{ConnectionConfiguration, ConnectionId};
    use serde_json::json;

    use super::*;

    fn vouches(provider: Provider, domains: &[&str], email: &str, claims: &Value) -> bool {
        let now = Timestamp::from_millis(0);
        let email_domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
        let connection = Connection {
            id: ConnectionId::from_bytes([1; 16]),
            provider,
            name: String::new(),
            client_id: String::new(),
            has_secret: true,
            configuration: ConnectionConfiguration { email_domains, ..Default::default() },
            created_at: now,
            updated_at: now,
            disabled_at: None,
        };
        let claims = claims.as_object().unwrap();
        let verified = is_true(claims.get("email_verified"));
        vouches_for(&connection, &email.parse().unwrap(), claims, verified)
    }

    #[test]
    fn b100_a_providers_word_counts_for_domains_it_gives_out_itself() {
        let verified = || json!({ "email_verified": true });
        assert!(vouches(Provider::Google, &[], "ann@gmail.com", &verified()));
        assert!(vouches(
            Provider::Google,
            &[],
            "a@acme.example",
            &json!({ "email_verified": true, "hd": "acme.example" })
        ));
        assert!(vouches(Provider::Apple, &[], "x@privaterelay.appleid.com", &json!({ "email_verified": "true" })));
        assert!(vouches(Provider::Oidc, &["acme.example"], "a@ACME.example", &verified()));
    }

    #[test]
    fn b100_a_providers_word_counts_for_no_other_domain_and_never_unverified() {
        let verified = || json!({ "email_verified": true });
        assert!(!vouches(Provider::Google, &[], "victim@example.org", &verified()));
        assert!(!vouches(
            Provider::Google,
            &[],
            "a@acme.example",
            &json!({ "email_verified": true, "hd": "evil.example" })
        ));
        assert!(!vouches(Provider::Google, &[], "ann@gmail.com", &json!({ "email_verified": false })));
        assert!(!vouches(Provider::Google, &[], "ann@gmail.com", &json!({})));
        assert!(!vouches(Provider::Oidc, &["acme.example"], "a@sub.acme.example", &verified()));
        for provider in [Provider::Microsoft, Provider::Github, Provider::Oidc, Provider::Oauth2] {
            assert!(!vouches(provider, &[], "victim@gmail.com", &verified()), "{provider:?}");
        }
    }
}
