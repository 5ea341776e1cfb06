//! `grant_type=refresh_token`: rotation, reuse, grace, lifetimes.

use polder_db::args;
use polder_tenant_api::Access;
use polder_tenant_runtime::model::Application;
use polder_tenant_runtime::store::applications;

use crate::support::client::{spa, web};
use crate::support::token::claims;
use crate::support::world::on_each;
use crate::support::{Browser, Client, World};

const DAY: u64 = 24 * 3600;

async fn ready(world: &World) -> (Client, Browser, String) {
    let client = world.application(web()).await;
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    let token = browser.tokens(world, &client).await.member("refresh_token");
    (client, browser, token)
}

#[tokio::test]
async fn a27_it_works_and_is_bound_to_its_application() {
    on_each(|world| async move {
        let (client, _, token) = ready(&world).await;
        let other = world.application(web()).await;
        assert!(token.bytes().all(|b| (0x20..0x7f).contains(&b)), "VSCHAR");
        other.refresh(&world, &token).await.refused(400, "invalid_grant");
        let answer = client.refresh(&world, &token).await;
        assert_eq!(answer.status, 200, "another's attempt did no harm");
        assert_ne!(answer.member("refresh_token"), token);
        let id_token = claims(&answer.member("id_token"));
        assert_eq!(id_token.get("nonce"), None);
        assert!(id_token["auth_time"].is_i64());
    })
    .await;
}

#[tokio::test]
async fn a27_without_the_grant_there_is_no_refresh_token() {
    on_each(|world| async move {
        let mut choice = web();
        choice.wish.grant_types = Some(vec!["authorization_code".to_owned()]);
        let client = world.application(choice).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let answer = browser.tokens(&world, &client).await;
        assert_eq!(answer.json().get("refresh_token"), None);
        assert_eq!(answer.member("scope"), "openid profile email", "offline_access means nothing here");
    })
    .await;
}

#[tokio::test]
async fn b19_the_access_token_may_have_less_scope_but_never_more() {
    on_each(|world| async move {
        let (client, _, token) = ready(&world).await;
        let with = |token: String, scope: &'static str| {
            let (world, client) = (&world, &client);
            async move {
                let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
                client.post(world, "/token", &form).await
            }
        };
        with(token.clone(), "openid roles").await.refused(400, "invalid_scope");
        let less = with(token, "openid").await;
        assert_eq!(less.member("scope"), "openid");
        let whole = client.refresh(&world, &less.member("refresh_token")).await;
        assert_eq!(whole.member("scope"), "openid profile email offline_access");
    })
    .await;
}

#[tokio::test]
async fn p3_b43_a_reused_refresh_token_revokes_its_family() {
    on_each(|world| async move {
        let (client, _, first) = ready(&world).await;
        let answer = client.refresh(&world, &first).await;
        let (second, access) = (answer.member("refresh_token"), answer.member("access_token"));
        world.pass(21);
        client.refresh(&world, &first).await.refused(400, "invalid_grant");
        client.refresh(&world, &second).await.refused(400, "invalid_grant");
        assert_eq!(client.introspect(&world, &access).await.json()["active"], false);
        let mut tx = world.app.db.read().await.unwrap();
        let sql = "SELECT action FROM audit_event WHERE action = 'grant.reuse_detected'";
        let found = tx.all(sql, &args![], |row| row.text("action")).await.unwrap();
        assert_eq!(found.len(), 1, "E15: raised once");
    })
    .await;
}

#[tokio::test]
async fn b43_once_the_successor_was_used_there_is_no_grace() {
    on_each(|world| async move {
        let (client, _, first) = ready(&world).await;
        let second = client.refresh(&world, &first).await.member("refresh_token");
        let third = client.refresh(&world, &second).await.member("refresh_token");
        client.refresh(&world, &first).await.refused(400, "invalid_grant");
        client.refresh(&world, &third).await.refused(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn b44_within_the_grace_the_same_successor_comes_again() {
    on_each(|world| async move {
        let (client, _, first) = ready(&world).await;
        let second = client.refresh(&world, &first).await.member("refresh_token");
        world.pass(19);
        for _ in 0..3 {
            assert_eq!(client.refresh(&world, &first).await.member("refresh_token"), second);
        }
        assert_eq!(client.refresh(&world, &second).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn b45_an_unused_family_ends_after_thirty_days_and_every_family_after_ninety() {
    on_each(|world| async move {
        let (client, browser, token) = ready(&world).await;
        world.pass(30 * DAY);
        client.refresh(&world, &token).await.refused(400, "invalid_grant");
        browser.sign_in(&world, world.user("bob@example.test").await).await;
        let mut token = browser.tokens(&world, &client).await.member("refresh_token");
        for _ in 0..4 {
            world.pass(22 * DAY);
            let answer = client.refresh(&world, &token).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            token = answer.member("refresh_token");
        }
        world.pass(2 * DAY);
        client.refresh(&world, &token).await.refused(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn b45_b94_without_offline_access_the_family_ends_with_the_session() {
    on_each(|world| async move {
        let client = world.application(spa()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let code = browser.code_with(&world, &client, &[("scope", "openid")]).await;
        let tied = client.redeem(&world, &code).await;
        let code = browser.code_with(&world, &client, &[("scope", "openid offline_access")]).await;
        let free = client.redeem(&world, &code).await;
        let page = browser.get(&world, "/end_session").await.text();
        browser.post(&world, "/end_session", &crate::end_session::form(&page)).await;
        client.refresh(&world, &tied.member("refresh_token")).await.refused(400, "invalid_grant");
        world.pass(2);
        let answer = client.refresh(&world, &free.member("refresh_token")).await;
        assert_eq!(answer.status, 200, "offline_access outlives the session");
        for dead in [tied.member("access_token"), free.member("access_token")] {
            userinfo(&world, &dead).await.refused(401, "invalid_token");
        }
        assert_eq!(userinfo(&world, &answer.member("access_token")).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn b94_a_session_bound_family_does_not_outlive_the_sessions_last_day() {
    on_each(|world| async move {
        let client = world.application(spa()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let code = browser.code_with(&world, &client, &[("scope", "openid")]).await;
        let mut token = client.redeem(&world, &code).await.member("refresh_token");
        // The person is seen every half day, so that the session is never idle.
        for _ in 0..59 {
            world.pass(DAY / 2 - 60);
            browser.code(&world, &client).await;
            token = client.refresh(&world, &token).await.member("refresh_token");
        }
        world.pass(DAY / 2 + 59 * 60);
        client.refresh(&world, &token).await.refused(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn e13_a_session_bound_family_ends_when_the_session_is_idle_for_too_long() {
    on_each(|world| async move {
        let client = world.application(spa()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let code = browser.code_with(&world, &client, &[("scope", "openid")]).await;
        let tied = client.redeem(&world, &code).await.member("refresh_token");
        let code = browser.code_with(&world, &client, &[("scope", "openid offline_access")]).await;
        let free = client.redeem(&world, &code).await.member("refresh_token");
        world.pass(DAY / 4);
        let tied = client.refresh(&world, &tied).await.member("refresh_token");
        // A refresh is no visit: the session counts from when the person was seen.
        world.pass(DAY / 4);
        client.refresh(&world, &tied).await.refused(400, "invalid_grant");
        assert_eq!(client.refresh(&world, &free).await.status, 200, "offline_access outlives the session");
    })
    .await;
}

async fn userinfo(world: &World, token: &str) -> crate::support::Answer {
    world.get("/userinfo", &[(http::header::AUTHORIZATION, &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn b20_a_stopped_person_or_application_stops_every_token_at_once() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        let user = world.user("ann@example.test").await;
        browser.sign_in(&world, user).await;
        let tokens = browser.tokens(&world, &client).await;
        world.set_disabled(user, true).await;
        client.refresh(&world, &tokens.member("refresh_token")).await.refused(400, "invalid_grant");
        userinfo(&world, &tokens.member("access_token")).await.refused(401, "invalid_token");
        world.set_disabled(user, false).await;
        assert_eq!(userinfo(&world, &tokens.member("access_token")).await.status, 200);
        world.switch_off(&client).await;
        client.refresh(&world, &tokens.member("refresh_token")).await.refused(401, "invalid_client");
        userinfo(&world, &tokens.member("access_token")).await.refused(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn b26_a_refresh_token_is_verified_whole() {
    on_each(|world| async move {
        let (client, _, token) = ready(&world).await;
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            client.refresh(&world, &changed).await.refused(400, "invalid_grant");
        }
        let flipped: String = token
            .chars()
            .map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect();
        for wrong in [&token[1..], &token[..token.len() - 1], &format!("{token}A"), &format!("{token}="), &flipped] {
            client.refresh(&world, wrong).await.refused(400, "invalid_grant");
        }
        assert_eq!(client.refresh(&world, &token).await.status, 200, "none of that did harm");
    })
    .await;
}

#[tokio::test]
async fn a27_another_application_learns_nothing_by_naming_a_scope() {
    on_each(|world| async move {
        let (client, _, token) = ready(&world).await;
        let other = world.application(web()).await;
        for scope in ["openid", "openid roles"] {
            let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
            other.post(&world, "/token", &form).await.refused(400, "invalid_grant");
        }
        assert_eq!(client.refresh(&world, &token).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn p19_whoever_an_application_no_longer_admits_gets_no_further_tokens_for_it() {
    on_each(|world| async move {
        let mut choice = web();
        choice.access = Access::Role { role: "coach".to_owned() };
        let client = world.application(choice).await;
        let ann = world.user("ann@example.test").await;
        world.set_roles(ann, &["coach"]).await;
        let browser = world.browser();
        browser.sign_in(&world, ann).await;
        let code = browser.code(&world, &client).await;
        let token = browser.tokens(&world, &client).await.member("refresh_token");
        let token = client.refresh(&world, &token).await.member("refresh_token");
        world.set_roles(ann, &[]).await;
        client.refresh(&world, &token).await.refused(400, "invalid_grant");
        client.redeem(&world, &code).await.refused(400, "invalid_grant");
        world.pass(60);
        world.set_roles(ann, &["coach"]).await;
        assert_eq!(client.refresh(&world, &token).await.status, 200, "a refusal is no theft");
    })
    .await;
}

#[tokio::test]
async fn b86_a_rule_that_asks_for_more_holds_for_codes_and_refresh_tokens_and_uses_neither_up() {
    on_each(|world| async move {
        let (client, browser, token) = ready(&world).await;
        let code = browser.code(&world, &client).await;
        let before = polder_tenant_api::Settings::clone(&world.app.tenant.current());
        let stricter = polder_tenant_api::Settings {
            second_factor: polder_tenant_api::SecondFactorPolicy::Required,
            ..before.clone()
        };
        world.app.tenant.replace(stricter);
        client.refresh(&world, &token).await.refused(400, "invalid_grant");
        client.redeem(&world, &code).await.refused(400, "invalid_grant");
        world.app.tenant.replace(before);
        assert_eq!(client.redeem(&world, &code).await.status, 200);
        assert_eq!(client.refresh(&world, &token).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn b19_a_scope_that_was_taken_from_the_application_is_in_no_new_token() {
    on_each(|world| async move {
        let mut choice = web();
        choice.wish.scopes = vec!["read".to_owned(), "write".to_owned()];
        let client = world.application(choice).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let all = [("scope", "openid offline_access read write")];
        let code = browser.code_with(&world, &client, &all).await;
        let late = browser.code_with(&world, &client, &all).await;
        let tokens = client.redeem(&world, &code).await;
        assert_eq!(tokens.member("scope"), "openid offline_access read write");
        let mut application = Application::clone(&world.app.applications.find(&client.id).unwrap());
        application.preferences.scopes = vec!["read".to_owned()];
        application.client.scopes = ["read"].into_iter().collect();
        let work = world.app.db.write(move |tx| Box::pin(async move { applications::update(tx, &application).await }));
        assert!(work.await.unwrap());
        world.app.refresh_applications().await.unwrap();
        for answer in
            [client.refresh(&world, &tokens.member("refresh_token")).await, client.redeem(&world, &late).await]
        {
            assert_eq!(answer.member("scope"), "openid offline_access read", "{}", answer.text());
        }
    })
    .await;
}
