//! `/tenants/{slug}/suspend` and its like: a tenant's life. Every one answers with the tenant as it then
//! is: 200 when that is as wanted, 202 when it takes longer. Asking for what is so already is no error.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use polder_service::json::Json;
use polder_service::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiError;
use super::input::Input;
use super::tenants::Tenant;
use super::within::{Remembered, Within};
use crate::administer::On;
use crate::app::App;
use crate::provision::certificate::Certificate;
use crate::provision::{self, Action, GRACE_DAYS, idle};
use crate::store::{life, tenants};

/// How long a change is waited for.
const WITHIN: Duration = Duration::from_secs(10);

/// How long the grace period is, unless the request says.
const USUAL_GRACE: u32 = 30;

/// How a tenant is to be terminated.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Termination, example = json!({"grace_days": 30}))]
pub struct Termination {
    /// For how many days it can be undone.
    #[schema(minimum = 30, maximum = 90, default = 30)]
    pub grace_days: Option<u32>,
}

/// That it is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Destruction, example = json!({"confirm": "acme"}))]
pub struct Destruction {
    /// The slug of the tenant, once more: nothing brings it back.
    pub confirm: String,
}

/// What to change of a tenant.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantChanges, example = json!({"idle_after_seconds": 900}))]
pub struct Changes {
    /// After how many seconds without a request it goes to sleep: 60 to 604800, 0 for never, null for
    /// what is usual here.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 604_800)]
    pub idle_after_seconds: Option<Option<i64>>,
}

/// A member that is there and null is something else than one that is not there.
mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<i64>>, D::Error> {
        Option::deserialize(from).map(Some)
    }

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub fn serialize<S: Serializer>(value: &Option<Option<i64>>, to: S) -> Result<S::Ok, S::Error> {
        value.flatten().serialize(to)
    }
}

/// Begins what is wanted, waits for it a while, and answers with the tenant as it then is.
///
/// # Errors
/// 409 when it makes no sense now.
pub async fn wanted(on: &On, action: Action) -> Result<(StatusCode, Tenant), ApiError> {
    provision::change(&on.app, &on.acting, on.tenant.id, action).await?;
    let status =
        if provision::settled(&on.app, on.tenant.id, WITHIN).await { StatusCode::OK } else { StatusCode::ACCEPTED };
    let tenant = tenants::by_id(&mut on.app.db.read().await?, on.tenant.id).await?.ok_or_else(ApiError::not_found)?;
    Ok((status, Tenant::from(&tenant)))
}

async fn answer(on: &On, action: Action) -> Result<Response, ApiError> {
    let (status, tenant) = wanted(on, action).await?;
    Ok((status, Json(tenant)).into_response())
}

macro_rules! of_life {
    ($name:ident, $path:literal, $id:literal, $action:expr, $state:literal, $summary:literal, $($more:literal)*) => {
        #[doc = $summary]
        #[doc = ""]
        $(#[doc = $more])*
        #[utoipa::path(
            post, path = $path, operation_id = $id, tag = "life",
            params(("slug" = String, Path, description = "The tenant", example = "acme")),
            responses(
                (status = 200, description = "It is so", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
                    "issuer": "https://acme.polder.example", "state": $state, "failure": null,
                    "idle_after_seconds": null, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
                    "updated_at": "2026-11-21T08:00:01.250Z"})),
                (status = 202, description = "It takes longer; the tenant's events tell how far it is", body = Tenant,
                    example = json!({"slug": "acme", "name": "Acme", "issuer": "https://acme.polder.example",
                    "state": "running", "failure": null, "idle_after_seconds": null, "terminate_at": null,
                    "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:01.250Z"}))
            )
        )]
        pub async fn $name(Within(on): Within) -> Result<Response, ApiError> {
            answer(&on, $action).await
        }
    };
}

of_life!(suspend, "/tenants/{slug}/suspend", "suspendTenant", Action::Suspend, "suspended", "Stops sign-in.",
    "People see a neutral page and applications get no tokens. Discovery and keys are served still, so that"
    "tokens that were given out can be verified, and all data stays.");
of_life!(
    resume,
    "/tenants/{slug}/resume",
    "resumeTenant",
    Action::Resume,
    "running",
    "Lets people sign in again.",
    "What was suspended serves again, with everything as it was."
);
of_life!(sleep, "/tenants/{slug}/sleep", "sleepTenant", Action::Sleep, "asleep", "Puts a tenant to sleep.",
    "Its runtime is stopped. The next request wakes it, and is answered once it is awake; so does work of its"
    "own that is due.");
of_life!(
    wake,
    "/tenants/{slug}/wake",
    "wakeTenant",
    Action::Wake,
    "running",
    "Wakes a tenant.",
    "A request would do the same."
);
of_life!(
    restart,
    "/tenants/{slug}/restart",
    "restartTenant",
    Action::Restart,
    "running",
    "Restarts a tenant.",
    "Its runtime is ended and started again; requests that come meanwhile wait for it."
);
of_life!(
    undo,
    "/tenants/{slug}/undo",
    "undoTermination",
    Action::Undo,
    "running",
    "Takes a termination back.",
    "The tenant is again what it was before, with all its data: possible until the grace period ends."
);

/// Gives a tenant's PostgreSQL database new passwords.
///
/// The present ones work until the tenant has been started with the new ones; requests that come in between
/// wait. One that sleeps is not woken for it. A tenant whose data is in a file has no password: 409.
#[utoipa::path(
    post, path = "/tenants/{slug}/database/rotate", operation_id = "rotateDatabasePasswords", tag = "keys",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses(
        (status = 200, description = "The new passwords are in use", body = Tenant, example = json!({"slug": "acme",
            "name": "Acme", "issuer": "https://acme.polder.example", "state": "running", "failure": null,
            "idle_after_seconds": null, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
            "updated_at": "2026-11-21T08:00:01.250Z"})),
        (status = 202, description = "It takes longer; the tenant's events tell how far it is", body = Tenant,
            example = json!({"slug": "acme", "name": "Acme", "issuer": "https://acme.polder.example",
            "state": "running", "failure": null, "idle_after_seconds": null, "terminate_at": null,
            "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:01.250Z"}))
    )
)]
pub async fn rotate_database(Within(on): Within) -> Result<Response, ApiError> {
    if on.app.postgres.is_none() {
        let why = "the tenant keeps its data in a file, which has no password";
        return Err(Problem::conflict("no_database_password", why).into());
    }
    answer(&on, Action::RotateDatabase).await
}

/// Terminates a tenant.
///
/// It stops serving at once. Until the grace period ends that can be undone; then everything of it is
/// destroyed. Its slug is never given out again.
#[utoipa::path(
    post, path = "/tenants/{slug}/terminate", operation_id = "terminateTenant", tag = "life",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = Option<Termination>, example = json!({"grace_days": 30})),
    responses(
        (status = 200, description = "It serves no more", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
            "issuer": "https://acme.polder.example", "state": "terminating", "failure": null,
            "idle_after_seconds": null, "terminate_at": "2026-12-21T08:00:00.000Z",
            "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:01.250Z"})),
        (status = 202, description = "It takes longer; the tenant's events tell how far it is", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
        "issuer": "https://acme.polder.example", "state": "running", "failure": null,
        "idle_after_seconds": null, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:01.250Z"}))
    )
)]
pub async fn terminate(Within(on): Within, body: Option<Input<Termination>>) -> Result<Response, ApiError> {
    let grace_days = body.and_then(|Input(wish)| wish.grace_days).unwrap_or(USUAL_GRACE);
    if !GRACE_DAYS.contains(&grace_days) {
        return Err(Problem::invalid(Vec::new()).error("/grace_days", "30 to 90 days").into());
    }
    answer(&on, Action::Terminate { grace_days }).await
}

/// Destroys a terminated tenant before its grace period ends.
///
/// Its keys, its database, its process or container, its sockets, its queue and its folders. Nothing
/// brings it back: with the seal key gone, no copy of its data can be read. A signed certificate says what
/// was destroyed.
#[utoipa::path(
    post, path = "/tenants/{slug}/destroy", operation_id = "destroyTenant", tag = "life",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = Destruction, example = json!({"confirm": "acme"})),
    responses(
        (status = 200, description = "Nothing of it is left", body = Certificate, example = json!({
        "certificate": {"tenant_id": "019a0000-0000-7000-8000-000000000001", "slug": "acme",
            "issuer": "https://acme.polder.example", "terminated_at": "2026-11-21T08:00:00.000Z",
            "destroyed_at": "2026-12-21T08:00:00.000Z", "requested_by": {"kind": "system", "id": "polder"},
            "destroyed": [{"kind": "seal_key", "name": "secrets/k3v9q2m7x4ab.seal", "bytes": 43}],
            "copies": "Every copy of the data was sealed under the seal key, which is destroyed."},
        "signed": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
        "key": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "key-1"}})),
        (status = 202, description = "It takes longer; the certificate is there once it is done", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
        "issuer": "https://acme.polder.example", "state": "terminating", "failure": null,
        "idle_after_seconds": null, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:01.250Z"}))
    )
)]
pub async fn destroy(Within(on): Within, Input(meant): Input<Destruction>) -> Result<Response, ApiError> {
    if meant.confirm != on.tenant.slug.as_str() {
        return Err(Problem::invalid(Vec::new()).error("/confirm", "the slug of the tenant, once more").into());
    }
    let (_, tenant) = wanted(&on, Action::Destroy).await?;
    match life::certificate(&mut on.app.db.read().await?, on.tenant.id).await? {
        Some(text) => Ok(paper(text)),
        None => Ok((StatusCode::ACCEPTED, Json(tenant)).into_response()),
    }
}

/// Shows the certificate of a destroyed tenant.
///
/// `signed` is the same statement as a JWT, which `key` verifies; keep a copy of the key from before.
#[utoipa::path(
    get, path = "/tenants/{slug}/certificate", operation_id = "showCertificate", tag = "life",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "What was destroyed", body = Certificate, example = json!({
        "certificate": {"tenant_id": "019a0000-0000-7000-8000-000000000001", "slug": "acme",
            "issuer": "https://acme.polder.example", "terminated_at": "2026-11-21T08:00:00.000Z",
            "destroyed_at": "2026-12-21T08:00:00.000Z", "requested_by": {"kind": "system", "id": "polder"},
            "destroyed": [{"kind": "seal_key", "name": "secrets/k3v9q2m7x4ab.seal", "bytes": 43}],
            "copies": "Every copy of the data was sealed under the seal key, which is destroyed."},
        "signed": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
        "key": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "key-1"}})))
)]
pub async fn certificate(Remembered(on): Remembered) -> Result<Response, ApiError> {
    let text = life::certificate(&mut on.app.db.read().await?, on.tenant.id).await?;
    text.map(paper).ok_or_else(|| Problem::conflict("tenant_not_destroyed", "the tenant is not destroyed").into())
}

fn paper(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

/// Changes when a tenant goes to sleep.
#[utoipa::path(
    patch, path = "/tenants/{slug}", operation_id = "changeTenant", tag = "tenants",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = Changes, example = json!({"idle_after_seconds": 900})),
    responses((status = 200, description = "The tenant", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
        "issuer": "https://acme.polder.example", "state": "running", "failure": null,
        "idle_after_seconds": 900, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:01.250Z"})))
)]
pub async fn change(
    State(app): State<Arc<App>>,
    Within(on): Within,
    Input(changes): Input<Changes>,
) -> Result<Json<Tenant>, ApiError> {
    if let Some(seconds) = changes.idle_after_seconds {
        if seconds.is_some_and(|seconds| seconds != 0 && !(idle::SHORTEST..=idle::LONGEST).contains(&seconds)) {
            let allowed = "60 to 604800 seconds, or 0 for never";
            return Err(Problem::invalid(Vec::new()).error("/idle_after_seconds", allowed).into());
        }
        provision::set_idle(&app, &on.acting, &on.tenant, seconds).await?;
    }
    let tenant = tenants::by_id(&mut app.db.read().await?, on.tenant.id).await?.ok_or_else(ApiError::not_found)?;
    Ok(Json(Tenant::from(&tenant)))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use http::Method;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tower::Service;

    use super::*;
    use crate::audit::ActingFor;
    use crate::credentials::{hash_api_key, new_api_key};
    use crate::model::{ApiKeyId, KeyAccess};
    use crate::provision::NewTenant;
    use crate::provision::tests::{control_plane, killed, organisation};
    use crate::router::Front;
    use crate::store::api_keys::{self, NewApiKey};
    use crate::testing::Ground;

    struct Stage {
        app: Arc<App>,
        front: Front,
        key: String,
        _data: Ground,
    }

    /// `acme`, running, and a key to it.
    async fn stage() -> Stage {
        let data = Ground::new().await;
        let app = control_plane(data.path()).await;
        let organisation_id = organisation(&app).await;
        let key = new_api_key(&app.entropy).expose().clone();
        let row = NewApiKey {
            id: ApiKeyId::new(&app.clock, &app.entropy),
            organisation_id,
            name: "test".to_owned(),
            key_hash: hash_api_key(&app.keyring, &key),
            access: KeyAccess::Write,
            created_by: "polder".to_owned(),
        };
        let now = app.clock.now();
        app.db.write(move |tx| Box::pin(async move { api_keys::insert(tx, &row, now).await })).await.unwrap();
        let new = NewTenant { slug: "acme".parse().unwrap(), name: "Acme".to_owned(), organisation_id };
        let tenant = provision::create(&app, &ActingFor::system(), new).await.unwrap();
        assert!(provision::settled(&app, tenant.id, WITHIN).await);
        Stage { front: Front::new(&app), app, key, _data: data }
    }

    impl Stage {
        async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
            let mut request = Request::builder()
                .method(method)
                .uri(format!("/api/v1{path}"))
                .header("host", self.app.settings.authority("console"))
                .header("authorization", format!("Bearer {}", self.key));
            if body.is_some() {
                request = request.header("content-type", "application/json");
            }
            let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
            let answer = self.front.clone().call(request.body(body).unwrap()).await.unwrap();
            let status = answer.status().as_u16();
            let bytes = answer.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
        }

        async fn post(&self, what: &str, body: Option<Value>) -> (u16, Value) {
            self.call(Method::POST, &format!("/tenants/acme/{what}"), body).await
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g25_a_life_through_the_public_api() {
        let stage = stage().await;
        for (action, state) in [
            ("suspend", "suspended"),
            ("suspend", "suspended"),
            ("resume", "running"),
            ("sleep", "asleep"),
            ("wake", "running"),
            ("restart", "running"),
            ("terminate", "terminating"),
            ("undo", "running"),
        ] {
            let (status, tenant) = stage.post(action, None).await;
            assert_eq!((status, tenant["state"].as_str()), (200, Some(state)), "{action}: {tenant}");
        }
        let (status, tenant) = stage.post("terminate", Some(json!({"grace_days": 90}))).await;
        assert!(status == 200 && tenant["terminate_at"].is_string(), "{tenant}");
        let (status, paper) = stage.post("destroy", Some(json!({"confirm": "acme"}))).await;
        assert_eq!(status, 200, "{paper}");
        assert_eq!(stage.call(Method::GET, "/tenants/acme/certificate", None).await, (200, paper.clone()));
        let paper: Certificate = serde_json::from_value(paper).unwrap();
        paper.verify(stage.app.certificate_key.public_jwk()).unwrap();
        let (status, problem) = stage.call(Method::GET, "/tenants/acme", None).await;
        assert_eq!((status, problem["code"].as_str()), (410, Some("tenant_destroyed")));
        assert_eq!(stage.call(Method::GET, "/tenants", None).await.1["items"], json!([]));
        let again = json!({"slug": "acme", "name": "Again"});
        let (status, problem) = stage.call(Method::POST, "/tenants", Some(again)).await;
        assert_eq!((status, problem["code"].as_str()), (409, Some("slug_taken")));
        killed(stage.app).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g25_what_makes_no_sense_is_a_conflict_that_says_so() {
        let stage = stage().await;
        let refused = async |what: &str, body: Option<Value>| {
            let (status, problem) = stage.post(what, body).await;
            (status, problem["code"].as_str().unwrap_or_default().to_owned())
        };
        let conflict = |code: &str| (409, code.to_owned());
        let meant = || Some(json!({"confirm": "acme"}));
        assert_eq!(refused("undo", None).await, conflict("tenant_not_terminating"));
        assert_eq!(refused("destroy", meant()).await, conflict("tenant_not_terminating"));
        assert_eq!(refused("destroy", Some(json!({"confirm": "other"}))).await.0, 422);
        for days in [0, 29, 91] {
            assert_eq!(refused("terminate", Some(json!({"grace_days": days}))).await.0, 422, "{days}");
        }
        assert_eq!(refused("database/rotate", None).await, conflict("no_database_password"));
        stage.post("suspend", None).await;
        assert_eq!(refused("sleep", None).await, conflict("tenant_suspended"));
        assert_eq!(refused("wake", None).await, conflict("tenant_suspended"));
        stage.post("terminate", None).await;
        assert_eq!(refused("resume", None).await, conflict("tenant_terminating"));
        let (status, problem) = stage.call(Method::GET, "/tenants/acme/certificate", None).await;
        assert_eq!((status, problem["code"].as_str()), (409, Some("tenant_not_destroyed")));
        killed(stage.app).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_idle_time_is_the_tenants_own_and_administration_wakes_it() {
        let stage = stage().await;
        let set = async |seconds: Value| {
            stage.call(Method::PATCH, "/tenants/acme", Some(json!({"idle_after_seconds": seconds}))).await
        };
        for seconds in [json!(60), json!(604_800), json!(0), Value::Null] {
            let (status, tenant) = set(seconds.clone()).await;
            assert_eq!((status, &tenant["idle_after_seconds"]), (200, &seconds));
        }
        for seconds in [json!(-1), json!(59), json!(604_801), json!("x")] {
            assert_eq!(set(seconds.clone()).await.0, 422, "{seconds}");
        }
        stage.post("sleep", None).await;
        assert_eq!(stage.call(Method::GET, "/tenants/acme", None).await.1["state"], "asleep", "looking wakes nobody");
        assert_eq!(stage.call(Method::GET, "/tenants/acme/settings", None).await.0, 200);
        killed(stage.app).await;
    }
}
