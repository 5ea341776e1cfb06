//! What the console and the public API do to a tenant, once for both: a call to its admin API in the
//! name of who acts, and the entries of a change in the control plane's own log (K13): that it was asked
//! for, before the tenant hears of it, and that it was done, once the tenant said so. Killed in between,
//! the log still says who asked for what; whether it came to pass is in the tenant's own log, under the
//! same request.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use polder_audit::Event;
use polder_db::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::gateway::pool::NoAnswer;
use crate::gateway::wake;
use crate::model::{Tenant, TenantState};
use crate::tenant_client::{self, CallError};

pub mod apis;
pub mod application_errors;
pub mod applications;
pub mod assertion_key;
pub mod audit_events;
pub mod blocklists;
pub mod branding;
pub mod connections;
pub mod imports;
pub mod invitees;
pub mod keys;
pub mod lockouts;
pub mod logout_deliveries;
pub mod messages;
pub mod passkeys;
pub mod people_list;
pub mod person;
pub mod profile_fields;
pub mod registration_tokens;
pub mod sessions;
pub mod settings;
pub mod sign_in_attempts;
pub mod staff_access;
pub mod try_outs;
pub mod usage;
pub mod users;

/// Somebody acting on a tenant.
#[derive(Clone)]
pub struct On {
    /// The control plane.
    pub app: Arc<App>,
    /// The tenant.
    pub tenant: Tenant,
    /// Who acts.
    pub acting: ActingFor,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The tenant said no, in a problem document made for whoever asked.
    #[error("the tenant answered {0}")]
    Said(StatusCode, Bytes),
    /// The tenant does not run.
    #[error("the tenant is {0}")]
    NotRunning(TenantState),
    /// The tenant gave no answer, or none that makes sense.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Our own database failed.
    #[error(transparent)]
    Database(#[from] Error),
}

/// Which part of a list is wanted. The cursor is the tenant's own.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Where to go on.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

impl On {
    async fn ask<T: DeserializeOwned>(&self, target: &str) -> Result<T, Refused> {
        let answer = self.send(Method::GET, target, None).await?;
        read(&answer)
    }

    async fn change<T: DeserializeOwned>(
        &self,
        (method, target): (Method, &str),
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, Refused> {
        let unreadable = |error: serde_json::Error| CallError::Unsendable(error.to_string());
        let body = body.map(serde_json::to_value).transpose().map_err(unreadable)?;
        let answer = self.send(method, target, body.as_ref()).await?;
        read(&answer)
    }

    /// A change with words that gives none back.
    async fn tell(&self, (method, target): (Method, &str), body: &(impl Serialize + Sync)) -> Result<(), Refused> {
        let unreadable = |error: serde_json::Error| CallError::Unsendable(error.to_string());
        let body = serde_json::to_value(body).map_err(unreadable)?;
        self.send(method, target, Some(&body)).await.map(drop)
    }

    async fn delete(&self, target: &str) -> Result<(), Refused> {
        self.act(Method::DELETE, target).await
    }

    /// A change that needs no words and gives none back.
    async fn act(&self, method: Method, target: &str) -> Result<(), Refused> {
        self.send(method, target, None).await.map(drop)
    }

    async fn send(&self, method: Method, target: &str, body: Option<&serde_json::Value>) -> Result<Bytes, Refused> {
        self.begin(&method, target).await?;
        match self.call((method, target), body).await? {
            (status, answer) if status.is_success() => Ok(answer),
            (status, problem) => Err(said(status, problem)),
        }
    }

    /// A call whose answer is a file, passed on as it comes.
    async fn fetch(&self, method: Method, target: &str) -> Result<Body, Refused> {
        let Self { app, tenant, acting } = self;
        self.begin(&method, target).await?;
        let mut fetched = tenant_client::fetch(app, tenant, acting, (method.clone(), target)).await;
        if self.comes_back(fetched.as_ref().err(), &method).await {
            fetched = tenant_client::fetch(app, tenant, acting, (method, target)).await;
        }
        match fetched? {
            (status, file) if status.is_success() => Ok(file),
            (status, problem) => {
                let problem = problem.collect().await.map_err(|error| CallError::Unreadable(error.to_string()))?;
                Err(said(status, problem.to_bytes()))
            }
        }
    }

    /// What stands before every call.
    async fn begin(&self, method: &Method, target: &str) -> Result<(), Refused> {
        self.be_there().await?;
        if method.is_safe() {
            return Ok(());
        }
        let path = target.split('?').next().unwrap_or_default();
        self.record(self.event_with("tenant.change_asked", &[("method", method.as_str()), ("path", path)])).await
    }

    /// Asks, and once more where the tenant was just being stopped to be started again.
    async fn call(
        &self,
        (method, target): (Method, &str),
        body: Option<&serde_json::Value>,
    ) -> Result<(StatusCode, Bytes), CallError> {
        let Self { app, tenant, acting } = self;
        let called = tenant_client::call(app, tenant, acting, (method.clone(), target), body).await;
        if !self.comes_back(called.as_ref().err(), &method).await {
            return called;
        }
        tenant_client::call(app, tenant, acting, (method, target), body).await
    }

    /// Whether a tenant that gave no answer was just being stopped, and is there again.
    async fn comes_back(&self, error: Option<&CallError>, method: &Method) -> bool {
        let Self { app, tenant, acting } = self;
        let again = match error {
            // Nothing was sent.
            Some(CallError::NoAnswer(NoAnswer::Down(_))) => true,
            Some(CallError::NotRunning) => app.provision.is_at_work(tenant.id),
            // What it did is not known, and does not matter.
            Some(CallError::NoAnswer(_)) => method.is_safe() && app.provision.is_at_work(tenant.id),
            _ => false,
        };
        again && wake::attend(app, tenant.id, acting.client_ip).await.is_ok()
    }

    /// Wakes the tenant where it sleeps, and waits while it is started again. One that is suspended is administered as ever: its people
    /// cannot sign in, its owner can look and put things right.
    async fn be_there(&self) -> Result<(), Refused> {
        let state = self.tenant.state;
        match state {
            TenantState::Running | TenantState::Suspended => {
                let there = wake::attend(&self.app, self.tenant.id, self.acting.client_ip).await;
                there.map_err(|_| Refused::NotRunning(state))?;
            }
            TenantState::Asleep => {
                let woken = wake::hold(&self.app, self.tenant.slug.as_str(), self.acting.client_ip).await;
                woken.map_err(|_| Refused::NotRunning(state))?;
            }
            TenantState::Provisioning | TenantState::Terminating | TenantState::Failed => {
                return Err(Refused::NotRunning(state));
            }
        }
        if let Some(route) = self.app.routes.get(self.tenant.slug.as_str()) {
            route.in_use.touch(self.app.clock.now());
        }
        Ok(())
    }

    fn event(&self, action: &'static str) -> Event {
        audit::event(action, &self.acting, Some(&self.tenant.slug), &[])
    }

    fn event_with(&self, action: &'static str, facts: &[(&str, &str)]) -> Event {
        audit::event(action, &self.acting, Some(&self.tenant.slug), facts)
    }

    async fn record(&self, event: Event) -> Result<(), Refused> {
        let written = self.app.db.write(move |tx| {
            Box::pin(async move {
                polder_audit::record(tx, event);
                Ok::<_, Error>(())
            })
        });
        Ok(written.await?)
    }
}

/// What is made of an answer that is no success.
fn said(status: StatusCode, answer: Bytes) -> Refused {
    match status.as_u16() {
        // That our word is not believed is no fault of who asked.
        401 | 403 | 429 | 500.. => CallError::Refused(status).into(),
        _ if is_problem(status, &answer) => Refused::Said(status, answer),
        // What a tenant that was broken into likes to say does not go out under our name.
        _ => CallError::Refused(status).into(),
    }
}

/// Whether an answer is a refusal as tenants make them (RFC 9457).
fn is_problem(status: StatusCode, answer: &[u8]) -> bool {
    status.is_client_error() && matches!(serde_json::from_slice(answer), Ok(serde_json::Value::Object(_)))
}

fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(answer).map_err(|error| CallError::Unreadable(error.to_string()).into())
}

/// A target with the pairs that have a value.
fn target(path: &str, pairs: &[(&str, Option<&str>)], part: &Part) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    if let Some(cursor) = &part.cursor {
        query.append_pair("cursor", cursor);
    }
    if let Some(limit) = part.limit {
        query.append_pair("limit", &limit.to_string());
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g32_only_a_refusal_goes_out_as_the_tenant_said_it() {
        assert!(is_problem(StatusCode::NOT_FOUND, br#"{"title":"Not found"}"#));
        for (status, answer) in [(302, "{}"), (204, "{}"), (404, "<script>alert(1)</script>"), (409, "[]"), (400, "")] {
            assert!(!is_problem(StatusCode::from_u16(status).unwrap(), answer.as_bytes()), "{status} {answer}");
        }
    }

    #[test]
    fn g06_what_is_asked_for_cannot_leave_its_place_in_the_target() {
        let part = Part { cursor: Some("a&limit=9#x".to_owned()), limit: Some(5) };
        let built = target("/users", &[("email", Some("a@b.test&x=/../..")), ("user_id", None)], &part);
        assert_eq!(built, "/users?email=a%40b.test%26x%3D%2F..%2F..&cursor=a%26limit%3D9%23x&limit=5");
        assert_eq!(target("/users", &[], &Part::default()), "/users");
    }
}
