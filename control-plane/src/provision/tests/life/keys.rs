//! The key of our word to a tenant.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn g19_the_key_of_our_word_is_rotated_and_a_rotation_that_was_interrupted_is_completed() {
    let data = tempfile::tempdir().unwrap();
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let key = || app.secrets.read(&Name::TenantAdmin(&tenant.short_id)).unwrap().unwrap().expose().clone();
    let on = async || On { app: Arc::clone(&app), tenant: by_slug(&app, "acme").await, acting: ActingFor::system() };
    let first = key();
    assertion_key::rotate(&on().await).await.unwrap();
    let second = key();
    assert_ne!(first, second);
    // It believes what the new key signs: being told needs our word.
    assert_eq!(wish(&app, &tenant, Action::Suspend).await.state, TenantState::Suspended);
    assert_eq!(kept(&app, &tenant).told, ["suspended"]);
    // Killed once the next key was made.
    let next = assertion_key::generate(&app.entropy).unwrap();
    app.secrets.keep(&Name::TenantAdminNext(&tenant.short_id), &next).unwrap();
    custody::round(&app).await.unwrap();
    assert_eq!(key(), *next.expose());
    assert_eq!(wish(&app, &tenant, Action::Resume).await.state, TenantState::Running);
    assert_eq!(kept(&app, &tenant).told, ["suspended", "serving"]);
    killed(app).await;
}
