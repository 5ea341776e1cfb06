//! Tenants as child processes of the control plane.
//!
//! Started as root, each tenant's process has a user of its own, as a container has: its folders and secrets
//! are given to that user before each start, and the process becomes it once it has entered a file system
//! in which only those exist, since the folders above are closed to others. Otherwise tenants share the
//! control plane's user, and what the runtime takes from itself keeps them apart.

use std::io;
use std::os::unix::fs::lchown;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polder_kernel::Entropy;
use rustix::process::geteuid;
use rustix::thread::{CapabilitySet, capabilities};

use super::spec::View;
use super::users::{self, User, Users};
use super::{Child, DriverError, Health, Measure, Peer, Spec, Supervisor, folders, limits};

/// The process driver: one child process per tenant, needing neither root nor Docker.
pub struct ProcessDriver {
    supervisor: Arc<Supervisor>,
    program: PathBuf,
    users: Option<Users>,
}

/// The users of tenants' processes, kept in `folder`: where we are root with all that giving them away and
/// becoming them takes. Root in a container often is not.
///
/// # Errors
/// When what is kept cannot be read.
pub fn users(folder: &Path, entropy: &Entropy) -> io::Result<Option<Users>> {
    let needed = CapabilitySet::SYS_ADMIN
        | CapabilitySet::CHOWN
        | CapabilitySet::SETUID
        | CapabilitySet::SETGID
        | CapabilitySet::DAC_OVERRIDE
        | CapabilitySet::FOWNER;
    if !geteuid().is_root() || !capabilities(None)?.effective.contains(needed) {
        return Ok(None);
    }
    let installation = users::installation(folder, entropy)?;
    Users::open(folder, &installation).map(Some)
}

impl ProcessDriver {
    /// A driver that has `supervisor` keep children of `program`, each as a user of its own where there
    /// are `users`.
    pub const fn new(supervisor: Arc<Supervisor>, program: PathBuf, users: Option<Users>) -> Self {
        Self { supervisor, program, users }
    }

    /// Keeps the tenant's process alive from now on.
    ///
    /// # Errors
    /// When the first start fails; then nothing is kept.
    pub async fn start(&self, spec: &Spec) -> Result<(), DriverError> {
        let child = self.child(spec).map_err(|error| DriverError::Files("user ids".to_owned(), error))?;
        let started = self.supervisor.start(&child).await;
        started.map_err(|error| DriverError::Files(self.program.display().to_string(), error))
    }

    fn child(&self, spec: &Spec) -> io::Result<Child> {
        let places = spec.places.as_deref().and_then(Path::parent);
        let view = View { data: &spec.data, run: &spec.run, secret: &|secret| secret.source.clone(), places };
        let mut arguments = spec.arguments(&view);
        // Its end of a pipe that only we hold: it ends when we do, however that is.
        arguments.push("--lifeline".into());
        let user = self.user(&spec.short_id)?;
        if let Some(User { uid, gid }) = user {
            arguments.extend(["--user".into(), format!("{uid}:{gid}").into()]);
        }
        Ok(Child {
            key: spec.short_id.clone(),
            label: spec.slug.clone(),
            program: self.program.clone(),
            arguments,
            folder: spec.folder.clone(),
            prepare: user.map(|user| {
                let spec = spec.clone();
                Arc::new(move || make_over(&spec, user)) as Arc<dyn Fn() -> io::Result<()> + Send + Sync>
            }),
        })
    }

    /// Ends the tenant's process and waits for that.
    pub async fn stop(&self, short_id: &str) {
        self.supervisor.stop(short_id).await;
    }

    /// Ends every child of the supervisor, and waits for that. Nothing is started after it.
    pub async fn close(&self) {
        self.supervisor.stop_all().await;
    }

    /// Whether the tenant's process lives.
    pub fn running(&self, short_id: &str) -> bool {
        matches!(self.supervisor.health(short_id), Health::Alive(_))
    }

    /// The process that may answer on the tenant's sockets.
    pub fn peer(&self, short_id: &str) -> Option<Peer> {
        let pid = self.supervisor.pid(short_id)?;
        match self.user(short_id).ok()? {
            Some(user) => Some(Peer::new(pid, user.uid)),
            None => Some(Peer::from(pid)),
        }
    }

    /// The last words of a process that ended by itself since it was started.
    pub fn trouble(&self, short_id: &str) -> Option<String> {
        self.supervisor.trouble(short_id)
    }

    /// What the driver itself puts around a process; the runtime adds what it does to itself.
    pub fn isolation(&self, short_id: &str) -> Vec<Measure> {
        if !self.running(short_id) {
            return Vec::new();
        }
        let mut walls =
            vec![Measure::stands("environment", "empty"), Measure::stands("resource_limits", limits::in_words())];
        if self.users.is_none() {
            let uid = geteuid().as_raw();
            walls.push(Measure::missing("user", format!("the control plane's own: {uid}; as root, each has its own")));
        }
        walls
    }

    fn user(&self, short_id: &str) -> io::Result<Option<User>> {
        self.users.as_ref().map(|users| users.of(short_id)).transpose()
    }
}

/// Gives a tenant's folders and secrets to its user. Nobody else comes near them: the folders above are
/// the control plane's alone.
fn make_over(spec: &Spec, user: User) -> io::Result<()> {
    for folder in [&spec.data, &spec.run] {
        folders::open_to(folder, user)?;
    }
    for secret in &spec.secrets {
        match lchown(&secret.source, Some(user.uid), Some(user.gid)) {
            // One that was rotated away since it was asked for. A runtime that needs it says so.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            given => given?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::super::spec::tests::spec;
    use super::*;

    #[test]
    fn g11_a_process_of_roots_gets_folders_and_secrets_of_its_own_user() {
        let host = tempfile::tempdir().unwrap();
        let spec = spec(host.path());
        for folder in [&spec.data, &spec.run] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(host.path().join("seal.key"), "key").unwrap();
        fs::write(host.path().join("other.key"), "key").unwrap();
        fs::set_permissions(host.path().join("seal.key"), fs::Permissions::from_mode(0o600)).unwrap();
        let users = users(&host.path().join("users"), &Entropy::System).unwrap();
        let Some(users) = users else {
            assert!(!geteuid().is_root() || !capabilities(None).unwrap().effective.contains(CapabilitySet::SYS_ADMIN));
            return;
        };
        let user = users.of(&spec.short_id).unwrap();
        make_over(&spec, user).unwrap();
        let owner = |path: &Path| fs::metadata(path).unwrap().uid();
        for path in [&spec.data, &spec.run, &host.path().join("seal.key")] {
            assert_eq!(owner(path), user.uid, "{}", path.display());
        }
        assert_eq!(owner(&host.path().join("other.key")), geteuid().as_raw());
        assert_ne!(users.of("another").unwrap().uid, user.uid);
    }
}
