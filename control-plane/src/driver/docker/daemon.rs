//! Docker itself: reached, asked what it can do, and asked for the image.

use std::path::Path;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};

/// How long Docker may take for one answer, in seconds.
const WITHIN: u64 = 60;

/// Where Docker is and which image tenants run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Docker's socket, `unix:///var/run/docker.sock`.
    pub host: String,
    /// The image's name.
    pub image: String,
}

/// Docker, and what it said about itself.
pub struct Daemon {
    /// The connection.
    pub docker: Docker,
    /// The image's id: what tenants run, even if the name moves on.
    pub image: String,
    /// Whether containers get other user ids than the host's unless told otherwise.
    pub remapped: bool,
    /// Whether a seccomp profile applies where none is named.
    pub seccomp: bool,
    /// Whether an AppArmor profile applies where none is named.
    pub apparmor: bool,
}

/// Why Docker cannot be used, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The address is not one we go to.
    #[error("DOCKER_HOST is {0}; only a Unix socket is used, as in unix:///var/run/docker.sock")]
    Host(String),
    /// Nobody answers.
    #[error("Docker does not answer at {0}: {1}; start it, or leave --isolation docker out")]
    Silent(String, String),
    /// The image is not there.
    #[error("the image {0} is missing: build it with `make image`")]
    NoImage(String),
    /// The image is of another version.
    #[error("the image {0} is of version {1} and this is polder {own}: build it with `make image`", own = env!("CARGO_PKG_VERSION"))]
    OtherVersion(String, String),
    /// Docker without root cannot give each tenant a user of its own.
    #[error(
        "this Docker runs without root and has too few user ids for tenants; use one that runs as root, or leave --isolation docker out"
    )]
    Rootless,
}

impl Daemon {
    /// Reaches Docker, and looks whether it has what we need.
    ///
    /// # Errors
    /// [`DaemonError`].
    pub async fn reach(settings: &Settings) -> Result<Self, DaemonError> {
        let docker = connect(&settings.host).await?;
        let silent = |error: Error| DaemonError::Silent(settings.host.clone(), error.to_string());
        let info = docker.info().await.map_err(silent)?;
        let options = info.security_options.unwrap_or_default();
        let has = |name: &str| options.iter().any(|option| option.split(',').any(|part| part == name));
        if has("name=rootless") {
            return Err(DaemonError::Rootless);
        }
        let image = match docker.inspect_image(&settings.image).await {
            Ok(image) => image,
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => {
                return Err(DaemonError::NoImage(settings.image.clone()));
            }
            Err(error) => return Err(silent(error)),
        };
        let labels = image.config.and_then(|config| config.labels).unwrap_or_default();
        let version = labels.get("org.opencontainers.image.version").cloned().unwrap_or_default();
        if version != env!("CARGO_PKG_VERSION") {
            return Err(DaemonError::OtherVersion(settings.image.clone(), version));
        }
        Ok(Self {
            docker,
            image: image.id.unwrap_or_default(),
            remapped: has("name=userns"),
            seccomp: has("name=seccomp") && !has("profile=unconfined"),
            apparmor: has("name=apparmor"),
        })
    }
}

/// A connection to Docker at `host`, speaking the version both know.
///
/// # Errors
/// When nobody answers there.
pub async fn connect(host: &str) -> Result<Docker, DaemonError> {
    let path = host.strip_prefix("unix://").filter(|path| Path::new(path).is_absolute());
    let path = path.ok_or_else(|| DaemonError::Host(host.to_owned()))?;
    let silent = |error: Error| DaemonError::Silent(host.to_owned(), error.to_string());
    let docker = Docker::connect_with_unix(path, WITHIN, API_DEFAULT_VERSION).map_err(silent)?;
    docker.negotiate_version().await.map_err(silent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_wrong_with_docker_is_one_line_that_says_what_to_do() {
        let said = async |host: &str| connect(host).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said("tcp://10.0.0.1:2375").await.contains("only a Unix socket"));
        assert!(said("unix://docker.sock").await.contains("only a Unix socket"));
        let nowhere = said("unix:///nowhere/docker.sock").await;
        assert!(nowhere.contains("Docker does not answer at unix:///nowhere/docker.sock"), "{nowhere}");
        assert!(nowhere.contains("--isolation") && !nowhere.contains('\n'), "{nowhere}");
        assert!(DaemonError::NoImage("polder-tenant:1".to_owned()).to_string().contains("make image"));
    }
}
