//! What a protected resource says about itself (RFC 9728 2).

use serde::Serialize;

use crate::metadata::path;
use crate::profile::ALGORITHMS;

/// The document at `/.well-known/oauth-protected-resource/…`.
#[derive(Clone, Debug, Serialize)]
pub struct ProtectedResource {
    /// The address of the resource, as it is asked for with `resource`.
    pub resource: String,
    /// Whose tokens it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// Scopes that are of use there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<&'static str>,
    /// How a token is presented (RFC 6750 2).
    pub bearer_methods_supported: Vec<&'static str>,
    /// What proofs of possession are signed with, where bound tokens are taken (RFC 9449 7).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    /// How answers are signed for applications that want that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_signing_alg_values_supported: Vec<String>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<&'static str>,
    /// Where developers read on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
}

/// The address by which a token for userinfo alone is asked for.
pub fn userinfo_address(issuer: &str) -> String {
    format!("{issuer}{}", path::USERINFO)
}

impl ProtectedResource {
    /// Userinfo of a tenant, whose answers can be signed with these algorithms.
    pub fn userinfo(issuer: &str, scopes: Vec<&'static str>, algorithms: Vec<String>) -> Self {
        Self {
            resource: userinfo_address(issuer),
            authorization_servers: vec![issuer.to_owned()],
            scopes_supported: scopes,
            bearer_methods_supported: vec!["header", "body"],
            dpop_signing_alg_values_supported: ALGORITHMS.to_vec(),
            resource_signing_alg_values_supported: algorithms,
            resource_name: None,
            resource_documentation: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn b87_the_resource_is_its_address_and_what_is_not_said_is_left_out() {
        let userinfo = ProtectedResource::userinfo("https://a.test", vec!["openid"], vec!["RS256".to_owned()]);
        assert_eq!(
            serde_json::to_value(userinfo).unwrap(),
            json!({
                "resource": "https://a.test/userinfo", "authorization_servers": ["https://a.test"],
                "scopes_supported": ["openid"], "bearer_methods_supported": ["header", "body"],
                "dpop_signing_alg_values_supported": ["ES256", "PS256", "EdDSA", "Ed25519", "RS256"],
                "resource_signing_alg_values_supported": ["RS256"],
            })
        );
    }
}
