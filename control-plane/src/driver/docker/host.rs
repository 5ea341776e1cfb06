//! Containers of this installation: found by their labels, made, started, looked at and removed.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::{
    CreateContainerOptions, ListContainersOptions, LogsOptions, RemoveContainerOptions, StopContainerOptions,
};
use futures_util::StreamExt;

use super::container::{self, INSTALLATION, Place, SHORT_ID};
use super::daemon::Daemon;
use super::delivery::Delivery;
use super::{drift, walls};
use crate::driver::users::Users;
use crate::driver::{DriverError, Measure, Spec, folders, output};

/// What all keepers of one control plane work with.
pub struct Host {
    /// Docker.
    pub daemon: Daemon,
    /// The id of this control plane.
    pub installation: String,
    /// Secrets on their way in.
    pub delivery: Delivery,
    /// Who runs as whom.
    pub users: Users,
    /// How long a container may take to end by itself.
    pub stop_within: Duration,
    /// What this Docker gives back otherwise than it was asked, right after it made a container: no
    /// change by anybody, or containers would be replaced for ever. [`walls`] still tell what is so.
    pub spellings: Mutex<HashSet<String>>,
}

/// A container as it was last seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// The id of its process on the host; zero where it has ended.
    pub pid: i32,
    /// What is around it.
    pub walls: Vec<Measure>,
}

/// How a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It runs, as it is wanted.
    Well,
    /// It ended by itself, saying this last.
    Ended(String),
    /// It was stopped, removed or changed by somebody.
    Disturbed(String),
    /// Docker does not say.
    Unknown(String),
}

impl Host {
    /// Sees to it that the container of `spec` runs, exactly once and as it is wanted. One that does
    /// already is adopted as it is.
    ///
    /// # Errors
    /// When Docker or the file system refuses.
    pub async fn ensure(&self, spec: &Spec) -> Result<Seen, DriverError> {
        let user = self.users.of(&spec.short_id).map_err(|error| files("user ids", error))?;
        for folder in [spec.data.clone(), spec.run.clone()] {
            // Beside the tasks that others wait for: a tenant may have made as many files as it could.
            let name = folder.display().to_string();
            let opened = tokio::task::spawn_blocking(move || folders::open_to(&folder, user)).await;
            opened.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(|error| files(&name, error))?;
        }
        let secrets = self.delivery.of(&spec.short_id);
        let put = self.delivery.put(&spec.short_id, &spec.secrets, user);
        put.map_err(|error| files(&secrets.display().to_string(), error))?;
        let wanted = self.wanted(spec, user);
        let name = container::name(&self.installation, &spec.short_id);
        // Mostly there is none: made while it is looked for, since each question to Docker takes
        // milliseconds. It is not started before what else there is of this tenant is gone.
        let (found, made) = tokio::join!(self.list(Some(&spec.short_id)), self.create(&wanted, &name));
        let (found, made) = (found?, made?);
        let others = found.into_iter().filter_map(|summary| summary.id).filter(|id| made.as_ref() != Some(id));
        match (self.kept(spec, (&wanted, &name), others).await?, made) {
            (Some(found), _) if is_running(&found) => Ok(self.seen(&found)),
            (Some(found), _) => Ok(self.begin(&found.id.unwrap_or_default()).await?),
            (None, Some(made)) => Ok(self.begin_new(&made, (&wanted, &name)).await?),
            // What had the name was not as it is wanted, and is gone.
            (None, None) => {
                let made = self.create(&wanted, &name).await?;
                let made = made.ok_or_else(|| DriverError::Keeper(format!("the name {name} is taken")))?;
                Ok(self.begin_new(&made, (&wanted, &name)).await?)
            }
        }
    }

    /// The one container among `ids` that is as it is wanted. Others are removed.
    async fn kept(
        &self,
        spec: &Spec,
        (wanted, name): (&ContainerCreateBody, &str),
        ids: impl Iterator<Item = String>,
    ) -> Result<Option<ContainerInspectResponse>, Error> {
        let mut kept = None;
        for id in ids {
            let Some(found) = self.inspect(&id).await? else { continue };
            match self.different(wanted, name, &found) {
                None if kept.is_none() => kept = Some(found),
                what => {
                    let what = what.unwrap_or_else(|| "that there is another one".to_owned());
                    tracing::warn!(tenant = spec.slug, what, "its container is not as it is wanted and is replaced");
                    self.remove(&id).await?;
                }
            }
        }
        Ok(kept)
    }

    async fn begin(&self, id: &str) -> Result<Seen, Error> {
        self.daemon.docker.start_container(id, None).await?;
        Ok(self.inspect(id).await?.map(|found| self.seen(&found)).unwrap_or_default())
    }

    /// Starts what was just made, and learns meanwhile how Docker spells it.
    async fn begin_new(&self, id: &str, (wanted, name): (&ContainerCreateBody, &str)) -> Result<Seen, Error> {
        let (began, found) = tokio::join!(self.begin(id), self.inspect(id));
        for what in found?.map(|found| drift::of(wanted, name, &found)).unwrap_or_default() {
            let mut spellings = self.spellings.lock().unwrap_or_else(PoisonError::into_inner);
            if spellings.insert(what.clone()) {
                tracing::warn!(what, "Docker does not make a container quite as it was asked to");
            }
        }
        began
    }

    /// How the container is that was last seen as `seen`.
    pub async fn condition(&self, spec: &Spec, seen: &Seen) -> Condition {
        let found = match self.inspect(&seen.id).await {
            Ok(Some(found)) => found,
            Ok(None) => return Condition::Disturbed("it was removed".to_owned()),
            Err(error) => return Condition::Unknown(error.to_string()),
        };
        if !is_running(&found) {
            let state = found.state.unwrap_or_default();
            if state.oom_killed == Some(true) {
                return Condition::Disturbed("it used more memory than it may".to_owned());
            }
            return match state.exit_code {
                // 128 and above: ended by a signal, and has done nothing wrong.
                Some(code) if code < 128 => Condition::Ended(self.last_words(&seen.id).await),
                _ => Condition::Disturbed("it was stopped".to_owned()),
            };
        }
        let user = match self.users.of(&spec.short_id) {
            Ok(user) => user,
            Err(error) => return Condition::Unknown(error.to_string()),
        };
        let name = container::name(&self.installation, &spec.short_id);
        match self.different(&self.wanted(spec, user), &name, &found) {
            Some(what) => Condition::Disturbed(format!("{what} was changed")),
            None if self.seen(&found).pid != seen.pid => Condition::Disturbed("it was restarted".to_owned()),
            None => Condition::Well,
        }
    }

    /// Asks a container to end, ends it otherwise, and removes it. One that is gone is fine.
    ///
    /// # Errors
    /// When Docker refuses.
    pub async fn end(&self, id: &str) -> Result<(), Error> {
        let within = i32::try_from(self.stop_within.as_secs().max(1)).unwrap_or(i32::MAX);
        let options = StopContainerOptions { t: Some(within), ..StopContainerOptions::default() };
        unless_gone(self.daemon.docker.stop_container(id, Some(options)).await)?;
        self.remove(id).await
    }

    /// Ends and removes every container of a tenant.
    ///
    /// # Errors
    /// When Docker refuses.
    pub async fn end_all_of(&self, short_id: &str) -> Result<(), Error> {
        for summary in self.list(Some(short_id)).await? {
            self.end(&summary.id.unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// The containers of this installation, or of one of its tenants, running or not.
    ///
    /// # Errors
    /// When Docker does not answer.
    pub async fn list(&self, short_id: Option<&str>) -> Result<Vec<ContainerSummary>, Error> {
        let mut labels = vec![format!("{INSTALLATION}={}", self.installation)];
        labels.extend(short_id.map(|short_id| format!("{SHORT_ID}={short_id}")));
        let filters = Some(HashMap::from([("label".to_owned(), labels)]));
        let options = ListContainersOptions { all: true, filters, ..ListContainersOptions::default() };
        self.daemon.docker.list_containers(Some(options)).await
    }

    fn wanted(&self, spec: &Spec, user: crate::driver::users::User) -> ContainerCreateBody {
        let place = Place {
            installation: &self.installation,
            image: &self.daemon.image,
            user,
            secrets: &self.delivery.of(&spec.short_id),
            remapped: self.daemon.remapped,
        };
        container::wanted(spec, &place)
    }

    /// Makes a container and gives its id; none where the name is taken.
    async fn create(&self, wanted: &ContainerCreateBody, name: &str) -> Result<Option<String>, Error> {
        let options = CreateContainerOptions { name: Some(name.to_owned()), ..CreateContainerOptions::default() };
        match self.daemon.docker.create_container(Some(options), wanted.clone()).await {
            Ok(made) => Ok(Some(made.id)),
            Err(Error::DockerResponseServerError { status_code: 409, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What was changed about a container since Docker made it.
    fn different(&self, wanted: &ContainerCreateBody, name: &str, found: &ContainerInspectResponse) -> Option<String> {
        let spellings = self.spellings.lock().unwrap_or_else(PoisonError::into_inner);
        let what: Vec<String> =
            drift::of(wanted, name, found).into_iter().filter(|what| !spellings.contains(what)).collect();
        (!what.is_empty()).then(|| what.join(", "))
    }

    async fn inspect(&self, id: &str) -> Result<Option<ContainerInspectResponse>, Error> {
        match self.daemon.docker.inspect_container(id, None).await {
            Ok(found) => Ok(Some(found)),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn remove(&self, id: &str) -> Result<(), Error> {
        let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
        unless_gone(self.daemon.docker.remove_container(id, Some(options)).await)
    }

    fn seen(&self, found: &ContainerInspectResponse) -> Seen {
        let pid = found.state.as_ref().and_then(|state| state.pid).and_then(|pid| i32::try_from(pid).ok());
        Seen {
            id: found.id.clone().unwrap_or_default(),
            pid: pid.unwrap_or_default(),
            walls: walls::around(&self.daemon, found),
        }
    }

    /// What a container said last that is not of its structured log.
    async fn last_words(&self, id: &str) -> String {
        let options = LogsOptions { stdout: true, stderr: true, tail: "20".to_owned(), ..LogsOptions::default() };
        let mut lines = self.daemon.docker.logs(id, Some(options));
        let words = output::LastWords::default();
        while let Some(Ok(line)) = lines.next().await {
            words.hear(&line.into_bytes());
        }
        words.text()
    }
}

fn is_running(found: &ContainerInspectResponse) -> bool {
    found.state.as_ref().is_some_and(|state| state.running == Some(true))
}

/// 304: stopped already. 404: gone. 409: somebody is removing it.
fn unless_gone(done: Result<(), Error>) -> Result<(), Error> {
    match done {
        Err(Error::DockerResponseServerError { status_code: 304 | 404 | 409, .. }) => Ok(()),
        done => done,
    }
}

fn files(what: &str, error: std::io::Error) -> DriverError {
    DriverError::Files(what.to_owned(), error)
}
