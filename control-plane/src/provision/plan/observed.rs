//! What is there of a tenant.

use polder_kernel::Timestamp;
use polder_tenant_api::{ApplicationId, Standing};

use crate::gateway::WayState;

/// What is there. What cannot be seen yet, because the runtime does not answer, is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Whether the tenant's folders are there.
    pub folders: bool,
    /// Whether both keys are there.
    pub keys: bool,
    /// Whether a database is there, which only the lost seal key could open.
    pub data: bool,
    /// Whether a PostgreSQL database is to be made or brought up to date. Looked at before a start alone.
    pub database_due: bool,
    /// Whether new passwords are wanted and not made yet.
    pub passwords_due: bool,
    /// Whether the runtime answers.
    pub runtime: bool,
    /// Whether sign-up is as wanted.
    pub policy: bool,
    /// How each wanted application is.
    pub applications: Vec<ApplicationState>,
    /// Which of the wanted people are there.
    pub people: Vec<bool>,
    /// What the gateway does with requests.
    pub route: WayState,
    /// Whether anything of the runtime is there: a process or container, or a way to it.
    pub alive: bool,
    /// When this control plane started the runtime.
    pub started_at: Option<Timestamp>,
    /// Whether the tenant was told to serve.
    pub standing: Standing,
    /// What is left of a tenant that is to be destroyed.
    pub remains: Remains,
}

/// What is left of a tenant that is to be destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remains {
    /// Whether what there is to destroy is written down.
    pub inventory: bool,
    /// Whether any key is left.
    pub keys: bool,
    /// Whether any data is left.
    pub data: bool,
    /// Whether it was signed for.
    pub certified: bool,
}

/// How a wanted application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationState {
    /// Not there.
    Missing,
    /// There, and its secret is not known: a crash came between making it and keeping the secret.
    SecretUnknown(ApplicationId),
    /// There, with addresses of an earlier start.
    Differs(ApplicationId),
    /// There.
    Ready,
}
