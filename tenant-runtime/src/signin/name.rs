//! `POST /signin/name`: what a new person wants to be called, and what else the tenant asks of them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_audit::{Actor, Event};
use polder_hosted_pages::fields::FieldInput;
use polder_hosted_pages::tenant::FirstName;
use polder_kernel::Locale;
use polder_service::RequestContext;
use serde_json::Value;

use super::answer::{self, At};
use super::flow::Step;
use super::form::FlowForm;
use super::page::Paper;
use super::session::Signed;
use crate::App;
use crate::account::name::{self, NameProblem};
use crate::account::profile::shown;
use crate::error::{Internal, Kind, PageError};
use crate::fields::form as own;
use crate::model::User;
use crate::store::{profile, users};

/// The longest name that is shown again, in characters.
const LONGEST_SHOWN: usize = 200;

/// Stores the answers and goes on. Only the flow's own step allows it: this form changes nothing later.
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let hash = form.waiting.hash(&app);
    let at = At { request: &form.waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(&app, &form.visit, at).await?;
    let (Step::AskName, Some(Signed { session, user })) = (look.step, look.signed) else {
        return Err(PageError::new(Kind::Expired));
    };
    let paper = Paper::of_flow(&app, &form.visit, &form.waiting, &look.application);
    let fields = app.fields.current();
    let asked = fields.iter().filter(|field| field.is_asked());
    let filled = own::read(asked, |name| form.field(name).to_owned(), locales(&app, &paper));
    let name = match name::checked(form.field("name")) {
        // Nobody is held up by this question: without an answer it is what their address suggests.
        Err(NameProblem::Empty) => Ok(name::suggested(&user.email)),
        checked => checked,
    };
    let name = match name {
        Ok(name) if filled.is_right() => name,
        name => {
            let typed: String = form.field("name").chars().take(LONGEST_SHOWN).collect();
            let (frame, application) = (paper.frame(), Some(look.application.name.as_str()));
            let page =
                FirstName { frame, application, name: &typed, error: name.err().map(shown), fields: &filled.inputs };
            return Ok(paper.print(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    store(&app, &form.visit.context, &user, (name.clone(), filled.values)).await?;
    let signed = Signed { session, user: User { name: Some(name), ..user } };
    answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), false).await
}

/// What the page asks beside the name, with what is known already.
///
/// # Errors
/// When the database fails.
pub async fn asked(app: &App, paper: &Paper, user: &User) -> Result<Vec<FieldInput>, Internal> {
    let fields = app.fields.current();
    if !fields.iter().any(|field| field.is_asked()) {
        return Ok(Vec::new());
    }
    let values = profile::values(&mut app.db.read().await?, &app.keyring, user.id).await?;
    Ok(own::show(fields.iter().filter(|field| field.is_asked()), &values, locales(app, paper)))
}

fn locales(app: &App, paper: &Paper) -> (Locale, Locale) {
    (paper.locale, app.tenant.current().default_locale)
}

async fn store(
    app: &Arc<App>,
    context: &RequestContext,
    user: &User,
    (name, values): (String, Vec<(String, Option<Value>)>),
) -> Result<(), Internal> {
    let (unit, id, request_id) = (Arc::clone(app), user.id, context.request_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                users::set_name(tx, &unit.keyring, id, &name, unit.clock.now()).await?;
                own::store(&unit, tx, id, &values).await?;
                let changed: Vec<_> = ["name".to_owned()].into_iter().chain(own::names(&values)).collect();
                let event = Event::new("user.changed", Actor::user(id)).user(id).request(request_id);
                polder_audit::record(tx, event.details(serde_json::json!({ "fields": changed })));
                Ok::<_, Internal>(())
            })
        })
        .await
}
