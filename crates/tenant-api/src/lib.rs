//! Wire types of a tenant's internal admin API: served by the tenant on `admin.sock`, called by the
//! control plane, which passes most of them on to its public API unchanged.
//!
//! Times are RFC 3339 in UTC. Lists are [`Page`]s walked by cursor.

use polder_kernel::{Timestamp, id_kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub mod abuse;
pub mod apis;
pub mod application_errors;
pub mod application_secrets;
pub mod applications;
pub mod assertion;
pub mod audit;
pub mod branding;
pub mod connections;
pub mod exports;
pub mod imports;
pub mod isolation;
pub mod keys;
pub mod logout;
pub mod messages;
pub mod people;
pub mod policies;
pub mod profile_fields;
pub mod registration;
pub mod settings;
pub mod sorting;
pub mod staff_access;
pub mod standing;
pub mod tokens;
pub mod try_outs;
pub mod usage;
pub mod users;

pub use abuse::{
    AttemptOutcome, Blocklist, BlocklistAction, BlocklistFormat, Lockout, LockoutId, LockoutIdKind, LockoutKind,
    NewBlocklist, ProofOfWork, SignInAttempt,
};
pub use apis::{Api, ApiDefinition};
pub use application_errors::{ApplicationError, ApplicationErrorKind, NoEndpoint, RefusedAt};
pub use application_secrets::{ApplicationSecret, ApplicationSecretId, ApplicationSecretKind};
pub use applications::{
    Access, Application, ApplicationChanges, ApplicationType, CreatedApplication, CreatedSecret, Invitee,
    NewApplication, Preferences, Profile, TokenEndpointAuthMethod,
};
pub use audit::{AuditBreak, AuditCheckpoint, AuditVerification, VerificationState};
pub use branding::{BrandContrast, BrandLogo, BrandTexts, Branding, BrandingChoices, LogoFile, NewLogo};
pub use exports::UsersExport;
pub use imports::{
    ExistingPeople, ImportFormat, ImportProblem, NewUserImport, UserImport, UserImportId, UserImportKind,
    UserImportState,
};
pub use isolation::Measure;
pub use keys::{DataKey, Key, KeyAlgorithm, KeyState, RotateDataKeys, RotateKeys, SealKeyInUse};
pub use logout::{LogoutDelivery, LogoutDeliveryId, LogoutDeliveryIdKind, LogoutDeliveryState};
pub use messages::{Message, MessageId, MessageKind, MessageState};
pub use people::{AuthenticatorApp, Factors, RecoveryCodes, UserApplication, UserFilter};
pub use policies::{PasskeyPolicy, SecondFactorPolicy, SignUp};
pub use profile_fields::{
    FieldChoice, FieldClaim, FieldDefinition, FieldEditor, FieldOrder, FieldType, FieldValues, ProfileField,
};
pub use registration::{
    CreatedRegistrationToken, NewRegistrationToken, RegistrationToken, RegistrationTokenId, RegistrationTokenKind,
};
pub use settings::{AtSessionLimit, Settings, SettingsChanges};
pub use sorting::{ApplicationOrder, AttemptOrder, ByCreation, ByTime, UserOrder};
pub use staff_access::{StaffAccess, StaffAccessChange};
pub use standing::{Standing, StandingChange};
pub use tokens::{AccessTokenFormat, SubjectType};
pub use try_outs::{NewTryOut, TryOutBegun, TryOutCode, TryOutEnded, TryOutOutcome, TryOutRefusal};
pub use usage::{Attention, AttentionKind, RecountedDay, SignIns, UsageDay, UsageMonth, UsageRecount, UsageReport};
pub use users::{NewUser, Passkey, Session, User, UserChanges};

id_kind!(
    /// Names an application; it is the `client_id`.
    ApplicationId,
    ApplicationKind
);
id_kind!(
    /// Names a person; it is the `sub` of their tokens.
    UserId,
    UserKind
);
id_kind!(
    /// Names a passkey.
    PasskeyId,
    PasskeyKind
);
id_kind!(
    /// Names a session in the register.
    SessionId,
    SessionKind
);

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items, newest first unless the list says otherwise.
    pub items: Vec<T>,
    /// Pass as `cursor` for the next page; null on the last.
    pub next: Option<String>,
}

/// One entry of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEvent {
    /// Place in the log: `chain-sequence`.
    pub id: String,
    /// When it happened.
    pub at: String,
    /// What happened, such as `session.started`.
    pub action: String,
    /// Who did it: `user`, `application`, `member`, `api_key`, `system`, `anonymous`.
    pub actor_kind: String,
    /// Which one.
    pub actor_id: String,
    /// The person it is about.
    pub user_id: Option<String>,
    /// The application it is about.
    pub application_id: Option<String>,
    /// The session it is about.
    pub session_id: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// Further facts; null once the person is erased.
    #[schema(value_type = Option<Object>)]
    pub details: Option<serde_json::Value>,
    /// The chain's hash over this entry and all before it.
    pub hash: String,
}

/// What `GET /health` on `admin.sock` answers, without an assertion.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Health {
    /// The issuer it serves.
    pub issuer: String,
    /// The program's version.
    pub version: String,
    /// Whether every signing key exists; RSA follows a moment after the first start.
    pub keys_complete: bool,
    /// Whether it was told to serve.
    #[serde(default)]
    pub standing: Standing,
    /// What it took from itself before it served.
    #[serde(default)]
    pub isolation: Vec<Measure>,
    /// When the next of its messages is to be sent, while any waits, or now while it imports people: it does not sleep
    /// before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_message_at: Option<Timestamp>,
    /// When an application is next to be told of an ended session, while any waits: it is awake then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_logout_at: Option<Timestamp>,
}
