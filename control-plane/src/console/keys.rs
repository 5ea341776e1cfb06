//! A tenant's keys: what there is, and forms that rotate them.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{Keys, Shell};
use polder_tenant_api::{RotateDataKeys, RotateKeys};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::InTenant;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, keys};
use crate::custody;
use crate::model::Permission;

/// What the page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
}

/// `GET /tenants/{slug}/keys`.
pub async fn page(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let shell = member.shell_saying(asked.notice.as_deref());
    shown(&console, &member, (&on, shell), None).await
}

/// `POST /tenants/{slug}/keys`. Whoever may not drop keys in an emergency may rotate them still.
pub async fn rotate(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    match fields.get("action") {
        "signing" => drop(keys::rotate(&on, &RotateKeys::default()).await?),
        "data" => drop(keys::rotate_data(&on, &RotateDataKeys::default()).await?),
        "seal" => drop(keys::rotate_seal(&on).await?),
        "emergency" if !member.may(Permission::EndTenants) => return Err(Fault::NotAllowed),
        // Everybody is signed out of everything: whoever mistyped the name did not mean it.
        "emergency" if fields.get("confirm") != on.tenant.slug.as_str() => {
            let shell = Shell { language_path: None, ..member.shell() };
            let page = shown(&console, &member, (&on, shell), Some(fields.get("confirm"))).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        "emergency" => drop(keys::rotate(&on, &RotateKeys { emergency: true, ..RotateKeys::default() }).await?),
        _ => return Ok(Redirect::to(&format!("/tenants/{}/keys", on.tenant.slug)).into_response()),
    }
    Ok(Redirect::to(&format!("/tenants/{}/keys?notice=keys-rotated", on.tenant.slug)).into_response())
}

async fn shown(
    console: &Arc<Console>,
    member: &SignedIn,
    (on, shell): (&On, Shell<'_>),
    wrong: Option<&str>,
) -> Result<Response, Fault> {
    let (signing, data) = (keys::list(on).await?, keys::list_data(on).await?);
    let seal_key = keys::seal(on).await?.id;
    let since = custody::sealed_since(&on.app, &on.tenant).map(polder_kernel::Timestamp::rfc3339);
    let page = Keys {
        shell,
        tenant: head(&on.tenant),
        signing: &signing.items,
        data: &data.items,
        seal_key: &seal_key,
        sealed_since: since.as_deref(),
        wrong,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
