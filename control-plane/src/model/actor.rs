//! Who does something here.

use polder_tenant_api::assertion;

use super::{ApiKeyId, MemberId};

/// Who acts: it is what every audit entry and every admin assertion names (K13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person of a customer, through the console.
    Member(MemberId),
    /// A program of a customer, through the public API.
    ApiKey(ApiKeyId),
    /// The control plane on its own account.
    System,
}

impl Actor {
    /// The kind, as an assertion names it.
    pub const fn kind(&self) -> assertion::Actor {
        match self {
            Self::Member(_) => assertion::Actor::Member,
            Self::ApiKey(_) => assertion::Actor::ApiKey,
            Self::System => assertion::Actor::System,
        }
    }

    /// The member's or key's id, or `polder`.
    pub fn id(&self) -> String {
        match self {
            Self::Member(id) => id.to_string(),
            Self::ApiKey(id) => id.to_string(),
            Self::System => "polder".to_owned(),
        }
    }
}

impl Actor {
    /// Who a row names by kind and id.
    pub fn named(kind: &str, id: &str) -> Option<Self> {
        if kind == assertion::Actor::Member.as_str() {
            id.parse().ok().map(Self::Member)
        } else if kind == assertion::Actor::ApiKey.as_str() {
            id.parse().ok().map(Self::ApiKey)
        } else {
            (kind == assertion::Actor::System.as_str()).then_some(Self::System)
        }
    }
}

impl From<Actor> for polder_audit::Actor {
    fn from(actor: Actor) -> Self {
        Self { kind: actor.kind().as_str(), id: actor.id() }
    }
}
