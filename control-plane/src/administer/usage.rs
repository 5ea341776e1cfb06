//! A tenant's usage, where it has to be asked itself.

use polder_kernel::Month;
use polder_tenant_api::UsageRecount;

use super::{On, Refused};

/// A month counted anew from the days of persons.
pub async fn recount(on: &On, month: Month) -> Result<UsageRecount, Refused> {
    on.ask(&format!("/usage/months/{month}/recount")).await
}
