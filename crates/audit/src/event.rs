//! What is said when something happens.

use std::fmt;

use polder_crypto::PersonKey;
use polder_db::Tx;
use serde_json::Value;

/// Something that happened, to be recorded with [`record`]. Ids go into columns as they are; whatever
/// else says something about a person belongs in the details, which are sealed.
#[derive(Clone)]
pub struct Event {
    pub(crate) action: &'static str,
    pub(crate) actor: Actor,
    pub(crate) user_id: Option<String>,
    pub(crate) application_id: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) details: Option<Value>,
    pub(crate) sealed_for: Option<PersonKey>,
    pub(crate) within: Option<String>,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `user`, `member`, `api_key`, `application`, `system`, `anonymous`.
    pub kind: &'static str,
    /// The id of that kind of thing; for `system` the name of a job.
    pub id: String,
}

impl Actor {
    /// An actor of `kind`.
    pub fn new(kind: &'static str, id: impl fmt::Display) -> Self {
        Self { kind, id: id.to_string() }
    }

    /// The program itself, in one of its jobs.
    pub fn system(job: &'static str) -> Self {
        Self::new("system", job)
    }

    /// A person of this tenant.
    pub fn user(id: impl fmt::Display) -> Self {
        Self::new("user", id)
    }

    /// An application of this tenant, on its own account.
    pub fn application(id: impl fmt::Display) -> Self {
        Self::new("application", id)
    }

    /// Somebody who has not proved anything yet.
    pub fn anonymous() -> Self {
        Self::new("anonymous", "")
    }
}

impl Event {
    /// `actor` did `action`, which reads `noun.verb_in_past_tense`.
    pub fn new(action: &'static str, actor: Actor) -> Self {
        Self {
            action,
            actor,
            user_id: None,
            application_id: None,
            session_id: None,
            request_id: None,
            details: None,
            sealed_for: None,
            within: None,
        }
    }

    /// Whose log it is in besides this one: it is found by that id where the tail keeps an index
    /// ([`crate::AuditTail::open_indexed`]). The chain does not cover it.
    #[must_use]
    pub fn within(mut self, id: impl fmt::Display) -> Self {
        self.within = Some(id.to_string());
        self
    }

    /// The person it concerns.
    #[must_use]
    pub fn user(mut self, id: impl fmt::Display) -> Self {
        self.user_id = Some(id.to_string());
        self
    }

    /// The application it concerns.
    #[must_use]
    pub fn application(mut self, id: impl fmt::Display) -> Self {
        self.application_id = Some(id.to_string());
        self
    }

    /// The session it happened in.
    #[must_use]
    pub fn session(mut self, id: impl fmt::Display) -> Self {
        self.session_id = Some(id.to_string());
        self
    }

    /// The request that caused it, as in the service's log.
    #[must_use]
    pub fn request(mut self, id: impl fmt::Display) -> Self {
        self.request_id = Some(id.to_string());
        self
    }

    /// What else is to be known, sealed. Never a secret: codes and tokens have no place in a log.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Seals the details under this person's key rather than the tenant's, so that they go when the
    /// person does.
    #[must_use]
    pub fn sealed_for(mut self, key: &PersonKey) -> Self {
        self.sealed_for = Some(key.clone());
        self
    }
}

/// The details are left out: they are sealed for a reason.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("action", &self.action).field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// Records `event` if this unit of work is kept, in the same commit. Number, time and hash are given by
/// the [`AuditTail`](crate::AuditTail) of the database, which must have been set.
pub fn record(tx: &mut Tx, event: Event) {
    tx.append(Box::new(event));
}
