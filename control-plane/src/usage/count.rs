//! Requests, counted in memory and written down now and then.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

use polder_db::{Db, Error};
use polder_kernel::{Day, Timestamp};

use crate::model::TenantId;
use crate::store::usage::{self, Requests};

/// The share of its space above which a tenant's folder is nearly full, in percent.
const NEARLY_FULL: u64 = 80;

/// What is counted of all tenants.
#[derive(Debug, Default)]
pub struct Counters {
    requests: Mutex<HashMap<(TenantId, Day), Requests>>,
    /// How much of what it may hold each tenant's folder holds, in percent, where that is much.
    full: Mutex<HashMap<TenantId, u64>>,
}

impl Counters {
    /// A request at a tenant's own host.
    pub fn request(&self, tenant: TenantId, now: Timestamp) {
        self.count(tenant, now, Requests { requests: 1, api_requests: 0 });
    }

    /// A request of the public API about a tenant.
    pub fn api_request(&self, tenant: TenantId, now: Timestamp) {
        self.count(tenant, now, Requests { requests: 0, api_requests: 1 });
    }

    fn count(&self, tenant: TenantId, now: Timestamp, more: Requests) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.entry((tenant, Day::of(now))).or_default().add(more);
    }

    /// Writes it down. What could not be written stays counted.
    ///
    /// # Errors
    /// The database's.
    pub async fn flush(&self, db: &Db) -> Result<(), Error> {
        let counted = mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner));
        if counted.is_empty() {
            return Ok(());
        }
        let rows: Vec<(TenantId, Day, Requests)> = counted.iter().map(|((id, day), n)| (*id, *day, *n)).collect();
        let written = db.write(move |tx| {
            Box::pin(async move {
                for (tenant, day, requests) in rows {
                    usage::add_requests(tx, tenant, day, requests).await?;
                }
                Ok::<_, Error>(())
            })
        });
        let written = written.await;
        if written.is_err() {
            let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, n) in counted {
                requests.entry(key).or_default().add(n);
            }
        }
        written
    }

    /// How much of what it may hold a tenant's folder holds.
    pub fn holds(&self, tenant: TenantId, bytes: u64, most: u64) {
        let percent = bytes.saturating_mul(100).checked_div(most).unwrap_or(0);
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if percent >= NEARLY_FULL {
            full.insert(tenant, percent);
        } else {
            full.remove(&tenant);
        }
    }

    /// In percent, where it is nearly full.
    pub fn nearly_full(&self, tenant: TenantId) -> Option<u64> {
        self.full.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g12_a_folder_is_nearly_full_from_four_fifths_on() {
        let (counters, tenant) = (Counters::default(), TenantId::from_bytes([1; 16]));
        for (bytes, expected) in [(79, None), (80, Some(80)), (130, Some(130)), (0, None)] {
            counters.holds(tenant, bytes, 100);
            assert_eq!(counters.nearly_full(tenant), expected, "{bytes}");
        }
    }
}
