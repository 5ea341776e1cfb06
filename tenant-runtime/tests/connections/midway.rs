//! What changes while somebody is at the provider.

use serde_json::json;

use crate::connections::stage::{Stage, form, submit};
use crate::support::world::on_each;

const ANN: &str = "ann@example.test";

/// Switches connections off in the database alone, as it is for a request that looked them up before.
async fn switch_off(stage: &Stage, sql: &'static str) {
    let work = stage.world.app.db.write(move |tx| {
        Box::pin(async move { tx.execute(sql, &[]).await.map_err(polder_tenant_runtime::error::Internal::from) })
    });
    assert_eq!(work.await.unwrap(), 1);
}

#[tokio::test]
async fn b38_a_connection_that_is_switched_off_meanwhile_signs_nobody_in() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user(ANN).await;
        stage.connect(ANN, "ann-there").await;
        let before = stage.sessions().await;
        for sql in ["UPDATE connection SET disabled_at = 1", "DELETE FROM connection"] {
            for subject in ["ann-there", "nobodys-yet"] {
                let browser = stage.world.browser();
                let begun = stage.begin(&browser).await;
                stage.vouch(&begun, subject, &json!({}));
                if subject == "ann-there" {
                    switch_off(&stage, sql).await;
                }
                let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
                assert!([403, 502].contains(&answer.status), "{sql}: {}", answer.text());
                stage.nobody(&answer, &browser);
            }
        }
        assert_eq!((stage.sessions().await, stage.connected().await), (before, 0));
        assert_eq!(stage.world.rows("SELECT COUNT(*) AS n FROM unconnected_account").await, 0);
    })
    .await;
}

#[tokio::test]
async fn b100_a_connection_that_is_switched_off_meanwhile_connects_nothing() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user(ANN).await;
        let browser = stage.world.browser();
        let flow = stage.sign_in(&browser, "ann-there").await.header("location").unwrap().to_owned();
        stage.prove(&browser, &flow, ANN).await;
        let page = browser.get(&stage.world, &flow).await;
        assert!(form(&page, "connect-form").is_some(), "{}", page.text());
        switch_off(&stage, "UPDATE connection SET disabled_at = 1").await;
        let answer = submit(&stage.world, &browser, &page, "connect-form", &[]).await;
        assert!(answer.parameter("code").is_some(), "the sign-in itself stands");
        assert_eq!(stage.connected().await, 0);
    })
    .await;
}

#[tokio::test]
async fn r1_saying_no_at_the_provider_fills_no_log() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let browser = stage.world.browser();
        let begun = stage.begin(&browser).await;
        let failures = "SELECT COUNT(*) AS n FROM audit_event WHERE action = 'sign_in.failed'";
        let parameters = [("error", "access_denied"), ("state", begun.state.as_str()), ("iss", &stage.upstream.issuer)];
        let answer = browser.get(&stage.world, &stage.callback_of(&stage.connection, &parameters)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        stage.nobody(&answer, &browser);
        assert_eq!(stage.world.rows(failures).await, 0);
        let begun = stage.begin(&browser).await;
        stage.vouch(&begun, "ann-there", &json!({ "nonce": "another" }));
        browser.get(&stage.world, &stage.callback(&begun)).await;
        assert_eq!(stage.world.rows(failures).await, 1, "whereas an answer that is not to be believed is one");
    })
    .await;
}
