//! Who follows tenants live. Each holds a connection for minutes, and connections are what all tenants
//! share: nobody gets more of them than people look at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::TenantId;

/// How many may follow one tenant.
const MOST_OF_ONE: usize = 16;

/// How many may follow in all.
const MOST: usize = 512;

/// Those who follow.
#[derive(Clone, Default)]
pub struct Listening(Arc<Mutex<HashMap<TenantId, usize>>>);

/// One of them; the place is free again when this goes.
pub struct Place {
    among: Listening,
    tenant: TenantId,
}

impl Listening {
    /// A place, if there is one.
    pub fn place(&self, tenant: TenantId) -> Option<Place> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = places.get(&tenant).copied().unwrap_or_default();
        if of_one >= MOST_OF_ONE || places.values().sum::<usize>() >= MOST {
            return None;
        }
        places.insert(tenant, of_one + 1);
        Some(Place { among: self.clone(), tenant })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.among.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_one) = places.get_mut(&self.tenant) {
            *of_one -= 1;
            if *of_one == 0 {
                places.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use polder_kernel::{Clock, Entropy};

    use super::*;

    #[test]
    fn g27_nobody_takes_every_connection_by_following() {
        let listening = Listening::default();
        let tenant = || TenantId::new(&Clock::System, &Entropy::System);
        let (a, b) = (tenant(), tenant());
        let held: Vec<_> = std::iter::from_fn(|| listening.place(a)).take(MOST + 1).collect();
        assert_eq!(held.len(), MOST_OF_ONE);
        assert!(listening.place(b).is_some(), "others follow theirs");
        drop(held);
        assert!(listening.place(a).is_some());
        let all: Vec<_> = (0..MOST).map_while(|_| listening.place(tenant())).collect();
        assert_eq!(all.len(), MOST);
        assert!(listening.place(b).is_none());
        drop(all);
        assert!(listening.0.lock().unwrap().is_empty());
    }
}
