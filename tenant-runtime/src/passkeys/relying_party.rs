//! Who we are to authenticators: the tenant's whole host, stored when the tenant was made, and the
//! origins whose pages may ask for its passkeys (C03, C05, G05). A parent domain is never used: the
//! tenants below it would share their passkeys.

use url::Url;
use webauthn_rs_core::WebauthnCore;

use super::challenge::LIFETIME;

/// The relying party.
#[derive(Debug)]
pub struct RelyingParty {
    /// Its id.
    pub id: String,
    /// The origins it is asked from, the issuer's first. `/.well-known/webauthn` names the same (C30).
    pub origins: Vec<String>,
    /// The library's part.
    pub(super) core: WebauthnCore,
}

impl RelyingParty {
    /// The relying party `id`, asked from the issuer's origin and these further ones.
    pub fn new(id: &str, issuer: &str, related: Vec<String>) -> Self {
        let origins: Vec<String> = std::iter::once(issuer.to_owned()).chain(related).collect();
        let urls = origins.iter().filter_map(|origin| Url::parse(origin).ok()).collect();
        // Its name is not used: options are made here. No subdomains, no other ports.
        let core = WebauthnCore::new_unsafe_experts_only(id, id, urls, LIFETIME, Some(false), Some(false));
        Self { id: id.to_owned(), origins, core }
    }
}
