//! Taking back what was just done to an application: it was switched off, or addresses of it were taken away.

use axum::response::Response;
use polder_hosted_pages::console::{Done, Undo};
use polder_tenant_api::{Application, ApplicationChanges, ApplicationKind};
use serde::{Deserialize, Serialize};

use super::back;
use crate::administer::{On, applications};
use crate::console::fields::Fields;
use crate::console::in_tenant::{AtId, InTenant};
use crate::console::undo::{self, Change};
use crate::console::{Fault, SignedIn};

/// The notice of one that was switched off.
pub const OFF: &str = "application-off";

/// Where people may be sent.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Addresses {
    redirect: Vec<String>,
    after_sign_out: Vec<String>,
}

/// What can be undone, as text.
pub struct Offer {
    done: Done,
    what: String,
    path: String,
    sealed: String,
}

/// Keeps the addresses as they were, where any was taken away.
pub fn keep(by: (&SignedIn, &On), before: &Application, after: &Application) -> Option<String> {
    let change = Change { before: Addresses::of(before), after: Addresses::of(after) };
    if change.removed().is_empty() {
        return None;
    }
    undo::keep(by, &what(before), change)
}

/// What of an application can be undone, by what its page was asked for.
pub fn offered(
    by: (&SignedIn, &On),
    application: &Application,
    (notice, sealed): (Option<&str>, Option<&str>),
) -> Option<Offer> {
    let path = format!("/tenants/{}/applications/{}", by.1.tenant.slug, application.client_id);
    if notice == Some(OFF) && application.disabled {
        let (what, sealed) = (String::new(), String::new());
        return Some(Offer { done: Done::ApplicationOff, what, path: format!("{path}/enable"), sealed });
    }
    let sealed = sealed?;
    let what = unchanged(by, application, sealed)?.removed().join(", ");
    Some(Offer { done: Done::AddressesRemoved, what, path: format!("{path}/undo"), sealed: sealed.to_owned() })
}

/// `POST /tenants/{slug}/applications/{id}/undo`: gives back the addresses that were taken away.
pub async fn take_back(
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let application = applications::show(&on, id).await?;
    let Some(changes) = changes((&member, &on), &application, fields.get("undo")) else {
        return Ok(back(&on, id, "too-late-to-undo"));
    };
    applications::change(&on, id, &changes).await?;
    Ok(back(&on, id, "undone"))
}

/// What makes an application what it was; `None` where it was changed since.
pub fn changes(by: (&SignedIn, &On), application: &Application, sealed: &str) -> Option<ApplicationChanges> {
    let Addresses { redirect, after_sign_out } = unchanged(by, application, sealed)?.before;
    Some(ApplicationChanges {
        redirect_uris: Some(redirect),
        post_logout_redirect_uris: Some(after_sign_out),
        ..ApplicationChanges::default()
    })
}

fn unchanged(by: (&SignedIn, &On), application: &Application, sealed: &str) -> Option<Change<Addresses>> {
    let change: Change<Addresses> = undo::kept(by, &what(application), sealed)?;
    (change.after == Addresses::of(application)).then_some(change)
}

fn what(application: &Application) -> String {
    format!("application:{}", application.client_id)
}

impl Offer {
    /// For the page.
    pub fn shown(&self) -> Undo<'_> {
        Undo { done: self.done, what: &self.what, path: &self.path, sealed: &self.sealed }
    }
}

impl Addresses {
    fn of(application: &Application) -> Self {
        Self {
            redirect: application.redirect_uris.clone(),
            after_sign_out: application.post_logout_redirect_uris.clone(),
        }
    }
}

impl Change<Addresses> {
    fn removed(&self) -> Vec<String> {
        let gone = |before: &[String], after: &[String]| {
            before.iter().filter(|uri| !after.contains(uri)).cloned().collect::<Vec<_>>()
        };
        let mut removed = gone(&self.before.redirect, &self.after.redirect);
        removed.extend(gone(&self.before.after_sign_out, &self.after.after_sign_out));
        removed
    }
}
