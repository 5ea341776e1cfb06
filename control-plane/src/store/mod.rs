//! The control plane's tables: free functions with the SQL as a literal inside.

pub mod api_keys;
pub mod console_sessions;
pub mod data_keys;
pub mod egress_needs;
pub mod egress_rules;
pub mod idempotency_keys;
pub mod invitations;
pub mod life;
pub mod mail_counts;
pub mod mail_domains;
pub mod members;
pub mod operations;
pub mod organisation_events;
pub mod organisations;
pub mod own_applications;
pub mod settings;
pub mod sign_ups;
pub mod staff_grants;
pub mod tenant_lists;
pub mod tenants;
pub mod usage;

#[cfg(test)]
pub(crate) mod tests;

use polder_db::Migration;

/// The schema, oldest first. A released migration is never edited.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "first", sql: include_str!("../../../migrations/control/0001_first.sql") },
    Migration { version: 2, name: "life_cycle", sql: include_str!("../../../migrations/control/0002_life_cycle.sql") },
    Migration { version: 3, name: "egress", sql: include_str!("../../../migrations/control/0003_egress.sql") },
    Migration { version: 4, name: "mail", sql: include_str!("../../../migrations/control/0004_mail.sql") },
    Migration { version: 5, name: "postgres", sql: include_str!("../../../migrations/control/0005_postgres.sql") },
    Migration {
        version: 6,
        name: "connections",
        sql: include_str!("../../../migrations/control/0006_connections.sql"),
    },
    Migration { version: 7, name: "members", sql: include_str!("../../../migrations/control/0007_members.sql") },
    Migration { version: 8, name: "usage", sql: include_str!("../../../migrations/control/0008_usage.sql") },
    Migration {
        version: 9,
        name: "organisations",
        sql: include_str!("../../../migrations/control/0009_organisations.sql"),
    },
];
