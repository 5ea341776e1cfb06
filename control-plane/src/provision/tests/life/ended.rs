//! Suspended, terminated, destroyed: what is left to be seen, and what is not.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn g25_suspended_is_a_neutral_page_and_the_documents_that_verify_tokens() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let suspended = wish(&app, &tenant, Action::Suspend).await;
    assert_eq!(suspended.state, TenantState::Suspended);
    for document in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks.json"] {
        assert_eq!(ask(&app, document).await, (StatusCode::OK, "a tenant".to_owned()), "{document}");
    }
    for path in ["/", "/authorize?client_id=x", "/token", "/signin", "/jwks.json/x", "/assets/x"] {
        let (status, page) = ask(&app, path).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(page.contains("Not available") && !page.to_lowercase().contains("suspend"), "{page}");
    }
    // A repeat changes nothing.
    wish(&app, &tenant, Action::Suspend).await;
    wish(&app, &tenant, Action::Resume).await;
    assert_eq!(ask(&app, "/authorize").await.0, StatusCode::OK);
    assert_eq!(kept(&app, &tenant).told, ["suspended", "serving"], "its own log says so, once each");
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_a_terminated_tenant_looks_like_none_and_comes_back_when_that_is_undone() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let ended = wish(&app, &tenant, GRACE).await;
    assert_eq!(ended.state, TenantState::Terminating);
    assert_eq!(ended.plans.terminate_at, Some(ended.plans.terminated_at.unwrap() + DAY * 30));
    let mut front = Front::new(&app);
    let stranger = Request::get("/").header("host", "nobody.localhost:8600").body(Body::empty()).unwrap();
    let stranger = front.call(stranger).await.unwrap();
    let (status, page) = (stranger.status(), stranger.into_body().collect().await.unwrap().to_bytes());
    assert_eq!(ask(&app, "/").await, (status, String::from_utf8_lossy(&page).into_owned()), "G07: the same");
    wish(&app, &tenant, Action::Undo).await;
    assert_settled(&app, &tenant, Aim::Running, "undone").await;
    assert_eq!(ask(&app, "/").await.0, StatusCode::OK);
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h17_what_is_destroyed_is_gone_signed_for_and_never_given_out_again() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let seal = fs::read_to_string(app.secrets.path(&Name::TenantSeal(&tenant.short_id))).unwrap();
    allow_list::allow(&app, &tenant, &ActingFor::system(), "api.example.org").await.unwrap();
    wish(&app, &tenant, GRACE).await;
    wish(&app, &tenant, Action::Destroy).await;
    assert_settled(&app, &tenant, Aim::Destroyed, "destroyed").await;
    assert!(allow_list::list(&app, &tenant).await.unwrap().is_empty(), "it reaches nothing any more");
    // The seal key is nowhere, in no file and in no row.
    for file in walk(data.path()) {
        let held = fs::read(&file).unwrap();
        assert!(!held.windows(seal.trim().len()).any(|part| part == seal.trim().as_bytes()), "{}", file.display());
    }
    let paper = certificate(&app, &tenant).await.unwrap();
    let kinds: Vec<&str> = paper.certificate.destroyed.iter().map(|item| item.kind.as_str()).collect();
    for kind in ["seal_key", "secret", "runtime", "database", "folder"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    assert_eq!(paper.certificate.slug, "acme");
    // Offline, with the key alone; and not once a word is changed, or for another key.
    paper.verify(app.certificate_key.public_jwk()).unwrap();
    let mut changed = paper.clone();
    changed.certificate.destroyed.pop();
    assert!(changed.verify(app.certificate_key.public_jwk()).is_err());
    assert!(paper.verify(app.checkpoint_key.public_jwk()).is_err());
    // The slug, and what looks like it, are never given out again.
    let organisation_id = organisation(&app).await;
    for (slug, taken) in [("acme", true), ("acrne", false), ("acm3", false)] {
        let new = NewTenant { slug: slug.parse().unwrap(), name: "Again".to_owned(), organisation_id };
        let refused = create(&app, &ActingFor::system(), new).await.unwrap_err();
        assert!(matches!((taken, &refused), (true, CreateError::Taken) | (false, CreateError::Lookalike(_))), "{slug}");
    }
    let again = change(&app, &ActingFor::system(), tenant.id, Action::Undo).await;
    assert!(matches!(again, Err(ChangeError::Illegal(Illegal::Destroyed))));
    killed(app).await;
    // Nor does a start bring anything of it back.
    let app = control_plane(data.path()).await;
    resume::all(&app).await.unwrap();
    assert_settled(&app, &tenant, Aim::Destroyed, "after a start").await;
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g25_platform_is_never_stopped() {
    let data = Ground::new().await;
    let app = by_hand(data.path()).await;
    create::ensure(&app, (Slug::platform(), "Polder"), None, Blueprint::Platform).await.unwrap();
    resume::all(&app).await.unwrap();
    let platform = by_slug(&app, "platform").await;
    for action in [Action::Suspend, Action::Sleep, GRACE, Action::Undo, Action::Destroy] {
        let refused = change(&app, &ActingFor::system(), platform.id, action).await;
        assert!(matches!(refused, Err(ChangeError::Illegal(Illegal::Platform))), "{action:?}");
    }
    app.clock.advance(DAY * 365);
    timers::look(&app).await.unwrap();
    assert!(settled(&app, platform.id, WITHIN).await);
    assert_eq!(by_slug(&app, "platform").await.state, TenantState::Running);
    killed(app).await;
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .filter(|path| path.is_file())
        .collect()
}
