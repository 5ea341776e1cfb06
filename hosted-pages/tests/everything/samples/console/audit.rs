//! The audit log.

use polder_hosted_pages::console::{Audit, AuditAsked, Sorting};
use polder_kernel::Id;
use polder_tenant_api::AuditEvent;

use super::super::Words;
use super::{AT, Stage};

impl Stage<'_> {
    pub fn audit(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let sorting = &Sorting { path: "/tenants/acme/audit".to_owned(), query: String::new(), by: "-at" };
        let page = Audit {
            shell,
            sorting,
            tenant,
            events: &events(words),
            next: Some(words.other),
            asked: AuditAsked::default(),
            query: "",
        };
        self.add("audit", &page);
        let asked = AuditAsked { action: words.other, user_id: words.other, wrong: true, ..AuditAsked::default() };
        let page = Audit { events: &[], next: None, asked, query: "action=x", ..page };
        self.add("audit-empty", &page);
    }
}

pub fn events(words: Words<'_>) -> [AuditEvent; 3] {
    let started = AuditEvent {
        id: "a-3".to_owned(),
        at: AT.to_owned(),
        action: "session.started".to_owned(),
        actor_kind: "user".to_owned(),
        actor_id: Id::<()>::from_bytes([8; 16]).to_string(),
        user_id: Some(Id::<()>::from_bytes([8; 16]).to_string()),
        application_id: Some(Id::<()>::from_bytes([7; 16]).to_string()),
        session_id: None,
        request_id: None,
        details: Some(words.other.into()),
        hash: String::new(),
    };
    let created = AuditEvent {
        id: "a-2".to_owned(),
        action: "application.created".to_owned(),
        actor_kind: "member".to_owned(),
        user_id: None,
        details: None,
        ..started.clone()
    };
    let strange = AuditEvent {
        id: "a-1".to_owned(),
        action: words.other.to_owned(),
        actor_kind: words.other.to_owned(),
        actor_id: words.other.to_owned(),
        user_id: Some(words.other.to_owned()),
        application_id: Some(words.other.to_owned()),
        ..started.clone()
    };
    [started, created, strange]
}
