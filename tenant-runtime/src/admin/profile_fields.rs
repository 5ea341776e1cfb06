//! `/profile-fields`: fields that the tenant adds to the profile of its people (K9).

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{FieldDefinition, FieldOrder, Page, ProfileField};

use super::{Caller, input, to_the_end};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::fields::Field;
use crate::fields::define::{self, MOST_FIELDS};
use crate::store::profile;

/// `GET /profile-fields`: all of them, in the order in which people see them.
pub async fn list(State(app): State<Arc<App>>, _: Caller) -> Json<Page<ProfileField>> {
    Json(Page { items: app.fields.current().iter().map(view).collect(), next: None })
}

/// `PUT /profile-fields`: puts them in another order, which names each of them once. What was made or removed meanwhile is
/// seen before anything moves.
pub async fn put_in_order(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(order): Json<FieldOrder>,
) -> Result<Json<Page<ProfileField>>, ProblemError> {
    to_the_end(async move {
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    let there = profile::fields(tx).await?;
                    if !is_order_of(&order.names, &there) {
                        return Err(input::invalid("names has to hold the name of each field once"));
                    }
                    for (name, position) in order.names.iter().zip(1..) {
                        profile::put_at(tx, name, position).await?;
                    }
                    let details = serde_json::json!({ "names": order.names });
                    polder_audit::record(tx, caller.event("profile_fields.ordered").details(details));
                    Ok::<_, ProblemError>(())
                })
            })
            .await?;
        let fields = app.fields.refresh(&app.db).await?;
        Ok(Json(Page { items: fields.iter().map(view).collect(), next: None }))
    })
    .await
}

/// `GET /profile-fields/{name}`.
pub async fn show(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(name): Path<String>,
) -> Result<Json<ProfileField>, ProblemError> {
    let fields = app.fields.current();
    let field = fields.iter().find(|field| field.name == name).ok_or_else(input::not_found)?;
    Ok(Json(view(field)))
}

/// `PUT /profile-fields/{name}`: makes a field, or changes it.
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    Json(definition): Json<FieldDefinition>,
) -> Result<(StatusCode, Json<ProfileField>), ProblemError> {
    to_the_end(async move {
        let now = app.clock.now();
        let details = serde_json::json!({ "name": name, "definition": definition });
        let (field, made) = app
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let others = profile::fields(tx).await?;
                    define::check(&name, &definition, &others)?;
                    let before = others.iter().find(|field| field.name == name);
                    refuse(before, &definition, others.len())?;
                    let same = before.filter(|field| field.definition.claim == definition.claim);
                    let field = Field {
                        claim_since: same.map_or(now, |field| field.claim_since),
                        created_at: before.map_or(now, |field| field.created_at),
                        updated_at: now,
                        name,
                        definition,
                    };
                    profile::put_field(tx, &field).await?;
                    polder_audit::record(tx, caller.event("profile_field.changed").details(details));
                    Ok::<_, ProblemError>((field, before.is_none()))
                })
            })
            .await?;
        app.fields.refresh(&app.db).await?;
        let status = if made { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, Json(view(&field))))
    })
    .await
}

/// `DELETE /profile-fields/{name}`: removes it and everything that was filled in.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ProblemError> {
    to_the_end(async move {
        if !app.fields.current().iter().any(|field| field.name == name) {
            return Err(input::not_found());
        }
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    profile::remove_field(tx, &name).await?;
                    let details = serde_json::json!({ "name": name });
                    polder_audit::record(tx, caller.event("profile_field.removed").details(details));
                    Ok::<_, Internal>(())
                })
            })
            .await?;
        app.fields.refresh(&app.db).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn is_order_of(names: &[String], there: &[Field]) -> bool {
    let asked: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    asked.len() == names.len() && asked == there.iter().map(|field| field.name.as_str()).collect()
}

/// What was filled in would mean something else under another type.
fn refuse(before: Option<&Field>, definition: &FieldDefinition, there: usize) -> Result<(), ProblemError> {
    match before {
        Some(field) if field.definition.kind != definition.kind => {
            Err(Problem::conflict("type_fixed", "the type of a field stays: remove it, or make another").into())
        }
        None if there >= MOST_FIELDS => Err(Problem::conflict("too_many_fields", "there are 50 fields already").into()),
        _ => Ok(()),
    }
}

fn view(field: &Field) -> ProfileField {
    ProfileField {
        name: field.name.clone(),
        definition: field.definition.clone(),
        created_at: field.created_at.rfc3339(),
        updated_at: field.updated_at.rfc3339(),
    }
}
