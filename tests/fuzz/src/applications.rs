//! Applications of every kind, to whom requests are said to belong.

use polder_kernel::Timestamp;
use polder_protocol::{ApplicationType, AuthMethod, Client, GrantType, Insists, Profile, RedirectUri, Scope};

/// Who we are.
pub const ISSUER: &str = "https://practice.example.test";
/// The moment at which everything happens.
pub const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
/// The `client_id` of all of them.
pub const ID: &str = "app";

/// One of each profile and kind that has people.
pub fn all() -> Vec<Client> {
    let mut all = Vec::new();
    for profile in [Profile::Default, Profile::Compat, Profile::Fapi2] {
        for (kind, auth_method) in [
            (ApplicationType::Web, AuthMethod::ClientSecretBasic),
            (ApplicationType::Web, AuthMethod::PrivateKeyJwt),
            (ApplicationType::Spa, AuthMethod::None),
            (ApplicationType::Native, AuthMethod::None),
        ] {
            all.push(application(profile, kind, auth_method));
        }
    }
    all
}

fn application(profile: Profile, kind: ApplicationType, auth_method: AuthMethod) -> Client {
    let uris: &[&str] = match kind {
        ApplicationType::Native => &["http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb"],
        _ => &["https://app.example.test/cb", "https://app.example.test/cb?a=1"],
    };
    Client {
        id: ID.to_owned(),
        kind,
        profile,
        auth_method,
        redirect_uris: uris.iter().map(|uri| RedirectUri::from_stored(uri)).collect(),
        post_logout_redirect_uris: Vec::new(),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: ["api:read"].into_iter().collect::<Scope>(),
        audience: ISSUER.to_owned(),
        resources: vec!["https://api.example.test".to_owned()],
        insists: Insists::default(),
    }
}
