//! How a tenant looks: chosen by a form, shown in a frame, a logo as a file (F03).

use http::header::{CONTENT_TYPE, COOKIE};
use http::{Request, StatusCode};

use crate::model::Role;
use crate::testing::World;

#[tokio::test(flavor = "multi_thread")]
async fn f03_a_look_is_chosen_by_a_form_and_checked_before_the_tenant_hears_of_it() {
    let world = World::new().await;
    let member = world.member(Role::Developer).await;
    let path = "/tenants/acme/branding";
    let (cookie, csrf) = (member.0.as_str(), member.1.as_str());
    let wrong = world.post((cookie, csrf), path, "primary_color=%23ffcc00&radius=99").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("id=\"primary_color-problem\"") && wrong.body.contains("4.5:1"), "{}", wrong.body);
    assert!(wrong.body.contains("id=\"radius-problem\""));
    let hostile = "primary_color=url(//evil.example)&nl_welcome=%3Cscript%3Ealert(1)%3C/script%3E";
    let refused = world.post((cookie, csrf), path, hostile).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.body.contains("<script>alert"), "{}", refused.body);
    assert!(!world.stub.seen().iter().any(|(_, method, _)| method == "PUT"));
    let saved = world.post((cookie, csrf), path, "primary_color=%231d4ed8&nl_welcome=Hoi&nl_name=").await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, "/tenants/acme/branding?notice=saved")
    );
    assert!(world.stub.seen().iter().any(|(_, method, path)| method == "PUT" && path == "/branding"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_f03_a_preview_is_framed_by_us_alone_and_runs_nothing() {
    let world = World::new().await;
    let (cookie, _) = world.member(Role::Auditor).await;
    let page = world.get(&cookie, "/tenants/acme/branding").await;
    assert!(page.header("content-security-policy").contains("frame-src 'self'"), "{page:?}");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    let base = "/tenants/acme/branding/preview";
    for (show, policy) in [("sign-in", "script-src 'none'"), ("account", "script-src 'none'"), ("mail", "sandbox")] {
        let shown = world.get(&cookie, &format!("{base}?show={show}&in=nl&look=dark")).await;
        let said = shown.header("content-security-policy");
        assert!(said.contains(policy) && said.contains("frame-ancestors 'self'"), "{said}");
        assert!(said.contains("default-src 'none'"), "{said}");
    }
    let live = "live=1&primary_color=%231d4ed8&welcome=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E";
    let shown = world.get(&cookie, &format!("{base}?{live}")).await;
    assert!(shown.body.contains("&#60;img src=x") && !shown.body.contains("<img src=x"), "{}", shown.body);
    let style = shown.body.split("href=\"").find(|part| part.contains("preview.css")).unwrap();
    let style = style.split('"').next().unwrap().replace("&#38;", "&");
    let sheet = world.get(&cookie, &style).await;
    assert!(
        sheet.body.contains("--accent:#1d4ed8;") && sheet.header("content-type").starts_with("text/css"),
        "{sheet:?}"
    );
    for hostile in ["primary_color=red%7D", "primary_color=%23ffcc00", "radius=9999", "background_color=url(//x)"] {
        assert_eq!(world.get(&cookie, &format!("{base}?live=1&{hostile}")).await.status, StatusCode::NO_CONTENT);
        assert_eq!(world.get(&cookie, &format!("{base}.css?{hostile}")).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f03_e07_a_logo_comes_as_a_file_from_our_own_form() {
    let world = World::new().await;
    let (cookie, csrf) = world.member(Role::Owner).await;
    let send = async |csrf: &str, origin: &str| {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--b\r\nContent-Disposition: form-data; \
             name=\"logo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\npicture\r\n--b--\r\n"
        );
        let request = Request::post("/tenants/acme/branding/logo")
            .header(COOKIE, &cookie)
            .header("origin", world.app.settings.console())
            .header("sec-fetch-site", origin)
            .header(CONTENT_TYPE, "multipart/form-data; boundary=b");
        world.send(request, body).await.status
    };
    assert_eq!(send("x", "same-origin").await, StatusCode::FORBIDDEN);
    assert_eq!(send(&csrf, "cross-site").await, StatusCode::FORBIDDEN);
    assert!(world.stub.seen().is_empty());
    assert_eq!(send(&csrf, "same-origin").await, StatusCode::SEE_OTHER);
    assert!(world.stub.seen().iter().any(|(_, method, path)| method == "PUT" && path == "/branding/logo"));
    let huge = Request::post("/tenants/acme/branding/logo")
        .header(COOKIE, &cookie)
        .header("origin", world.app.settings.console())
        .header("sec-fetch-site", "same-origin")
        .header(CONTENT_TYPE, "multipart/form-data; boundary=b");
    assert_eq!(world.send(huge, vec![b'x'; 300 * 1024]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
