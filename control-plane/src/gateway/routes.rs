//! Which tenants answer at which host: held in memory, changed by provisioning alone.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderValue;

use super::pool::Pool;
use crate::model::TenantId;

/// The way to one running tenant.
pub struct Route {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its host name with the port, in the spelling of its issuer.
    pub authority: HeaderValue,
    /// Connections to its public socket.
    pub public: Arc<Pool>,
}

/// The ways to all running tenants, by slug.
#[derive(Default)]
pub struct Routes(RwLock<HashMap<String, Arc<Route>>>);

impl Routes {
    /// The way to the tenant with this slug. A disabled tenant has none, as an unknown one.
    pub fn get(&self, slug: &str) -> Option<Arc<Route>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(slug).cloned()
    }

    /// Opens a way, in place of an older one.
    pub fn open(&self, slug: &str, route: Route) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(slug.to_owned(), Arc::new(route));
    }

    /// Closes a way. Requests under way are answered still.
    pub fn close(&self, slug: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(slug);
    }
}
