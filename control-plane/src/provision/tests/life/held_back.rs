//! Who takes too much of the disk.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn g12_who_fills_the_disk_is_suspended_and_who_goes_on_is_stopped() {
    let data = Ground::new().await;
    let app = control_plane_with(data.path(), |settings| settings.disk_per_tenant = Some(8 << 20)).await;
    let tenant = acme(&app).await;
    let junk = app.settings.layout.tenant_data(&tenant.short_id).join("junk");
    let look = async || {
        disk::look(&app).await.unwrap();
        by_slug(&app, "acme").await
    };
    assert_eq!(look().await.state, TenantState::Running);
    fs::write(&junk, vec![1; 9 << 20]).unwrap();
    let held = look().await;
    assert_eq!((held.state, held.desired), (TenantState::Suspended, Aim::Suspended));
    assert!(held.failure.as_deref().is_some_and(|why| why.contains("it may hold 8 MiB")), "{:?}", held.failure);
    assert_eq!((ask(&app, "/jwks.json").await.0, ask(&app, "/").await.0.as_u16()), (StatusCode::OK, 503));
    assert_eq!(look().await.state, TenantState::Suspended, "its data stays, and so do its documents");
    assert!(app.driver.running(&tenant.short_id));
    fs::remove_file(&junk).unwrap();
    let back = wish(&app, &tenant, Action::Resume).await;
    assert_eq!((look().await.state, back.failure), (TenantState::Running, None));
    // Who goes on writing, suspended.
    fs::write(&junk, vec![1; 12 << 20]).unwrap();
    assert_eq!(look().await.state, TenantState::Suspended);
    let stopped = look().await;
    assert_eq!(stopped.state, TenantState::Failed);
    assert!(stopped.failure.is_some() && !app.driver.running(&tenant.short_id));
    assert_eq!(ask(&app, "/jwks.json").await.0, StatusCode::MISDIRECTED_REQUEST);
    fs::remove_file(&junk).unwrap();
    assert_eq!(wish(&app, &tenant, Action::Resume).await.state, TenantState::Running);
    assert_settled(&app, &tenant, Aim::Running, "once there is room").await;
    killed(app).await;
}
