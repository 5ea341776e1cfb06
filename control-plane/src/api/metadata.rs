//! `/.well-known/oauth-protected-resource/api/v1` (RFC 9728): what the public API says about itself. No
//! authorization server gives tokens for it: its keys are made in the console.

use axum::Router;
use axum::routing::get;
use polder_protocol::protected_resource::ProtectedResource;
use polder_service::headers::public_document;
use polder_service::json::Json;

const PATH: &str = "/.well-known/oauth-protected-resource/api/v1";

/// The document, for a console at this address.
pub fn router(console: &str) -> Router {
    let resource = format!("{console}/api/v1");
    let document = ProtectedResource {
        resource_documentation: Some(format!("{console}/reference/")),
        resource,
        authorization_servers: Vec::new(),
        scopes_supported: Vec::new(),
        bearer_methods_supported: vec!["header"],
        dpop_signing_alg_values_supported: Vec::new(),
        resource_signing_alg_values_supported: Vec::new(),
        resource_name: Some("Polder API"),
    };
    Router::new().route(PATH, get(async move || (public_document(), Json(document.clone()))))
}

/// The challenge to whoever has no key that lives; `error` says what is wrong with one that was sent.
pub fn challenge(console: &str, error: Option<&str>) -> String {
    let error = error.map(|error| format!(", error=\"{error}\"")).unwrap_or_default();
    format!("Bearer realm=\"polder\", resource_metadata=\"{console}{PATH}\"{error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b87_the_challenge_says_where_more_stands() {
        let said = challenge("https://console.test", Some("invalid_token"));
        let about = "resource_metadata=\"https://console.test/.well-known/oauth-protected-resource/api/v1\"";
        assert!(said.starts_with("Bearer ") && said.contains(about) && said.ends_with("error=\"invalid_token\""));
        assert!(!challenge("https://console.test", None).contains("error"));
    }
}
