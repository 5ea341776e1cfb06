//! The walls around a tenant, in people's words.

use polder_tenant_api::Measure;

use crate::texts::Texts;

/// The walls that do not stand first: they are what one wants to know.
pub(super) fn in_order(walls: &[Measure]) -> Vec<&Measure> {
    let mut walls: Vec<&Measure> = walls.iter().collect();
    walls.sort_by_key(|wall| wall.in_force);
    walls
}

/// What a wall is called. One that this version does not know goes by the name it gives itself.
pub(super) fn name<'a>(t: &'a Texts, wall: &'a Measure) -> &'a str {
    let t = &t.walls;
    match wall.name.as_str() {
        "apparmor" => t.apparmor,
        "capabilities" => t.capabilities,
        "core_dumps" => t.core_dumps,
        "environment" => t.environment,
        "file_system" => t.file_system,
        "ipc" => t.ipc,
        "landlock_files" => t.landlock_files,
        "landlock_network" => t.landlock_network,
        "landlock_scopes" => t.landlock_scopes,
        "landlock_sockets" => t.landlock_sockets,
        "logs" => t.logs,
        "memory" => t.memory,
        "network" => t.network,
        "no_new_privileges" => t.no_new_privileges,
        "open_files" => t.open_files,
        "processes" => t.processes,
        "processor" => t.processor,
        "resource_limits" => t.resource_limits,
        "seccomp" => t.seccomp,
        "swap" => t.swap,
        "temporary_files" => t.temporary_files,
        "tracing" => t.tracing,
        "user" => t.user,
        "user_namespace" => t.user_namespace,
        other => other,
    }
}
