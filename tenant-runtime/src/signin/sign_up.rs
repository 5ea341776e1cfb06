//! Which strangers may make an account by proving their address. The answer changes no page: only the
//! mail that arrives or does not (D10).

use polder_kernel::Email;
use polder_tenant_api::{Settings, SignUp};

/// Whether a stranger with this address may make an account.
pub fn is_open(tenant: &Settings, email: &Email) -> bool {
    match tenant.sign_up {
        SignUp::Open => true,
        // Canonical on both sides. Those below a domain are other people's often enough.
        SignUp::Domains => tenant.sign_up_domains.iter().any(|domain| domain == email.domain()),
        SignUp::Closed => false,
    }
}
