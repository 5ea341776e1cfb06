//! Applications that the tests of this crate talk about.

use crate::{ApplicationType, AuthMethod, Client, GrantType, Insists, Params, Profile, RedirectUri, Scope};

pub(crate) const ISSUER: &str = "https://practice.example.test";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(crate) fn web() -> Client {
    Client {
        id: "coach".to_owned(),
        kind: ApplicationType::Web,
        profile: Profile::Default,
        auth_method: AuthMethod::ClientSecretBasic,
        redirect_uris: ["https://coach.example.test/cb", "https://coach.example.test/cb2?x=1"]
            .map(RedirectUri::from_stored)
            .to_vec(),
        post_logout_redirect_uris: ["https://coach.example.test/bye", "https://coach.example.test/bye?a=1"]
            .map(RedirectUri::from_stored)
            .to_vec(),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: Scope::parse("api:read api:write").unwrap(),
        audience: ISSUER.to_owned(),
        resources: Vec::new(),
        insists: Insists::default(),
    }
}

pub(crate) fn native() -> Client {
    Client {
        id: "phone".to_owned(),
        kind: ApplicationType::Native,
        auth_method: AuthMethod::None,
        redirect_uris: ["http://127.0.0.1/cb", "com.example.app:/cb"].map(RedirectUri::from_stored).to_vec(),
        ..web()
    }
}

pub(crate) fn spa() -> Client {
    Client { id: "page".to_owned(), kind: ApplicationType::Spa, auth_method: AuthMethod::None, ..web() }
}

pub(crate) fn machine() -> Client {
    Client {
        id: "nightly".to_owned(),
        kind: ApplicationType::Machine,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        grant_types: vec![GrantType::ClientCredentials],
        ..web()
    }
}

pub(crate) fn params(text: &str) -> Params {
    Params::parse(text.as_bytes()).unwrap()
}
