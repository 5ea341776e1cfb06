//! Every operation of the public API on one page.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use polder_service::problem;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::conditional::Resources;
use super::rates::Rates;
use super::{
    Api, admit, api_keys, apis, application_errors, application_secrets, applications, audit_events, blocklists,
    branding, conditional, connections, egress, events, import_events, invitations, invitees, keys, life, lockouts,
    logout_deliveries, members, messages, openapi, organisation, passkeys, people_files, person, profile_fields,
    registration_tokens, sessions, settings, sign_in_attempts, staff_access, tenants, usage, users,
};
use crate::app::App;

/// All of `/api/v1`.
pub fn router(app: &Arc<App>) -> Router {
    let api = Arc::new(Api { app: Arc::clone(app), rates: Rates::new(&app.clock) });
    let (operations, document) = operations().split_for_parts();
    let document = Bytes::from(document.to_json().unwrap_or_default());
    let resources = Arc::new(Resources::new(app, operations.clone().with_state(Arc::clone(app))));
    operations
        .route_layer(from_fn_with_state(resources, conditional::conditional))
        // Behind that layer: a method that an address does not have is that, whatever state the request names.
        .method_not_allowed_fallback(problem::method_not_allowed)
        .route_layer(from_fn_with_state(api, admit::admit))
        .with_state(Arc::clone(app))
        .route(
            "/openapi.json",
            get(async move || ([(CONTENT_TYPE, "application/json")], document.clone()))
                .fallback(problem::method_not_allowed),
        )
        .fallback(problem::not_found)
}

/// The OpenAPI document.
pub fn document() -> OpenApi {
    operations().into_openapi()
}

fn operations() -> OpenApiRouter<Arc<App>> {
    let router = OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(tenants::list, tenants::create))
        .routes(routes!(tenants::show, life::change))
        .routes(routes!(life::suspend))
        .routes(routes!(life::resume))
        .routes(routes!(life::sleep))
        .routes(routes!(life::wake))
        .routes(routes!(life::restart))
        .routes(routes!(life::rotate_database))
        .routes(routes!(life::end::terminate))
        .routes(routes!(life::undo))
        .routes(routes!(life::end::destroy))
        .routes(routes!(life::end::certificate))
        .routes(routes!(events::follow))
        .routes(routes!(applications::list, applications::create))
        .routes(routes!(applications::show, applications::change, applications::remove))
        .routes(routes!(application_errors::list))
        .routes(routes!(application_secrets::list, application_secrets::add))
        .routes(routes!(application_secrets::remove))
        .routes(routes!(invitees::list))
        .routes(routes!(invitees::add, invitees::remove))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::show, users::change, users::erase))
        .routes(routes!(people_files::export))
        .routes(routes!(people_files::list, people_files::begin))
        .routes(routes!(people_files::show, people_files::cancel))
        .routes(routes!(import_events::follow))
        .routes(routes!(person::factors, users::reset_factors))
        .routes(routes!(person::remove_app))
        .routes(routes!(person::end_sessions))
        .routes(routes!(person::applications))
        .routes(routes!(person::withdraw))
        .routes(routes!(person::invite))
        .routes(routes!(person::data))
        .routes(routes!(messages::list))
        .routes(routes!(messages::show))
        .routes(routes!(passkeys::list))
        .routes(routes!(passkeys::remove))
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(connections::show, connections::change, connections::remove))
        .routes(routes!(connections::check))
        .routes(routes!(connections::of_user))
        .routes(routes!(connections::disconnect))
        .routes(routes!(connections::refresh))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(logout_deliveries::list))
        .routes(routes!(logout_deliveries::retry))
        .routes(routes!(audit_events::list))
        .routes(routes!(audit_events::export))
        .routes(routes!(audit_events::checkpoint))
        .routes(routes!(audit_events::verify))
        .routes(routes!(usage::days))
        .routes(routes!(usage::months))
        .routes(routes!(usage::recount))
        .routes(routes!(usage::of_organisation))
        .routes(routes!(sign_in_attempts::list))
        .routes(routes!(lockouts::list))
        .routes(routes!(lockouts::lift))
        .routes(routes!(blocklists::list))
        .routes(routes!(blocklists::show, blocklists::put, blocklists::remove))
        .routes(routes!(keys::list))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::list_data))
        .routes(routes!(keys::rotate_data))
        .routes(routes!(keys::rotate_seal))
        .routes(routes!(keys::rotate_assertion))
        .routes(routes!(settings::show, settings::change))
        .routes(routes!(branding::show, branding::choose))
        .routes(routes!(branding::set_logo, branding::remove_logo))
        .routes(routes!(apis::list))
        .routes(routes!(apis::show, apis::put, apis::remove))
        .routes(routes!(registration_tokens::list, registration_tokens::create))
        .routes(routes!(registration_tokens::remove))
        .routes(routes!(profile_fields::list, profile_fields::put_in_order))
        .routes(routes!(profile_fields::show, profile_fields::put, profile_fields::remove))
        .routes(routes!(egress::list, egress::add))
        .routes(routes!(egress::remove))
        .routes(routes!(organisation::show, organisation::change))
        .routes(routes!(organisation::events))
        .routes(routes!(staff_access::list))
        .routes(routes!(staff_access::end))
        .routes(routes!(members::list))
        .routes(routes!(members::show, members::change, members::remove))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::resend))
        .routes(routes!(invitations::revoke))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::show, api_keys::change, api_keys::revoke));
    let mut router = router;
    openapi::complete(router.get_openapi_mut());
    router
}
