//! What can be done for a tenant, one at a time.

use std::fmt;

use polder_tenant_api::ApplicationId;

use crate::provision::desired::Purpose;

/// One idempotent step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Makes the tenant's folders.
    MakeFolders,
    /// Makes the seal key and the admin key.
    MakeKeys,
    /// Makes the tenant's PostgreSQL database, or brings it to this version's schema.
    MakeDatabase,
    /// Makes new passwords for its PostgreSQL roles.
    RotatePasswords,
    /// Starts the tenant's process and waits until it answers.
    StartRuntime,
    /// Sets who may sign up.
    SetPolicy,
    /// Makes an application and keeps its secret.
    AddApplication(Purpose),
    /// Gives an application whose secret was lost a new one, and keeps that.
    RenewSecret(Purpose, ApplicationId),
    /// Brings an application's addresses in line with this start's.
    AlignApplication(Purpose, ApplicationId),
    /// Makes the account of the person at this place in the list.
    AddPerson(usize),
    /// Lets the gateway send requests.
    OpenRoute,
    /// Ends the tenant's process and starts it again, while requests wait.
    RestartRuntime,
    /// Tells the tenant whether it serves, so that its own log says so.
    TellTenant,
    /// Lets the gateway send requests for discovery and keys alone.
    LimitRoute,
    /// Has the gateway hold requests and wake the tenant for them.
    HoldRoute,
    /// Keeps the gateway from sending anything.
    CloseRoute,
    /// Ends the tenant's process.
    StopRuntime,
    /// Writes down what there is to destroy.
    TakeInventory,
    /// Destroys the seal key and the admin keys: no copy of the data can be read from then on.
    DestroyKeys,
    /// Destroys the process or container, the database, the queue and the folders.
    DestroyData,
    /// Looks that nothing is left, and signs for it.
    Certify,
}

impl fmt::Display for Step {
    /// The name in the journal and in the events: no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeFolders => f.write_str("make-folders"),
            Self::MakeKeys => f.write_str("make-keys"),
            Self::MakeDatabase => f.write_str("make-database"),
            Self::RotatePasswords => f.write_str("rotate-passwords"),
            Self::StartRuntime => f.write_str("start-runtime"),
            Self::SetPolicy => f.write_str("set-policy"),
            Self::AddApplication(purpose) => write!(f, "add-application-{}", purpose.as_str()),
            Self::RenewSecret(purpose, _) => write!(f, "renew-secret-{}", purpose.as_str()),
            Self::AlignApplication(purpose, _) => write!(f, "align-application-{}", purpose.as_str()),
            Self::AddPerson(place) => write!(f, "add-person-{}", place + 1),
            Self::OpenRoute => f.write_str("open-route"),
            Self::RestartRuntime => f.write_str("restart-runtime"),
            Self::TellTenant => f.write_str("tell-tenant"),
            Self::LimitRoute => f.write_str("limit-route"),
            Self::HoldRoute => f.write_str("hold-route"),
            Self::CloseRoute => f.write_str("close-route"),
            Self::StopRuntime => f.write_str("stop-runtime"),
            Self::TakeInventory => f.write_str("take-inventory"),
            Self::DestroyKeys => f.write_str("destroy-keys"),
            Self::DestroyData => f.write_str("destroy-data"),
            Self::Certify => f.write_str("certify"),
        }
    }
}
