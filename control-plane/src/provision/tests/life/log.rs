//! Who wanted what.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn k13_who_wanted_what_is_in_the_audit_log() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    for action in [Action::Suspend, Action::Resume, Action::Sleep, Action::Wake, Action::Restart, GRACE, Action::Undo] {
        wish(&app, &tenant, action).await;
    }
    wish(&app, &tenant, GRACE).await;
    wish(&app, &tenant, Action::Destroy).await;
    let mut tx = app.db.read().await.unwrap();
    let actions = tx.all("SELECT action FROM audit_event ORDER BY seq", &[], |row| row.text("action")).await.unwrap();
    for pair in [
        ["tenant.suspend_asked", "tenant.suspended"],
        ["tenant.resume_asked", "tenant.resumed"],
        ["tenant.sleep_asked", "tenant.fell_asleep"],
        ["tenant.wake_asked", "tenant.woke"],
        ["tenant.restart_asked", "tenant.restarted"],
        ["tenant.terminate_asked", "tenant.terminated"],
        ["tenant.undo_asked", "tenant.termination_undone"],
        ["tenant.destroy_asked", "tenant.destroyed"],
    ] {
        assert!(actions.windows(2).any(|found| found == pair), "{pair:?}: {actions:?}");
    }
    drop(tx);
    killed(app).await;
}
