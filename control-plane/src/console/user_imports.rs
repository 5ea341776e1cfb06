//! Importing people from a file.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{ImportTrouble, UserImportPage, UserImports};
use polder_tenant_api::{
    ExistingPeople, ImportFormat, NewUserImport, UserImport, UserImportId, UserImportKind, UserImportState,
};

use super::fields::Fields;
use super::in_tenant::{AtId, InTenant};
use super::tenants::head;
use super::upload::Upload;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, Part, Refused, imports, profile_fields};
use crate::api;

/// `GET /tenants/{slug}/users/imports`.
pub async fn list(State(console): State<Arc<Console>>, InTenant { member, on }: InTenant) -> Result<Response, Fault> {
    page(&console, &member, &on, (None, None)).await
}

/// `POST /tenants/{slug}/users/imports`: `file`, `existing`, `skip_wrong`, `invite`.
pub async fn begin(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
    Upload(file): Upload,
) -> Result<Response, Fault> {
    let refuse = async |checked: Option<&UserImport>, problem| {
        let page = page(&console, &member, &on, (checked, problem)).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let Some(file) = file else { return refuse(None, Some(ImportTrouble::NoFile)).await };
    let Ok(content) = String::from_utf8(file.to_vec()) else {
        return refuse(None, Some(ImportTrouble::NotUtf8)).await;
    };
    let new = NewUserImport {
        format: ImportFormat::Csv,
        content,
        existing: if fields.get("existing") == "update" { ExistingPeople::Update } else { ExistingPeople::Skip },
        skip_wrong: !fields.get("skip_wrong").is_empty(),
        invite: !fields.get("invite").is_empty(),
        check_only: false,
    };
    match imports::begin(&on, &new).await {
        Ok(UserImport { id: Some(id), .. }) => Ok(to_import(&on, id)),
        Ok(checked) => refuse(Some(&checked), None).await,
        Err(Refused::Said(StatusCode::CONFLICT, _)) => refuse(None, Some(ImportTrouble::UnderWay)).await,
        Err(refused) => Err(refused.into()),
    }
}

/// `GET /tenants/{slug}/users/imports/{id}`.
pub async fn one(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<UserImportKind>,
) -> Result<Response, Fault> {
    let import = imports::show(&on, id).await?;
    let page = UserImportPage { shell: member.shell(), tenant: head(&on.tenant), import: &import };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/users/imports/{id}/events`: what the page listens to.
pub async fn events(InTenant { on, .. }: InTenant, AtId(id): AtId<UserImportKind>) -> Result<Response, Fault> {
    Ok(api::import_events::stream(on, id).await?)
}

/// `POST /tenants/{slug}/users/imports/{id}/cancel`.
pub async fn cancel(InTenant { on, .. }: InTenant, AtId(id): AtId<UserImportKind>) -> Result<Response, Fault> {
    imports::cancel(&on, id).await?;
    Ok(to_import(&on, id))
}

fn to_import(on: &On, id: UserImportId) -> Response {
    Redirect::to(&format!("/tenants/{}/users/imports/{id}", on.tenant.slug)).into_response()
}

async fn page(
    console: &Arc<Console>,
    member: &SignedIn,
    on: &On,
    (checked, problem): (Option<&UserImport>, Option<ImportTrouble>),
) -> Result<Response, Fault> {
    let fields: Vec<String> = profile_fields::list(on).await?.items.into_iter().map(|field| field.name).collect();
    let past = imports::list(on, &Part { cursor: None, limit: Some(20) }).await?;
    let checked = checked.filter(|import| import.state == UserImportState::Checked);
    let page = UserImports {
        shell: member.shell(),
        tenant: head(&on.tenant),
        fields: &fields,
        checked,
        problem,
        imports: &past.items,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
