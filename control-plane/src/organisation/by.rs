//! On whose behalf an organisation is changed, and how far that reaches.

use polder_db::Tx;

use super::Refusal;
use crate::audit::ActingFor;
use crate::model::{Actor, Area, KeyAccess, MemberId, OrganisationId, Permission, Role};
use crate::store::{api_keys, members};

/// Somebody acting on their own organisation.
#[derive(Clone, Debug)]
pub struct By {
    /// The organisation.
    pub organisation_id: OrganisationId,
    /// For audit entries.
    pub acting: ActingFor,
    /// By what right.
    pub authority: Authority,
}

/// By what right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// That of a member, whose role is looked up in the unit of work that relies on it.
    Member(MemberId),
    /// That of a key which may change members: an administrator's.
    Key,
}

impl By {
    /// The role that nothing given or taken may hold more than.
    pub(super) async fn role(&self, tx: &mut Tx) -> Result<Role, Refusal> {
        let Authority::Member(id) = self.authority else { return self.of_key(tx).await };
        let own = members::by_id(tx, self.organisation_id, id).await?;
        let role = own.map(|own| own.role).filter(|role| role.may(Permission::ChangeMembers));
        role.ok_or(Refusal::AboveOwn)
    }

    /// An administrator's, while the key is one that may change members: it may have been revoked, or narrowed,
    /// since it was let in.
    async fn of_key(&self, tx: &mut Tx) -> Result<Role, Refusal> {
        let Actor::ApiKey(id) = self.acting.actor else { return Ok(Role::Admin) };
        let key = api_keys::by_id(tx, self.organisation_id, id).await?.filter(|key| key.revoked_at.is_none());
        let may = key.is_some_and(|key| key.rights.scopes.allow(Area::Members, KeyAccess::Write));
        if may { Ok(Role::Admin) } else { Err(Refusal::AboveOwn) }
    }

    /// Checks that `role` is this one's to give and to take.
    pub(super) async fn reaches(&self, tx: &mut Tx, role: Role) -> Result<(), Refusal> {
        if self.role(tx).await?.includes(role) { Ok(()) } else { Err(Refusal::AboveOwn) }
    }
}
