//! Every route of the program, on one page.
//!
//! | who | routes | errors become |
//! | --- | --- | --- |
//! | anyone | discovery, JWKS | - |
//! | applications | `/token`, `/par`, `/userinfo`, `/introspect`, `/revoke`, `/device_authorization`, `/register…` | OAuth JSON |
//! | people | `/authorize`, `/signin…`, `/account…`, `/device`, `/end_session`, `/` | pages |
//! | the control plane | everything on `admin.sock` | problems |

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use http::header;
use polder_protocol::metadata::path;
use polder_service::headers::Hsts;
use polder_service::host::Hosts;
use polder_service::stack::Stacked;
use polder_service::{Stack, TrustedProxy, problem};
use tower::Layer;

use crate::account::{
    activity, address, applications as grants, connections as account_connections, data, delete, home, overview,
    passkeys, preferences, profile, recovery_codes, second_factor, sessions as devices, switch,
};
use crate::admin::{
    self, apis, application_secrets, applications, audit_events, blocklists, connected_accounts, connections, health,
    invitees, registration_tokens, sessions, users,
};
use crate::error::{Kind, PageError, render_pages};
use crate::oidc::{
    authorize, cors, device_authorization, documents, end_session, introspect, jwks, par, protected_resource, register,
    revoke, token, userinfo, well_known,
};
use crate::signin::{
    callback, choice, code, connect, consent, email, enrol, lost, name, offer, passkey, resend, room, second_step,
    show, with,
};
use crate::{App, assets, branding, device};

/// What the world reaches, ready to be served.
pub fn public(app: &Arc<App>, trusted: TrustedProxy) -> Stacked<Router> {
    let hsts = if app.issuer.is_https() { Hsts::HostOnly } else { Hsts::Off };
    Stack::new(&app.entropy).trust(trusted).hosts(Hosts::of_url(app.issuer.as_str())).hsts(hsts).layer(routes(app))
}

fn routes(app: &Arc<App>) -> Router {
    Router::new()
        .merge(documents_routes())
        .merge(application_routes(app))
        .merge(people_routes(app))
        .fallback_service(people_fallback(app))
        .with_state(Arc::clone(app))
}

fn documents_routes() -> Router<Arc<App>> {
    Router::new()
        .route(path::OPENID_CONFIGURATION, get(documents::discovery).options(cors::everyone))
        .route(path::AUTHORIZATION_SERVER, get(documents::discovery).options(cors::everyone))
        .route(path::PROTECTED_RESOURCE_USERINFO, get(protected_resource::userinfo).options(cors::everyone))
        .route(path::JWKS, get(jwks::get).options(cors::everyone))
        .route("/.well-known/webauthn", get(well_known::webauthn).options(cors::everyone))
        .route("/.well-known/passkey-endpoints", get(well_known::passkey_endpoints).options(cors::everyone))
}

fn application_routes(app: &Arc<App>) -> Router<Arc<App>> {
    let browsers = Router::new()
        .route(path::TOKEN, post(token::post))
        .route(path::PAR, post(par::post))
        .route(path::USERINFO, get(userinfo::answer).post(userinfo::answer))
        .route(path::REVOKE, post(revoke::post))
        .layer(from_fn_with_state(Arc::clone(app), cors::registered));
    Router::new()
        .route(path::INTROSPECT, post(introspect::post))
        .route(path::DEVICE_AUTHORIZATION, post(device_authorization::post))
        .route(path::REGISTER, post(register::post))
        .route("/register/{client_id}", get(register::get).put(register::put).delete(register::delete))
        .merge(browsers)
}

/// What people do with their own account: each GET shows a page, each POST changes something.
fn account_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/account", get(overview::show))
        .route("/account/switch", post(switch::to))
        .route("/account/profile", get(profile::show).post(profile::save))
        .route("/account/email", get(address::show).post(address::ask))
        .route("/account/email/confirm", post(address::confirm))
        .route("/account/email/undo", get(address::show_undo).post(address::undo))
        .route("/account/second-factor", get(second_factor::show))
        .route("/account/second-factor/set-up", get(second_factor::show_set_up).post(second_factor::set_up))
        .route("/account/second-factor/confirm", post(second_factor::confirm))
        .route("/account/second-factor/remove", get(second_factor::show_remove).post(second_factor::remove))
        .route("/account/recovery-codes", get(recovery_codes::show).post(recovery_codes::make))
        .route("/account/recovery-codes/file", post(recovery_codes::file))
        .route("/account/sessions", get(devices::show))
        .route("/account/sessions/end", post(devices::end))
        .route("/account/sessions/end-others", post(devices::end_others))
        .route("/account/applications", get(grants::show))
        .route("/account/applications/withdraw", post(grants::withdraw))
        .route("/account/activity", get(activity::show))
        .route("/account/preferences", get(preferences::show).post(preferences::save))
        .route("/account/data", get(data::show))
        .route("/account/data/download", post(data::download))
        .route("/account/delete", get(delete::show).post(delete::delete))
}

fn people_routes(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route(path::AUTHORIZE, get(authorize::get).post(authorize::post).head(no_head))
        .route(path::END_SESSION, get(end_session::get).post(end_session::post).head(no_head))
        .route("/", get(home::show))
        .route(path::DEVICE, get(device::show).post(device::submit))
        .route("/signin", get(show::show).head(no_head))
        .route("/signin/email", post(email::submit))
        .route("/signin/code", post(code::submit))
        .route("/signin/resend", post(resend::submit))
        .route("/signin/passkey", post(passkey::submit))
        .route("/signin/passkey/options", post(passkey::ask))
        .route("/signin/second-step", post(second_step::app_code))
        .route("/signin/recovery-code", post(second_step::recovery_code))
        .route("/signin/room", post(room::submit))
        .route("/signin/enrol/options", post(enrol::options))
        .route("/signin/enrol/passkey", post(enrol::passkey))
        .route("/signin/enrol/app", post(enrol::app))
        .route("/signin/enrol/app/confirm", post(enrol::confirm))
        .route("/signin/lost", post(lost::ask))
        .route("/signin/lost/finish", post(lost::finish))
        .route("/signin/lost/stop", get(lost::show_stop).post(lost::stop))
        .route("/signin/name", post(name::submit))
        .route("/signin/consent", post(consent::submit))
        .route("/signin/offer/options", post(offer::options))
        .route("/signin/offer/accept", post(offer::accept))
        .route("/signin/offer/skip", post(offer::skip))
        .route("/signin/continue", post(choice::go_on))
        .route("/signin/switch", post(choice::switch))
        .route("/signin/cancel", post(choice::cancel))
        .route("/account/passkeys", get(passkeys::show).post(passkeys::accept))
        .route("/account/passkeys/options", post(passkeys::options))
        .route("/account/passkeys/rename", post(passkeys::rename))
        .route("/account/passkeys/remove", post(passkeys::remove))
        .route("/account/passkeys/restore", post(passkeys::restore))
        .route("/account/passkeys/confirm", post(passkeys::confirm))
        .route("/.well-known/change-password", get(well_known::change_password))
        .merge(account_routes())
        .route("/signin/with/{connection}", get(with::begin).head(no_head))
        .route("/signin/callback/{connection}", get(callback::get).post(callback::post).head(no_head))
        .route("/signin/connect", post(connect::submit))
        .route("/account/connections", get(account_connections::show))
        .route("/account/connections/connect", post(account_connections::connect))
        .route("/account/connections/disconnect", post(account_connections::disconnect))
        .route("/assets/{name}", get(assets::get))
        .route("/branding/{name}", get(branding::serve::get))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(app), render_pages))
}

/// What the control plane alone reaches, ready to be served. No host check: the socket is the address.
pub fn admin(app: &Arc<App>) -> Stacked<Router> {
    let asserted = Router::new()
        .route("/applications", get(applications::list).post(applications::create))
        .route("/applications/{id}", get(applications::show).patch(applications::change).delete(applications::remove))
        .route("/applications/{id}/errors", get(admin::application_errors::list))
        .route("/applications/{id}/secrets", get(application_secrets::list).post(applications::add_secret))
        .route("/applications/{id}/secrets/{secret}", delete(application_secrets::remove))
        .route("/applications/{id}/invitees", get(invitees::list))
        .route("/applications/{id}/invitees/{user_id}", put(invitees::add).delete(invitees::remove))
        .route("/applications/{id}/try-outs", post(admin::try_outs::begin))
        .route("/applications/{id}/try-outs/end", post(admin::try_outs::end))
        .route("/apis", get(apis::list))
        .route("/apis/{name}", get(apis::show).put(apis::put).delete(apis::remove))
        .route("/registration-tokens", get(registration_tokens::list).post(registration_tokens::create))
        .route("/registration-tokens/{id}", delete(registration_tokens::remove))
        .route("/connections", get(connections::list).post(connections::create))
        .route("/connections/{id}", get(connections::show).patch(connections::change).delete(connections::remove))
        .route("/connections/{id}/check", post(connections::check))
        .route("/users", get(admin::people::list).post(users::create))
        .route("/users/{id}", get(users::show).patch(users::change).delete(users::erase))
        .route("/users/exports", post(admin::people::exported))
        .route("/users/imports", get(admin::imports::list).post(admin::imports::begin))
        .route("/users/imports/{id}", get(admin::imports::show).delete(admin::imports::cancel))
        .route("/users/{id}/factors", get(admin::factors::show).delete(admin::factors::reset))
        .route("/users/{id}/authenticator-app", delete(admin::factors::remove_app))
        .route("/users/{id}/sessions", delete(admin::sessions::end_all))
        .route("/users/{id}/applications", get(admin::user_applications::list))
        .route("/users/{id}/applications/{application_id}", delete(admin::user_applications::withdraw))
        .route("/users/{id}/invitation", post(admin::person::invite))
        .route("/users/{id}/data", post(admin::person::data))
        .route("/users/{id}/passkeys", get(admin::passkeys::list))
        .route("/users/{id}/sign-in-attempts", get(admin::sign_in_attempts::list))
        .route("/users/{id}/passkeys/{passkey_id}", delete(admin::passkeys::remove))
        .route("/users/{id}/connected-accounts", get(connected_accounts::list))
        .route("/users/{id}/connected-accounts/{account}", delete(connected_accounts::remove))
        .route("/users/{id}/connected-accounts/{account}/refresh", post(connected_accounts::refresh))
        .route("/sessions", get(sessions::list))
        .route("/sessions/{id}", delete(sessions::end))
        .route("/logout-deliveries", get(admin::logout_deliveries::list))
        .route("/logout-deliveries/{id}/retry", post(admin::logout_deliveries::retry))
        .route("/messages", get(admin::messages::list))
        .route("/messages/{id}", get(admin::messages::show))
        .route("/lockouts", get(admin::lockouts::list))
        .route("/lockouts/{id}", delete(admin::lockouts::lift))
        .route("/blocklists", get(blocklists::list))
        .route("/blocklists/{name}", get(blocklists::show).put(blocklists::put).delete(blocklists::remove))
        .route("/audit-events", get(audit_events::list))
        .route("/audit-chain", get(audit_events::chain))
        .route("/audit-checkpoint", get(audit_events::checkpoint))
        .route("/audit-verification", get(audit_events::verify))
        .route("/usage", get(admin::usage::show))
        .route("/usage/months/{month}/recount", get(admin::usage::recount))
        .route("/keys", get(admin::keys::list))
        .route("/keys/rotate", post(admin::keys::rotate))
        .route("/data-keys", get(admin::keys::list_data))
        .route("/data-keys/rotate", post(admin::keys::rotate_data))
        .route("/seal-key", get(admin::keys::seal_key))
        .route("/seal-key/rotate", post(admin::keys::rotate_seal_key))
        .route("/profile-fields", get(admin::profile_fields::list).put(admin::profile_fields::put_in_order))
        .route(
            "/profile-fields/{name}",
            get(admin::profile_fields::show).put(admin::profile_fields::put).delete(admin::profile_fields::remove),
        )
        .route("/branding", get(admin::branding::show).put(admin::branding::choose))
        .route(
            "/branding/logo",
            get(admin::branding::show_logo).put(admin::branding::set_logo).delete(admin::branding::remove_logo),
        )
        .route("/settings", get(admin::settings::show).patch(admin::settings::change))
        .route("/standing", put(admin::standing::tell))
        .route("/staff-access", post(admin::staff_access::tell))
        .layer(from_fn_with_state(Arc::clone(app), admin::require));
    let routes = Router::new()
        .route("/health", get(health::show))
        .merge(asserted)
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .with_state(Arc::clone(app));
    Stack::new(&app.entropy).layer(routes)
}

/// Nothing is at this address: a page for people, whatever else asked.
fn people_fallback(app: &Arc<App>) -> Router {
    Router::new().fallback(not_found).layer(from_fn_with_state(Arc::clone(app), render_pages))
}

async fn not_found() -> Response {
    PageError::new(Kind::NotFound).into_response()
}

/// Where GET gives a code or ends a session, HEAD would do so unseen (F08).
async fn no_head() -> Response {
    ([(header::ALLOW, "GET, POST")], PageError::new(Kind::MethodNotAllowed)).into_response()
}

async fn method_not_allowed() -> Response {
    PageError::new(Kind::MethodNotAllowed).into_response()
}
