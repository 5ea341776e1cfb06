//! What happens by itself as time passes.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn timers_put_the_idle_to_sleep_wake_them_for_their_work_and_end_the_grace() {
    let data = Ground::new().await;
    let app = by_hand(data.path()).await;
    let tenant = acme(&app).await;
    let look = async || {
        timers::look(&app).await.unwrap();
        assert!(settled(&app, tenant.id, WITHIN).await);
        by_slug(&app, "acme").await.state
    };
    set_idle(&app, &ActingFor::system(), &by_slug(&app, "acme").await, Some(600)).await.unwrap();
    app.clock.advance(Duration::from_secs(599));
    assert_eq!(look().await, TenantState::Running);
    assert_eq!(ask(&app, "/").await.0, StatusCode::OK);
    app.clock.advance(Duration::from_secs(599));
    assert_eq!(look().await, TenantState::Running, "a request counts");
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(look().await, TenantState::Asleep);
    let due = by_slug(&app, "acme").await.plans.wake_at.unwrap();
    app.clock.advance(due.since(app.clock.now()) - Duration::from_secs(1));
    assert_eq!(look().await, TenantState::Asleep);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(look().await, TenantState::Running, "its own work is due");
    // Never, when that was chosen.
    set_idle(&app, &ActingFor::system(), &by_slug(&app, "acme").await, Some(0)).await.unwrap();
    app.clock.advance(DAY * 365);
    assert_eq!(look().await, TenantState::Running);
    // Thirty days of grace, to the second.
    wish(&app, &tenant, GRACE).await;
    app.clock.advance(DAY * 30 - Duration::from_secs(1));
    assert_eq!(look().await, TenantState::Terminating);
    assert_eq!(by_slug(&app, "acme").await.desired, Aim::Terminating);
    app.clock.advance(Duration::from_secs(1));
    look().await;
    assert_settled(&app, &tenant, Aim::Destroyed, "the grace is over").await;
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_what_nobody_finished_is_taken_up_again() {
    let data = Ground::new().await;
    let app = by_hand(data.path()).await;
    let tenant = acme(&app).await;
    app.routes.close("acme");
    let (id, now, of) = (OperationId::new(&app.clock, &app.entropy), app.clock.now(), tenant.id);
    let begun = app.db.write(move |tx| {
        Box::pin(async move { operations::begin(tx, id, (of, OperationKind::Start), &Actor::System, now).await })
    });
    begun.await.unwrap();
    timers::look(&app).await.unwrap();
    assert!(settled(&app, tenant.id, WITHIN).await);
    assert_settled(&app, &tenant, Aim::Running, "taken up").await;
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d07_mail_that_waits_keeps_a_tenant_awake_or_wakes_it() {
    let data = tempfile::tempdir().unwrap();
    let app = by_hand(data.path()).await;
    let tenant = acme(&app).await;
    let look = async || {
        timers::look(&app).await.unwrap();
        assert!(settled(&app, tenant.id, WITHIN).await);
        by_slug(&app, "acme").await.state
    };
    let due = app.clock.now() + Duration::from_secs(3600);
    let mail = app.settings.layout.tenant_data(&tenant.short_id).join("mail");
    fs::write(&mail, due.millis().to_string()).unwrap();
    set_idle(&app, &ActingFor::system(), &tenant, Some(600)).await.unwrap();
    app.clock.advance(Duration::from_secs(900));
    assert_eq!(look().await, TenantState::Running, "it is idle, and a message waits");
    assert_eq!(wish(&app, &tenant, Action::Sleep).await.state, TenantState::Asleep, "somebody insists");
    assert_eq!(by_slug(&app, "acme").await.plans.wake_at, Some(due));
    app.clock.advance(Duration::from_secs(2700));
    assert_eq!(look().await, TenantState::Running, "the message is due");
    fs::remove_file(&mail).unwrap();
    app.clock.advance(Duration::from_secs(601));
    assert_eq!(look().await, TenantState::Asleep);
    assert!(by_slug(&app, "acme").await.plans.wake_at.is_some_and(|at| at > due));
    killed(app).await;
}
