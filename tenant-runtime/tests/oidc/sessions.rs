//! What hangs on a session: tokens, and what applications know it by (E13, E14, E15, E19, E22).

use http::header;
use polder_db::args;
use polder_tenant_runtime::store::users;

use crate::support::Browser;
use crate::support::client::{AFTERWARDS, spa, web};
use crate::support::token::claims;
use crate::support::world::on_each;

#[tokio::test]
async fn e13_e14_e19_who_leaves_takes_their_own_tokens_along_and_nobody_elses() {
    on_each(|world| async move {
        let client = world.application(spa()).await;
        let browser = world.browser();
        let mut given = Vec::new();
        let mut secrets = Vec::new();
        for address in ["ann@example.test", "bob@example.test"] {
            browser.sign_in(&world, world.user(address).await).await;
            let code = browser.code_with(&world, &client, &[("scope", "openid")]).await;
            given.push(client.redeem(&world, &code).await);
            secrets.push(browser.cookie("session").unwrap());
        }
        browser.set_cookie("session", &secrets.join("."));
        let hint = given[0].member("id_token");
        let leave = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTERWARDS)];
        let target = format!("/end_session?{}", serde_urlencoded::to_string(leave).unwrap());
        assert!(browser.get(&world, &target).await.location().as_str().starts_with(AFTERWARDS));
        for (tokens, lives) in given.iter().zip([false, true]) {
            let bearer = format!("Bearer {}", tokens.member("access_token"));
            let userinfo = world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await;
            let refreshed = client.refresh(&world, &tokens.member("refresh_token")).await;
            let expected = if lives { (200, 200) } else { (401, 400) };
            assert_eq!((userinfo.status, refreshed.status), expected);
        }
        // The account's own pages and single sign-on see it at the next request, too.
        let gone = Browser::new(&world);
        gone.set_cookie("session", &secrets[0]);
        assert_eq!(gone.get(&world, "/account").await.status, 303);
        gone.get(&world, &client.authorize(&[("prompt", "none")])).await.redirected_error("login_required");
    })
    .await;
}

#[tokio::test]
async fn e15_a_reuse_is_in_the_log_with_family_and_network_and_names_no_culprit() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        let user = world.user("ann@example.test").await;
        browser.sign_in(&world, user).await;
        let first = browser.tokens(&world, &client).await.member("refresh_token");
        let second = client.refresh(&world, &first).await.member("refresh_token");
        world.pass(21);
        let honest = client.refresh(&world, &first).await;
        let other = client.refresh(&world, &second).await;
        assert_eq!((honest.status, honest.text()), (other.status, other.text()), "both read the same");
        let mut tx = world.app.db.read().await.unwrap();
        let filter = polder_audit::Filter { user_id: Some(user.to_string()), ..Default::default() };
        let entries = polder_audit::list(&mut tx, &filter, None, 100).await.unwrap();
        let raised: Vec<_> = entries.iter().filter(|entry| entry.action == "grant.reuse_detected").collect();
        assert_eq!(raised.len(), 1);
        assert_eq!(raised[0].application_id.as_deref(), Some(client.id.as_str()));
        let wrapped = users::audit_key(&mut tx, user).await.unwrap().unwrap();
        let key = world.app.keyring.person_key(&user.to_string(), &wrapped).unwrap();
        let details = raised[0].details(&world.app.keyring, Some(&key)).unwrap().unwrap();
        let family = tx.optional("SELECT id FROM oauth_grant", &args![], |row| row.text("id")).await.unwrap().unwrap();
        assert_eq!(details["grant_id"], family.as_str());
        assert!(
            details.as_object().unwrap().keys().all(|name| ["grant_id", "ip"].contains(&name.as_str())),
            "{details}"
        );
    })
    .await;
}

#[tokio::test]
async fn e22_each_application_knows_a_session_by_a_name_of_its_own_that_is_no_secret() {
    on_each(|world| async move {
        let (one, other) = (world.application(web()).await, world.application(web()).await);
        let browser = world.browser();
        let id = browser.sign_in(&world, world.user("ann@example.test").await).await.to_string();
        let mut names = Vec::new();
        for client in [&one, &other, &one] {
            let token = browser.tokens(&world, client).await.member("id_token");
            names.push(claims(&token)["sid"].as_str().unwrap().to_owned());
        }
        assert_eq!(names[0], names[2], "the same each time");
        assert_ne!(names[0], names[1], "applications cannot put their names together");
        let cookie = browser.cookie("session").unwrap();
        for name in &names {
            assert!(*name != cookie && *name != id && !cookie.contains(name.as_str()));
            let thief = Browser::new(&world);
            thief.set_cookie("session", name);
            thief.get(&world, &one.authorize(&[("prompt", "none")])).await.redirected_error("login_required");
        }
    })
    .await;
}
