//! Claim names that nobody gives a meaning of their own.

use super::userinfo::SUPPORTED;

/// Names that tokens, or the programs that read them, have a meaning for: of JWT and its profiles (RFC 7519,
/// 8693, 9068, 9449, OpenID Connect Core, front- and back-channel logout), and those by which applications
/// decide what somebody may do.
const RESERVED: &[&str] = &[
    "nbf",
    "iat",
    "jti",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sub_jwk",
    "cnf",
    "act",
    "may_act",
    "scope",
    "scp",
    "client_id",
    "events",
    "toe",
    "txn",
    "typ",
    "_claim_names",
    "_claim_sources",
    "vot",
    "vtm",
    "trust_framework",
    "phone_number",
    "phone_number_verified",
    "preferred_username",
    "username",
    "upn",
    "unique_name",
    "oid",
    "tid",
    "picture",
    "website",
    "profile",
    "groups",
    "role",
    "entitlements",
    "permissions",
    "authorities",
    "realm_access",
    "resource_access",
    "authorization_details",
    "active",
    "token_type",
    "nonce_supported",
    "is_private_email",
];

/// Whether a claim of this name is not a tenant's to define. Capitals make no difference: some readers see none.
pub fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SUPPORTED.contains(&name.as_str()) || RESERVED.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k9_claims_with_a_meaning_are_reserved() {
        for name in ["sub", "iss", "email_verified", "Email", "AMR", "roles", "groups", "azp", "_claim_names", "upn"] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["birthdate", "member_number", "https://acme.example/claims/member"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
