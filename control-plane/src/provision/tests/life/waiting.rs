//! Requests wait while a tenant is woken or started again, and there is an end to that.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_at_once_for_a_sleeper_start_it_once_and_are_all_answered() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let asleep = wish(&app, &tenant, Action::Sleep).await;
    assert_eq!(asleep.state, TenantState::Asleep);
    let starts = kept(&app, &tenant).starts;
    let answers = many(&app, 50).await;
    assert!(answers.iter().all(|(status, body)| *status == StatusCode::OK && body == "a tenant"), "{answers:?}");
    assert_eq!(kept(&app, &tenant).starts, starts + 1, "one start");
    assert!(settled(&app, tenant.id, WITHIN).await);
    assert_settled(&app, &tenant, Aim::Running, "woken").await;
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_requests_wait_than_may() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    wish(&app, &tenant, Action::Sleep).await;
    let most = crate::gateway::wake::MOST_WAITING_OF_ONE;
    let answers = many(&app, most + 40).await;
    let refused = answers.iter().filter(|(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE).count();
    assert!(refused > 0 && refused <= 40, "{refused}");
    assert_eq!(answers.len() - refused, answers.iter().filter(|(status, _)| *status == StatusCode::OK).count());
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeper_that_does_not_come_up_is_answered_for_and_not_tried_for_ever() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    wish(&app, &tenant, Action::Sleep).await;
    fs::write(&app.settings.programs.tenant, "#!/bin/sh\necho no luck >&2\nexit 1\n").unwrap();
    let answers = many(&app, 5).await;
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE), "{answers:?}");
    assert!(settled(&app, tenant.id, WITHIN).await);
    let failed = by_slug(&app, "acme").await;
    assert_eq!((failed.state, failed.failure.as_deref()), (TenantState::Failed, Some("no luck")));
    assert_eq!(ask(&app, "/").await.0, StatusCode::MISDIRECTED_REQUEST);
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_a_new_process_and_no_request_is_lost() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let starts = kept(&app, &tenant).starts;
    let socket = app.settings.layout.tenant_run(&tenant.short_id).join("public.sock");
    assert!(UnixStream::connect(&socket).is_ok());
    change(&app, &ActingFor::system(), tenant.id, Action::Restart).await.unwrap();
    while app.routes.state("acme") != WayState::Held {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let answers = many(&app, 20).await;
    assert!(settled(&app, tenant.id, WITHIN).await);
    assert_eq!(kept(&app, &tenant).starts, starts + 1);
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK), "{answers:?}");
    assert_settled(&app, &tenant, Aim::Running, "restarted").await;
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_who_administers_a_tenant_waits_while_it_is_restarted() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let suspended = wish(&app, &tenant, Action::Suspend).await;
    for shown in [suspended, wish(&app, &tenant, Action::Resume).await] {
        let before = app.provision.started_at(tenant.id);
        change(&app, &ActingFor::system(), tenant.id, Action::Restart).await.unwrap();
        // From before it is stopped until after it is back, without a moment in which nobody asks.
        let mut asked = 0;
        while app.provision.started_at(tenant.id) == before || !settled(&app, tenant.id, Duration::ZERO).await {
            let on = On { app: Arc::clone(&app), tenant: shown.clone(), acting: ActingFor::system() };
            settings::show(&on).await.unwrap_or_else(|error| panic!("{}: {error}", shown.state));
            asked += 1;
        }
        assert!(asked > 0);
    }
    killed(app).await;
}
