//! The control plane's own audit log: who, what, when, from where, on which tenant (K13).

use std::net::IpAddr;

use polder_audit::Event;
use polder_kernel::Slug;
use serde_json::{Map, Value};

use crate::model::{Actor, OrganisationId};

/// On whose behalf something is done. It goes into our log, and signed into the tenant's.
#[derive(Clone, Debug)]
pub struct ActingFor {
    /// Who.
    pub actor: Actor,
    /// Where the request came from.
    pub client_ip: Option<IpAddr>,
    /// The request, so that logs can be read together.
    pub request_id: Option<String>,
    /// The organisation in whose own log it is to be found.
    pub organisation_id: Option<OrganisationId>,
}

impl ActingFor {
    /// The control plane on its own account, in what is an organisation's.
    pub fn system_within(organisation: Option<OrganisationId>) -> Self {
        Self { organisation_id: organisation, ..Self::system() }
    }

    /// The control plane on its own account.
    pub const fn system() -> Self {
        Self { actor: Actor::System, client_ip: None, request_id: None, organisation_id: None }
    }
}

/// An event for `polder_audit::record`, on `tenant` where it is about one, with further facts.
pub fn event(action: &'static str, by: &ActingFor, tenant: Option<&Slug>, facts: &[(&str, &str)]) -> Event {
    let mut details: Map<String, Value> =
        facts.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    if let Some(tenant) = tenant {
        details.insert("tenant".to_owned(), Value::from(tenant.as_str()));
    }
    if let Some(ip) = by.client_ip {
        details.insert("ip".to_owned(), Value::from(ip.to_string()));
    }
    let event = Event::new(action, by.actor.into()).details(Value::Object(details));
    let event = match by.organisation_id {
        Some(organisation) => event.within(organisation),
        None => event,
    };
    match &by.request_id {
        Some(id) => event.request(id),
        None => event,
    }
}
