//! Tenants with a database each on a PostgreSQL server.

use std::time::Duration;

use crate::asked::{Asked, middle_and_worst};
use crate::dev::Dev;

const TENANTS: usize = 9;
const WHAT: &str = "create a tenant (process, PostgreSQL) until it runs";

/// Measures creating, where there is a server.
pub async fn measure(asked: &mut Asked) {
    let Some(address) = polder_tests::postgres::address() else {
        return asked.missing(WHAT, "POLDER_TEST_POSTGRES names no server");
    };
    let Some(mut dev) = Dev::start(&["--database", &address]).await else {
        return asked.missing(WHAT, "the control plane does not come up with it");
    };
    let mut times = Vec::new();
    for n in 0..TENANTS {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let slug = format!("served-{n}");
        let created = dev.create(&slug, Duration::from_millis(1)).await;
        let (Some(created), Some(())) = (created, dev.sleep(&slug).await) else {
            return asked.missing(WHAT, "a tenant did not come up");
        };
        times.push(created);
    }
    let (middle, more) = middle_and_worst(times);
    asked.at_most(WHAT, (middle, 500.0), "ms", &more);
}
