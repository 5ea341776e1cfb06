//! `POST /signin/name`: what a new person wants to be called.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_audit::{Actor, Event};
use polder_hosted_pages::tenant::{FirstName, NameError};
use polder_service::RequestContext;

use super::answer::{self, At};
use super::flow::Step;
use super::form::FlowForm;
use super::page::Paper;
use super::session::Signed;
use crate::App;
use crate::account::name::{self, NameProblem};
use crate::error::{Internal, Kind, PageError};
use crate::model::User;
use crate::store::users;

/// The longest name that is shown again, in characters.
const LONGEST_SHOWN: usize = 200;

/// Stores the name and goes on. Only the flow's own step allows it: this form changes no name later.
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let hash = form.waiting.hash(&app);
    let at = At { request: &form.waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(&app, &form.visit, at).await?;
    let (Step::AskName, Some(Signed { session, user })) = (look.step, look.signed) else {
        return Err(PageError::new(Kind::Expired));
    };
    let name = match name::checked(form.field("name")) {
        Ok(name) => name,
        // Nobody is held up by this question: without an answer it is what their address suggests.
        Err(NameProblem::Empty) => name::suggested(&user.email),
        Err(problem) => {
            let paper = Paper::of_flow(&app, &form.visit, &form.waiting, &look.application);
            let typed: String = form.field("name").chars().take(LONGEST_SHOWN).collect();
            let error = Some(match problem {
                NameProblem::Empty => NameError::Empty,
                NameProblem::TooLong => NameError::TooLong,
                NameProblem::Invalid => NameError::Invalid,
            });
            let application = Some(look.application.name.as_str());
            let page = FirstName { frame: paper.frame(), application, name: &typed, error };
            return Ok(paper.print(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    store(&app, &form.visit.context, &user, name.clone()).await?;
    let signed = Signed { session, user: User { name: Some(name), ..user } };
    answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), false).await
}

async fn store(app: &Arc<App>, context: &RequestContext, user: &User, name: String) -> Result<(), Internal> {
    let (unit, id, request_id) = (Arc::clone(app), user.id, context.request_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                users::set_name(tx, &unit.keyring, id, &name, unit.clock.now()).await?;
                let event = Event::new("user.changed", Actor::user(id)).user(id).request(request_id);
                polder_audit::record(tx, event.details(serde_json::json!({ "fields": ["name"] })));
                Ok::<_, Internal>(())
            })
        })
        .await
}
