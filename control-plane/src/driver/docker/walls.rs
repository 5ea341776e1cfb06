//! The walls around a container, read from what Docker says it did.

use bollard::models::{ContainerInspectResponse, HostConfig};

use super::daemon::Daemon;
use crate::driver::Measure;

/// What Docker has put around `found`.
pub fn around(daemon: &Daemon, found: &ContainerInspectResponse) -> Vec<Measure> {
    let nothing = HostConfig::default();
    let host = found.host_config.as_ref().unwrap_or(&nothing);
    let is = |found: &Option<Vec<String>>, wanted: &str| {
        found.as_ref().is_some_and(|found| found.iter().any(|one| one == wanted))
    };
    let user = found.config.as_ref().and_then(|config| config.user.as_deref()).unwrap_or_default();
    let own = user.split(':').next().and_then(|uid| uid.parse::<u32>().ok()).is_some_and(|uid| uid != 0);
    let unconfined = host.security_opt.iter().flatten().any(|option| option.contains("unconfined"));
    let profile = found.app_armor_profile.as_deref().unwrap_or_default();
    let measure = |name: &str, in_force, detail: String| Measure { name: name.to_owned(), in_force, detail };
    let most = |value: Option<i64>| value.filter(|&value| value > 0);
    let limit =
        |name, value: Option<String>| measure(name, value.is_some(), value.unwrap_or_else(|| "no limit".to_owned()));
    let files = host.ulimits.iter().flatten().find(|limit| limit.name.as_deref() == Some("nofile"));
    let tmpfs = host.tmpfs.iter().flatten().map(|(path, options)| format!("{path}: {options}")).next();
    let log = host.log_config.as_ref().and_then(|log| log.config.as_ref()).and_then(|log| log.get("max-size"));
    vec![
        measure("network", host.network_mode.as_deref() == Some("none"), "none: no interface".to_owned()),
        measure("user", own, format!("its own: {user}")),
        measure("capabilities", is(&host.cap_drop, "ALL") && host.cap_add.is_none(), "all dropped".to_owned()),
        measure("no_new_privileges", is(&host.security_opt, "no-new-privileges:true"), "set".to_owned()),
        measure(
            "seccomp",
            daemon.seccomp && !unconfined,
            if daemon.seccomp { "Docker's default profile" } else { "this Docker has no default profile" }.to_owned(),
        ),
        measure(
            "apparmor",
            daemon.apparmor && !["", "unconfined"].contains(&profile),
            if daemon.apparmor { profile.to_owned() } else { "the host has none".to_owned() },
        ),
        measure(
            "file_system",
            host.readonly_rootfs == Some(true) && host.privileged != Some(true),
            "an image of one program, read-only, and its own folders".to_owned(),
        ),
        measure("ipc", host.ipc_mode.as_deref() == Some("none"), "no shared memory".to_owned()),
        limit("memory", most(host.memory).map(|bytes| format!("{} MiB", bytes >> 20))),
        measure("swap", host.memory.is_some() && host.memory == host.memory_swap, "none".to_owned()),
        limit("processor", most(host.nano_cpus).map(|share| format!("{} % of a core", share / 10_000_000))),
        limit("processes", most(host.pids_limit).map(|most| format!("{most} threads and processes"))),
        limit("open_files", files.and_then(|files| most(files.hard)).map(|most| format!("{most} files"))),
        limit("temporary_files", tmpfs.filter(|tmpfs| tmpfs.contains("size="))),
        limit("logs", log.map(|size| format!("files of {size}"))),
    ]
}

#[cfg(test)]
mod tests {
    use bollard::Docker;
    use bollard::models::ContainerConfig;

    use super::super::container;
    use super::*;

    fn daemon(seccomp: bool) -> Daemon {
        // Never spoken to: any socket that is there will do.
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let docker = Docker::connect_with_unix(socket.to_str().unwrap(), 1, bollard::API_DEFAULT_VERSION).unwrap();
        Daemon { docker, image: String::new(), remapped: false, seccomp, apparmor: false }
    }

    #[tokio::test]
    async fn g11_every_wall_is_read_from_docker() {
        let body = container::tests::example().1;
        let mut found = ContainerInspectResponse {
            config: Some(ContainerConfig { user: body.user.clone(), ..ContainerConfig::default() }),
            host_config: body.host_config,
            ..ContainerInspectResponse::default()
        };
        let missing = |found: &_, seccomp| {
            let walls = around(&daemon(seccomp), found);
            walls.into_iter().filter(|wall| !wall.in_force).map(|wall| wall.name).collect::<Vec<_>>()
        };
        assert_eq!(missing(&found, true), ["apparmor"], "the host has none");
        assert_eq!(missing(&found, false), ["seccomp", "apparmor"]);
        found.host_config = None;
        found.config = None;
        assert_eq!(missing(&found, true).len(), 14, "all but the default seccomp profile");
    }
}
