//! Every page of the console on one page, each with what its visitor must be allowed to do.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use polder_service::cookies::Policy;
use polder_service::limit::{Limits, Rule};

use super::guard::guarded;
use super::oidc::Provider;
use super::{
    Console, Fault, api_keys, apis, application_errors, applications, assets, audit, blocklists, branding, callback,
    connections, dress, egress, general, home, invitation, keys, life, lockouts, logouts, members, messages,
    organisation, people, person, policies, problem_kinds, profile_fields, progress, reference, registration, search,
    sign_up, signin, signout, tenants, trail, try_out, usage, user_imports,
};
use crate::app::App;
use crate::model::Permission::{
    ChangeApplications, ChangeKeys, ChangeMembers, ChangeOrganisation, ChangePeople, ChangeTenants, EndAccess,
    EndTenants, Enter, ExportPeople, HelpPeople, MakeTenants, See, SeeAudit, SeeKeys, SeeMembers, SeePeople, SeeUsage,
};
use crate::provision::desired::CONSOLE_CALLBACK;

/// What one network may do without a session.
const LIMITS: [(&str, Rule); 3] = [
    ("signin", Rule { burst: 100, per_minute: 60 }),
    ("invitation", Rule { burst: 50, per_minute: 20 }),
    ("signup", Rule { burst: 20, per_minute: 2 }),
];

/// All pages.
pub fn router(app: &Arc<App>) -> Router {
    let base = app.settings.console();
    let console = Arc::new(Console {
        app: Arc::clone(app),
        provider: Provider::new(app),
        cookies: Policy::for_issuer(&base),
        limits: Limits::new(&app.clock, &LIMITS),
        base,
    });
    let dressed = from_fn_with_state(Arc::clone(&console), dress::dress);
    routes(&console).with_state(console).layer(dressed)
}

fn routes(console: &Arc<Console>) -> Router<Arc<Console>> {
    let may = |permission, routes| guarded(console, permission, routes);
    Router::new()
        // The door.
        .route("/", get(home::show_home))
        .route("/signin", get(signin::begin))
        .route(CONSOLE_CALLBACK, get(callback::take))
        .route("/try-out/callback", get(try_out::end))
        .route("/invitation", get(invitation::ask).post(invitation::accept))
        .route("/invitation/{token}", get(invitation::show_invitation))
        .route("/signup", get(sign_up::ask).post(sign_up::send))
        .route("/signup/confirm", post(sign_up::confirm))
        .route("/signup/{token}", get(sign_up::show_link))
        .route("/assets/{name}", get(assets::serve))
        .route("/problems", get(problem_kinds::list))
        .route("/problems/{code}", get(problem_kinds::one))
        .route("/reference", get(reference::enter))
        .route("/reference/", get(reference::page))
        .route("/reference/{file}", get(reference::file))
        // Members.
        .route("/signout", may(Enter, post(signout::end)))
        .route("/usage", may(SeeUsage, get(usage::of_all)))
        .route("/usage.csv", may(SeeUsage, get(usage::of_all_csv)))
        .route("/search", may(Enter, get(search::page)))
        .route("/search/entries", may(Enter, get(search::entries)))
        .route("/shortcuts", may(Enter, get(search::shortcuts)))
        .route("/tenants", may(MakeTenants, post(tenants::create)))
        .route("/tenants/new", may(MakeTenants, get(tenants::new)))
        .route("/tenants/{slug}", may(See, get(tenants::overview)))
        .route("/tenants/{slug}/life", may(ChangeTenants, post(life::change)))
        .route("/tenants/{slug}/end", may(EndTenants, post(life::end)))
        .route("/tenants/{slug}/progress", may(See, get(progress::page)))
        .route("/tenants/{slug}/events", may(See, get(progress::events)))
        .route(
            "/tenants/{slug}/applications",
            may(See, get(applications::list)).merge(may(ChangeApplications, post(applications::create))),
        )
        .route("/tenants/{slug}/applications/new", may(ChangeApplications, get(applications::new)))
        .route(
            "/tenants/{slug}/applications/{id}",
            may(See, get(applications::one)).merge(may(ChangeApplications, post(applications::change))),
        )
        .route("/tenants/{slug}/applications/{id}/try", may(ChangeApplications, post(try_out::begin)))
        .route("/tenants/{slug}/applications/{id}/errors", may(See, get(application_errors::list)))
        .route("/tenants/{slug}/applications/{id}/secrets", may(ChangeApplications, post(applications::add_secret)))
        .route(
            "/tenants/{slug}/applications/{id}/secrets/remove",
            may(ChangeApplications, post(applications::remove_secret)),
        )
        .route("/tenants/{slug}/applications/{id}/disable", may(ChangeApplications, post(applications::disable)))
        .route("/tenants/{slug}/applications/{id}/enable", may(ChangeApplications, post(applications::enable)))
        .route("/tenants/{slug}/applications/{id}/undo", may(ChangeApplications, post(applications::take_back)))
        .route("/tenants/{slug}/applications/{id}/delete", may(ChangeApplications, post(applications::remove)))
        .route(
            "/tenants/{slug}/users",
            may(SeePeople, get(people::list)).merge(may(ChangePeople, post(people::create))),
        )
        .route("/tenants/{slug}/users/find", may(SeePeople, post(people::find)))
        .route("/tenants/{slug}/users/export", may(ExportPeople, get(people::export)))
        .route(
            "/tenants/{slug}/users/imports",
            may(SeePeople, get(user_imports::list)).merge(may(ChangePeople, post(user_imports::begin))),
        )
        .route("/tenants/{slug}/users/imports/{id}", may(SeePeople, get(user_imports::one)))
        .route("/tenants/{slug}/users/imports/{id}/events", may(SeePeople, get(user_imports::events)))
        .route("/tenants/{slug}/users/imports/{id}/cancel", may(ChangePeople, post(user_imports::cancel)))
        .route(
            "/tenants/{slug}/users/{id}",
            may(SeePeople, get(person::one)).merge(may(ChangePeople, post(person::change))),
        )
        .route("/tenants/{slug}/users/{id}/disable", may(ChangePeople, post(person::disable)))
        .route("/tenants/{slug}/users/{id}/enable", may(ChangePeople, post(person::enable)))
        .route("/tenants/{slug}/users/{id}/roles", may(ChangePeople, post(person::set_roles)))
        .route("/tenants/{slug}/users/{id}/invite", may(ChangePeople, post(person::invite)))
        .route("/tenants/{slug}/users/{id}/reset-factors", may(HelpPeople, post(person::reset_factors)))
        .route("/tenants/{slug}/users/{id}/authenticator-app/remove", may(HelpPeople, post(person::remove_app)))
        .route("/tenants/{slug}/users/{id}/passkeys/remove", may(HelpPeople, post(person::remove_passkey)))
        .route("/tenants/{slug}/users/{id}/sessions/end", may(HelpPeople, post(person::end_sessions)))
        .route("/tenants/{slug}/users/{id}/applications/withdraw", may(ChangePeople, post(person::withdraw)))
        .route("/tenants/{slug}/users/{id}/accounts/disconnect", may(ChangePeople, post(person::disconnect)))
        .route("/tenants/{slug}/users/{id}/data", may(ChangePeople, post(person::data)))
        .route(
            "/tenants/{slug}/users/{id}/erase",
            may(ChangePeople, get(person::ask_to_erase)).merge(may(ChangePeople, post(person::erase))),
        )
        .route("/tenants/{slug}/sessions/{id}/end", may(HelpPeople, post(person::end_session)))
        .route("/tenants/{slug}/messages", may(SeePeople, get(messages::page)))
        .route(
            "/tenants/{slug}/sign-in",
            may(See, get(policies::page)).merge(may(ChangeTenants, post(policies::change))),
        )
        .route("/tenants/{slug}/usage", may(SeeUsage, get(usage::page)))
        .route("/tenants/{slug}/usage.csv", may(SeeUsage, get(usage::days_csv)))
        .route("/tenants/{slug}/usage-months.csv", may(SeeUsage, get(usage::months_csv)))
        .route("/tenants/{slug}/audit", may(SeePeople, get(audit::page)))
        .route("/tenants/{slug}/audit.csv", may(ExportPeople, get(audit::csv)))
        .route("/tenants/{slug}/audit.ndjson", may(ExportPeople, get(audit::ndjson)))
        .route("/tenants/{slug}/audit.chain.ndjson", may(ExportPeople, get(audit::chain)))
        .route("/tenants/{slug}/audit/checkpoint.json", may(ExportPeople, get(audit::checkpoint)))
        .route("/tenants/{slug}/audit/verification", may(SeePeople, get(audit::verification)))
        .route(
            "/tenants/{slug}/connections",
            may(See, get(connections::list)).merge(may(ChangeTenants, post(connections::create))),
        )
        .route("/tenants/{slug}/connections/new", may(ChangeTenants, get(connections::new)))
        .route("/tenants/{slug}/connections/{id}", may(See, get(connections::one)))
        .route("/tenants/{slug}/connections/{id}/check", may(ChangeTenants, post(connections::check)))
        .route("/tenants/{slug}/connections/{id}/hosts", may(ChangeTenants, post(connections::allow_hosts)))
        .route("/tenants/{slug}/connections/{id}/secret", may(ChangeTenants, post(connections::replace_secret)))
        .route("/tenants/{slug}/connections/{id}/disable", may(ChangeTenants, post(connections::disable)))
        .route("/tenants/{slug}/connections/{id}/enable", may(ChangeTenants, post(connections::enable)))
        .route("/tenants/{slug}/connections/{id}/remove", may(ChangeTenants, post(connections::remove)))
        .route("/tenants/{slug}/egress", may(See, get(egress::list)).merge(may(ChangeTenants, post(egress::allow))))
        .route("/tenants/{slug}/egress/undo", may(ChangeTenants, post(egress::take_back)))
        .route("/tenants/{slug}/egress/{id}/remove", may(ChangeTenants, post(egress::remove)))
        .route(
            "/tenants/{slug}/branding",
            may(See, get(branding::page)).merge(may(ChangeApplications, post(branding::save))),
        )
        .route("/tenants/{slug}/branding/preview", may(See, get(branding::preview)))
        .route("/tenants/{slug}/branding/preview.css", may(See, get(branding::preview_style)))
        .route("/tenants/{slug}/branding/logo", may(ChangeApplications, post(branding::set_logo)))
        .route("/tenants/{slug}/branding/logo/remove", may(ChangeApplications, post(branding::remove_logo)))
        .route("/tenants/{slug}/keys", may(See, get(keys::page)).merge(may(ChangeTenants, post(keys::rotate))))
        .route("/tenants/{slug}/apis", may(See, get(apis::list)).merge(may(ChangeApplications, post(apis::add))))
        .route("/tenants/{slug}/apis/{name}", may(ChangeApplications, post(apis::change)))
        .route("/tenants/{slug}/apis/{name}/remove", may(ChangeApplications, post(apis::remove)))
        .route(
            "/tenants/{slug}/registration",
            may(See, get(registration::page)).merge(may(ChangeTenants, post(registration::change))),
        )
        .route("/tenants/{slug}/registration/tokens", may(ChangeTenants, post(registration::make)))
        .route("/tenants/{slug}/registration/tokens/{id}/remove", may(ChangeTenants, post(registration::revoke)))
        .route("/tenants/{slug}/users/{id}/attempts", may(SeePeople, get(lockouts::attempts)))
        .route(
            "/tenants/{slug}/profile-fields",
            may(See, get(profile_fields::list)).merge(may(ChangeTenants, post(profile_fields::create))),
        )
        .route("/tenants/{slug}/profile-fields/new", may(ChangeTenants, get(profile_fields::new)))
        .route(
            "/tenants/{slug}/profile-fields/{name}",
            may(ChangeTenants, get(profile_fields::one)).merge(may(ChangeTenants, post(profile_fields::change))),
        )
        .route("/tenants/{slug}/profile-fields/{name}/move", may(ChangeTenants, post(profile_fields::put_elsewhere)))
        .route("/tenants/{slug}/profile-fields/{name}/remove", may(ChangeTenants, post(profile_fields::remove)))
        .route("/tenants/{slug}/lockouts", may(SeePeople, get(lockouts::list)))
        .route("/tenants/{slug}/lockouts/{id}/lift", may(ChangePeople, post(lockouts::lift)))
        .route(
            "/tenants/{slug}/blocklists",
            may(See, get(blocklists::list)).merge(may(ChangeTenants, post(blocklists::put))),
        )
        .route("/tenants/{slug}/blocklists/{name}/remove", may(ChangeTenants, post(blocklists::remove)))
        .route("/tenants/{slug}/logouts", may(See, get(logouts::list)))
        .route("/tenants/{slug}/logouts/{id}/retry", may(ChangeApplications, post(logouts::retry)))
        .route(
            "/tenants/{slug}/settings",
            may(See, get(general::page)).merge(may(ChangeTenants, post(general::change))),
        )
        .route("/api-keys", may(SeeKeys, get(api_keys::list)).merge(may(ChangeKeys, post(api_keys::create))))
        .route("/api-keys/{id}", may(SeeKeys, get(api_keys::one)).merge(may(ChangeKeys, post(api_keys::change))))
        .route("/api-keys/{id}/revoke", may(ChangeKeys, post(api_keys::revoke)))
        .route("/members", may(SeeMembers, get(members::list)).merge(may(ChangeMembers, post(members::invite))))
        .route("/members/{id}", may(SeeMembers, get(members::one)))
        .route("/members/{id}/role", may(ChangeMembers, post(members::change_role)))
        .route("/members/{id}/remove", may(ChangeMembers, post(members::remove)))
        .route("/invitations/{id}/resend", may(ChangeMembers, post(members::resend)))
        .route("/invitations/{id}/revoke", may(ChangeMembers, post(members::revoke)))
        .route("/audit", may(SeeAudit, get(trail::page)))
        .route(
            "/organisation",
            may(Enter, get(organisation::page)).merge(may(ChangeOrganisation, post(organisation::rename))),
        )
        .route("/organisation/staff-access/{id}/end", may(EndAccess, post(organisation::end_access)))
        .route("/organisation/leave", may(Enter, post(organisation::leave)))
        .method_not_allowed_fallback(async || Fault::MethodNotAllowed)
        .fallback(async || Fault::NotFound)
}
