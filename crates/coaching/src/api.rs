//! `/api`: what other programs of a coach may ask, with an access token for this API.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use polder_verify::{Authorized, Guard, Problem, Refused};
use serde::Serialize;

use crate::app::App;
use crate::error::Fault;
use crate::model::Side;
use crate::store;

/// The audience of this API's tokens, below the platform's own address.
pub(crate) fn audience(base_url: &str) -> String {
    format!("{base_url}/api")
}

/// The platform, as the extractor of tokens knows it.
#[derive(Clone)]
pub(crate) struct Api(pub(crate) Arc<App>);

impl FromRef<Api> for Guard {
    fn from_ref(Api(app): &Api) -> Self {
        app.guard.clone()
    }
}

#[derive(Serialize)]
struct Client {
    email: String,
    name: String,
    invited_at: String,
    linked_at: Option<String>,
}

/// `GET /api/clients`: the clients of the coach that the token is for.
pub(crate) async fn clients(State(Api(app)): State<Api>, Authorized(token): Authorized) -> Result<Response, Fault> {
    // The provider decides who may use which application; this is the second lock (P19).
    let is_coach = token.claims().roles.iter().any(|role| role == "coach");
    let Some(person) = token.person().filter(|_| is_coach) else {
        return Ok(Refused::from(Problem::InsufficientScope("roles".to_owned())).into_response());
    };
    let mut tx = app.db.read().await?;
    let Some(coach) = store::members::id_of(&mut tx, Side::Coach, person).await? else {
        return Ok(Json(Vec::<Client>::new()).into_response());
    };
    let engagements = store::engagements::of_coach(&mut tx, &app.keys, coach).await?;
    let clients: Vec<Client> = engagements
        .into_iter()
        .map(|engagement| Client {
            email: engagement.email,
            name: engagement.name,
            invited_at: engagement.invited_at.rfc3339(),
            linked_at: engagement.linked_at.map(|at| at.rfc3339()),
        })
        .collect();
    Ok(Json(clients).into_response())
}
