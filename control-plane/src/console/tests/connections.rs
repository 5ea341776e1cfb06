//! A tenant's connections, made and changed by forms.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn k15_a_connection_is_made_tested_and_removed_on_the_tenants_page_by_a_named_person() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = "/tenants/acme/connections";
    let post = async |to: &str, form: &str| world.post((&admin.0, &admin.1), to, form).await;
    let choice = world.get(&admin.0, &format!("{path}/new")).await.body;
    for provider in ["google", "microsoft", "apple", "github", "oidc", "oauth2"] {
        assert!(choice.contains(&format!("{path}/new?provider={provider}")), "{provider}");
        // What the provider needs is asked for, and its absence said where it is missing.
        let form = world.get(&admin.0, &format!("{path}/new?provider={provider}")).await;
        assert!(form.status == StatusCode::OK && form.body.contains("id=\"connection-form\""), "{provider}");
        let refused = post(path, &format!("provider={provider}&client_id=abc%3Cscript%3E")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{provider}");
        assert!(refused.body.contains("id=\"client_secret-problem\""), "{provider}: {}", refused.body);
        assert!(refused.body.contains("abc&#60;script&#62;"), "{provider}: what was typed stays, as text");
    }
    // A host that no tenant may reach; and no secret is ever sent back.
    let inside = "provider=oidc&name=X&issuer=https%3A%2F%2F169.254.169.254&client_id=x&client_secret=hush-hush";
    let refused = post(path, inside).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("id=\"issuer-problem\"") && !refused.body.contains("hush-hush"));
    let made = post(path, "provider=github&client_id=x&client_secret=hush-hush").await;
    let one = format!("{path}/{KNOWN}");
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, format!("{one}?notice=saved").as_str()));
    let shown = world.get(&admin.0, &one).await.body;
    assert!(shown.contains("https://acme.example/signin/callback/x") && !shown.contains("hush-hush"), "{shown}");
    let checked = post(&format!("{one}/check"), "").await;
    assert!(checked.body.contains("id=\"check-good\""), "{}", checked.body);
    let wrong = post(&format!("{one}/secret"), "client_secret=").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let deeds =
        [("secret", "client_secret=another", "saved"), ("disable", "", "connection-off"), ("enable", "", "saved")];
    for (deed, form, notice) in deeds {
        let done = post(&format!("{one}/{deed}"), form).await;
        assert_eq!(done.header("location"), format!("{one}?notice={notice}"), "{deed}");
    }
    let refused = post(&format!("{one}/hosts"), "hosts=10.0.0.1").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(post(&format!("{one}/hosts"), "hosts=keys.example.org").await.status, StatusCode::SEE_OTHER);
    let removed = post(&format!("{one}/remove"), "").await;
    assert_eq!(removed.header("location"), format!("{path}?notice=connection-removed"));
    let log = world.log().await;
    let told: Vec<_> = log.iter().map(|(action, kind, details)| (action.as_str(), kind.as_str(), details)).collect();
    for (action, times) in [("connection.created", 1), ("connection.changed", 4), ("connection.removed", 1)] {
        let found = told.iter().filter(|(told, kind, _)| *told == action && *kind == "member").count();
        assert_eq!(found, times, "{action}: {told:?}");
    }
    let hosts = |action: &str| told.iter().filter(|(told, ..)| *told == action).count();
    assert_eq!((hosts("egress.allowed"), hosts("egress.withdrawn")), (3, 3), "{told:?}");
}
