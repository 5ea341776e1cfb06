//! The container of a tenant, as it is wanted: every flag in one place (G11 to G14, G18).

use std::collections::HashMap;
use std::path::Path;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount, MountBindOptions,
    MountBindOptionsPropagationEnum, MountType, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
};

use crate::driver::Spec;
use crate::driver::spec::View;
use crate::driver::users::User;

/// Says whose container it is: the tenant's slug.
pub const TENANT: &str = "polder.tenant";

/// Says which control plane keeps it.
pub const INSTALLATION: &str = "polder.installation";

/// The tenant's short id, which never changes hands.
pub const SHORT_ID: &str = "polder.short-id";

/// Memory a tenant may use, in bytes. Swap comes on top of it for nobody.
const MEMORY: i64 = 256 << 20;

/// Processor time a tenant may use, in billionths of a core.
const NANO_CPUS: i64 = 1_000_000_000;

/// Threads and processes a tenant may have (G12).
const PIDS: i64 = 128;

/// Files and sockets a tenant may hold open.
const OPEN_FILES: i64 = 4096;

/// What is mounted as `/tmp`: memory that no program can be started from.
const TMPFS: &str = "rw,noexec,nosuid,nodev,size=16m,mode=1777";

/// The largest log file, and how many of them Docker keeps.
const LOG: [(&str, &str); 2] = [("max-size", "10m"), ("max-file", "3")];

/// Where the runtime sees its data.
const DATA: &str = "/data";

/// Where the runtime sees its sockets.
const RUN: &str = "/run/polder";

/// Where the runtime sees its secrets.
const SECRETS: &str = "/run/secrets";

/// Where the file with places is mounted, where there is one.
const PLACES: &str = "/run/places";

/// What a container is made for, besides its tenant.
pub struct Place<'a> {
    /// The id of this control plane.
    pub installation: &'a str,
    /// The image's id, so that a name that moves on changes nothing.
    pub image: &'a str,
    /// The user it runs as.
    pub user: User,
    /// The folder on the host that holds copies of its secrets.
    pub secrets: &'a Path,
    /// Whether Docker gives containers other user ids than the host's.
    pub remapped: bool,
}

/// The container's name: one per tenant, so that there are never two.
pub fn name(installation: &str, short_id: &str) -> String {
    format!("polder-{installation}-{short_id}")
}

/// The container of `spec`.
pub fn wanted(spec: &Spec, place: &Place<'_>) -> ContainerCreateBody {
    let secret = |secret: &crate::driver::SecretFile| Path::new(SECRETS).join(secret.name);
    let view = View { data: Path::new(DATA), run: Path::new(RUN), secret: &secret, places: Some(Path::new(PLACES)) };
    let arguments = spec.arguments(&view).into_iter().map(|argument| argument.to_string_lossy().into_owned());
    let labels = [(TENANT, spec.slug.as_str()), (INSTALLATION, place.installation), (SHORT_ID, spec.short_id.as_str())];
    ContainerCreateBody {
        image: Some(place.image.to_owned()),
        cmd: Some(arguments.collect()),
        user: Some(format!("{}:{}", place.user.uid, place.user.gid)),
        hostname: Some("tenant".to_owned()),
        working_dir: Some(DATA.to_owned()),
        labels: Some(map(labels)),
        stop_signal: Some("SIGTERM".to_owned()),
        host_config: Some(host(spec, place)),
        ..ContainerCreateBody::default()
    }
}

fn host(spec: &Spec, place: &Place<'_>) -> HostConfig {
    HostConfig {
        // Unix sockets in folders of its own are its only ways in and out (G14).
        network_mode: Some("none".to_owned()),
        readonly_rootfs: Some(true),
        cap_drop: Some(vec!["ALL".to_owned()]),
        // The default seccomp and AppArmor profiles apply because none is named here.
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        privileged: Some(false),
        memory: Some(MEMORY),
        memory_swap: Some(MEMORY),
        nano_cpus: Some(NANO_CPUS),
        pids_limit: Some(PIDS),
        ulimits: Some(vec![ulimit("nofile", OPEN_FILES), ulimit("core", 0)]),
        tmpfs: Some(map([("/tmp", TMPFS)])),
        // No shared memory of its own either.
        ipc_mode: Some("none".to_owned()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        // Each tenant has a host user of its own, which is what a remapping of all would give none of them.
        userns_mode: place.remapped.then(|| "host".to_owned()),
        log_config: Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: Some(map(LOG)) }),
        // The control plane restarts it, with a pause that grows.
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
        auto_remove: Some(false),
        mounts: Some(mounts(spec, place)),
        ..HostConfig::default()
    }
}

fn mounts(spec: &Spec, place: &Place<'_>) -> Vec<Mount> {
    let own = [mount(&spec.data, DATA, false), mount(&spec.run, RUN, false), mount(place.secrets, SECRETS, true)];
    let places = spec.places.as_deref().and_then(Path::parent).map(|folder| mount(folder, PLACES, true));
    own.into_iter().chain(places).collect()
}

/// A folder of the host. Never a single file: one that is replaced would stay the old one inside.
fn mount(source: &Path, target: &str, read_only: bool) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(source.display().to_string()),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    }
}

fn ulimit(name: &str, most: i64) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.to_owned()), soft: Some(most), hard: Some(most) }
}

fn map<const N: usize>(pairs: [(&str, &str); N]) -> HashMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::driver::spec::tests::spec;

    pub(in super::super) fn example() -> (Spec, ContainerCreateBody) {
        let spec = spec(Path::new("/polder/tenants/abcdefghijkl"));
        let place = Place {
            installation: "i23456789",
            image: "sha256:abc",
            user: User { uid: 1_900_000_123, gid: 1_900_000_123 },
            secrets: Path::new("/dev/shm/polder-i/abcdefghijkl"),
            remapped: false,
        };
        let body = wanted(&spec, &place);
        (spec, body)
    }

    #[test]
    fn g11_the_container_has_no_rights() {
        let host = example().1.host_config.unwrap();
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
        assert!(host.cap_add.is_none() && host.devices.is_none() && host.group_add.is_none());
        assert_eq!(host.security_opt.unwrap(), ["no-new-privileges:true"]);
        assert_eq!((host.readonly_rootfs, host.privileged), (Some(true), Some(false)));
        let tmpfs = host.tmpfs.unwrap();
        assert!(["noexec", "nosuid", "nodev", "size=16m"].iter().all(|flag| tmpfs["/tmp"].contains(flag)));
        assert_eq!(example().1.user.unwrap(), "1900000123:1900000123");
    }

    #[test]
    fn g12_the_container_has_limits() {
        let host = example().1.host_config.unwrap();
        assert_eq!(host.memory, host.memory_swap, "no swap");
        assert_eq!((host.memory, host.nano_cpus, host.pids_limit), (Some(MEMORY), Some(NANO_CPUS), Some(PIDS)));
        let files = &host.ulimits.unwrap()[0];
        assert_eq!((files.name.as_deref(), files.soft, files.hard), (Some("nofile"), Some(4096), Some(4096)));
        assert_eq!(host.log_config.unwrap().config.unwrap()["max-size"], "10m");
    }

    #[test]
    fn g13_nothing_of_the_host_is_in_the_container_but_its_own_folders() {
        let host = example().1.host_config.unwrap();
        let mounts: Vec<_> =
            host.mounts.unwrap().into_iter().map(|m| (m.source.unwrap(), m.target.unwrap(), m.read_only)).collect();
        let folder = |name: &str| format!("/polder/tenants/abcdefghijkl/{name}");
        let expected = [
            (folder("data"), DATA.to_owned(), Some(false)),
            (folder("run"), RUN.to_owned(), Some(false)),
            ("/dev/shm/polder-i/abcdefghijkl".to_owned(), SECRETS.to_owned(), Some(true)),
            ("/polder/places".to_owned(), PLACES.to_owned(), Some(true)),
        ];
        assert_eq!(mounts, expected);
        assert!(host.binds.is_none() && host.volumes_from.is_none());
        assert!(host.pid_mode.is_none() && host.uts_mode.is_none(), "private by default");
        assert_eq!(host.ipc_mode.as_deref(), Some("none"));
    }

    #[test]
    fn g14_the_container_has_no_network() {
        let host = example().1.host_config.unwrap();
        assert_eq!(host.network_mode.as_deref(), Some("none"));
        assert!(host.port_bindings.is_none() && host.extra_hosts.is_none() && host.links.is_none());
    }

    #[test]
    fn g18_the_container_is_given_paths_of_secrets_and_no_environment() {
        let (_, body) = example();
        assert!(body.env.is_none());
        assert_eq!(body.cmd.unwrap()[3], "/run/secrets/seal");
    }

    #[test]
    fn k1_docker_itself_restarts_nothing() {
        let (_, body) = example();
        let labels = body.labels.unwrap();
        assert_eq!((labels[TENANT].as_str(), labels[INSTALLATION].as_str()), ("acme", "i23456789"));
        assert_eq!(body.host_config.unwrap().restart_policy.unwrap().name, Some(RestartPolicyNameEnum::NO));
    }
}
