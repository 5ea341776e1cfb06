//! A tenant's audit log.

use polder_tenant_api::{AuditEvent, Page};

use super::{On, Part, Refused, target};

/// A page of entries, newest first; only those of this action and about this person where given.
pub async fn list(
    on: &On,
    (action, user): (Option<&str>, Option<&str>),
    part: &Part,
) -> Result<Page<AuditEvent>, Refused> {
    on.ask(&target("/audit-events", &[("action", action), ("user_id", user)], part)).await
}
