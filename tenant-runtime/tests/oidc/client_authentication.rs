//! Client authentication at `/token`, `/introspect` and `/revoke`.

use http::header;
use polder_protocol::AuthMethod;

use crate::support::client::{basic, machine, spa};
use crate::support::world::on_each;
use crate::support::{Answer, World};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

async fn with_header(world: &World, authorization: &str, form: &[(&str, &str)]) -> Answer {
    world.post("/token", &[(header::AUTHORIZATION, authorization)], form).await
}

#[tokio::test]
async fn a08_a_secret_in_the_body_works_for_who_registered_that() {
    on_each(|world| async move {
        let mut choice = machine();
        choice.wish.auth_method = Some(AuthMethod::ClientSecretPost);
        let client = world.application(choice).await;
        assert_eq!(client.post(&world, "/token", &[GRANT]).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn b08_failures_look_alike_and_name_the_scheme() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        let unknown = "018f0000-0000-7000-8000-000000000000";
        let wrong = with_header(&world, &basic(&client.id, "wrong"), &[GRANT]).await;
        let stranger = with_header(&world, &basic(unknown, "wrong"), &[GRANT]).await;
        for answer in [&wrong, &stranger] {
            answer.refused(401, "invalid_client");
            assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
        }
        assert_eq!(wrong.json(), stranger.json(), "nothing says which ids exist");
        world.switch_off(&client).await;
        client.post(&world, "/token", &[GRANT]).await.refused(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn b08_failures_are_limited_by_network_and_successes_are_not() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        let ip = http::HeaderName::from_static("x-polder-client-ip");
        let (right, wrong) = (basic(&client.id, client.secret.as_ref().unwrap()), basic(&client.id, "wrong"));
        let mut limited = 0;
        for _ in 0..260 {
            let headers = [(header::AUTHORIZATION, wrong.as_str()), (ip.clone(), "192.0.2.1")];
            let answer = world.post("/token", &headers, &[GRANT]).await;
            limited += u32::from(answer.status == 429 && answer.header("retry-after").is_some());
        }
        assert!((1..=160).contains(&limited), "a hundred at once pass, a flood does not: {limited}");
        let headers = [(header::AUTHORIZATION, right.as_str()), (ip.clone(), "192.0.2.1")];
        assert_eq!(world.post("/token", &headers, &[GRANT]).await.status, 200);
        let elsewhere = [(header::AUTHORIZATION, wrong.as_str()), (ip, "192.0.2.2")];
        assert_eq!(world.post("/token", &elsewhere, &[GRANT]).await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn b09_two_methods_at_once_and_two_ids_are_refused() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        let other = world.application(machine()).await;
        let secret = client.secret.clone().unwrap();
        let right = basic(&client.id, &secret);
        let both = [GRANT, ("client_id", client.id.as_str()), ("client_secret", secret.as_str())];
        with_header(&world, &right, &both).await.refused(400, "invalid_request");
        with_header(&world, &right, &[GRANT, ("client_id", &other.id)]).await.refused(400, "invalid_request");
        assert_eq!(with_header(&world, &right, &[GRANT, ("client_id", &client.id)]).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn b10_secrets_of_any_characters_work_and_sloppy_base64_does_not() {
    on_each(|world| async move {
        let mut choice = machine();
        choice.secret = "a:b+c%20é".to_owned();
        let client = world.application(choice).await;
        assert_eq!(client.post(&world, "/token", &[GRANT]).await.status, 200);
        let right = basic(&client.id, "a:b+c%20é");
        for wrong in
            ["Basic", "Basic ", "Basic !!!!", "Bearer x", &format!("{}=", right), &right.replace("Basic", "Negotiate")]
        {
            with_header(&world, wrong, &[GRANT]).await.refused(401, "invalid_client");
        }
    })
    .await;
}

#[tokio::test]
async fn b11_the_method_is_pinned() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        let secret = client.secret.clone().unwrap();
        let by_post = [GRANT, ("client_id", client.id.as_str()), ("client_secret", secret.as_str())];
        world.post("/token", &[], &by_post).await.refused(401, "invalid_client");
        world.post("/token", &[], &[GRANT, ("client_id", &client.id)]).await.refused(401, "invalid_client");
        let public = world.application(spa()).await;
        with_header(&world, &basic(&public.id, "x"), &[GRANT]).await.refused(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn b18_secrets_are_hashed_two_are_valid_while_one_is_rotated_and_then_the_old_one_ends() {
    on_each(|world| async move {
        use polder_tenant_api::ApplicationSecretId;
        use polder_tenant_runtime::store::applications::{self, NewSecret};
        let client = world.application(machine()).await;
        let id = client.id.parse().unwrap();
        let now = world.clock.now();
        let hash = world.app.keyring.index("client-secret", b"the-second-secret");
        let new = NewSecret { id: ApplicationSecretId::from_bytes([2; 16]), hash, created_at: now };
        let until = now + std::time::Duration::from_secs(3600);
        let work =
            world.app.db.write(move |tx| Box::pin(async move { applications::add_secret(tx, id, &new, until).await }));
        work.await.unwrap();
        world.app.refresh_applications().await.unwrap();
        let second = basic(&client.id, "the-second-secret");
        assert_eq!(client.post(&world, "/token", &[GRANT]).await.status, 200);
        assert_eq!(with_header(&world, &second, &[GRANT]).await.status, 200);
        world.pass(3601);
        client.post(&world, "/token", &[GRANT]).await.refused(401, "invalid_client");
        assert_eq!(with_header(&world, &second, &[GRANT]).await.status, 200);
    })
    .await;
}
