//! A tenant's own look: what it may choose, how it is served, and what nobody can do with it (F03).

use std::io::Write as _;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use image::{ImageEncoder, Rgba, RgbaImage};
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::admin::caller::call;
use crate::browser::Browser;
use crate::tenant::{Answer, Tenant};

async fn front(tenant: &Tenant, language: &str) -> Answer {
    let mut browser = Browser { headers: vec![("accept-language".into(), language.into())], ..Browser::default() };
    browser.authorize(tenant, "").await
}

async fn fetch(tenant: &Tenant, path: &str) -> (http::HeaderMap, Vec<u8>, u16) {
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    let request = Request::get(path).header("host", tenant.app.issuer.authority()).body(Body::empty()).unwrap();
    let router = polder_tenant_runtime::router::public(&tenant.app, polder_service::TrustedProxy::Gateway);
    let answer = router.oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    (parts.headers, body.collect().await.unwrap().to_bytes().to_vec(), parts.status.as_u16())
}

fn linked(page: &Answer, selector: &str, attribute: &str) -> Vec<String> {
    let html = Html::parse_document(&page.body);
    html.select(&Selector::parse(selector).unwrap()).map(|e| e.attr(attribute).unwrap().to_owned()).collect()
}

fn picture() -> String {
    let picture = RgbaImage::from_fn(900, 300, |x, y| {
        let near = (x % 90).abs_diff(45) + (y % 150).abs_diff(75) < 60;
        if near { Rgba([(x / 5) as u8, 60, 180, 255]) } else { Rgba([0, 0, 0, 0]) }
    });
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.write_image(&picture, 900, 300, image::ExtendedColorType::Rgba8).unwrap();
    STANDARD.encode(bytes)
}

#[tokio::test]
async fn f03_choices_become_a_style_sheet_of_ours_under_a_strict_policy() {
    let tenant = Tenant::start().await;
    let plain = front(&tenant, "en").await;
    assert_eq!(linked(&plain, "link[rel=stylesheet]", "href").len(), 1, "our own look has one style sheet");
    let choices = json!({ "primary_color": "#1D4ED8", "radius": 20 });
    let (status, answer) = call(&tenant, "PUT", "/branding", Some(choices)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["contrast"].as_array().unwrap().len(), 8);
    assert!(answer["contrast"].as_array().unwrap().iter().all(|one| one["ratio"].as_f64() >= one["needs"].as_f64()));
    let page = front(&tenant, "en").await;
    let styles = linked(&page, "link[rel=stylesheet]", "href");
    assert!(styles.len() == 2 && styles[1].starts_with("/branding/style."), "after ours: {styles:?}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe") && policy.contains("default-src 'none'"), "{policy}");
    assert!(!page.body.contains("style=") && !page.body.contains("<style"), "nothing is inline");
    let (headers, style, status) = fetch(&tenant, &styles[1]).await;
    let style = String::from_utf8(style).unwrap();
    assert!(status == 200 && style.contains("--accent:#1d4ed8;") && style.contains("--radius:20px;"), "{style}");
    assert_eq!(headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    // Another look has another address, and the one before is gone.
    call(&tenant, "PUT", "/branding", Some(json!({ "primary_color": "#7c2d12" }))).await;
    assert_eq!(fetch(&tenant, &styles[1]).await.2, 404);
    assert_eq!(tenant.audited("branding.changed").await, 2);
    let (_, plain_again) = call(&tenant, "PUT", "/branding", Some(json!({}))).await;
    assert_eq!(plain_again["choices"], json!({}));
    assert_eq!(linked(&front(&tenant, "en").await, "link[rel=stylesheet]", "href").len(), 1);
}

#[tokio::test]
async fn f03_hostile_choices_are_refused_by_name_and_change_nothing() {
    let tenant = Tenant::start().await;
    for (choices, pointer) in [
        (json!({ "primary_color": "red" }), "/primary_color"),
        (json!({ "primary_color": "#fff}body{background:url(//evil.example)" }), "/primary_color"),
        (json!({ "background_color": "url(https://evil.example/x)" }), "/background_color"),
        (json!({ "background_color_dark": "#0d1211;--x:expression(alert(1))" }), "/background_color_dark"),
        (json!({ "radius": 25 }), "/radius"),
        (json!({ "texts": { "en": { "name": "a\u{202e}b" } } }), "/texts/en/name"),
        (json!({ "texts": { "nl": { "welcome": "a\r\nb" } } }), "/texts/nl/welcome"),
        (json!({ "texts": { "nl": { "help": "x".repeat(201) } } }), "/texts/nl/help"),
        (json!({ "texts": { "en": { "terms_url": "javascript:alert(1)" } } }), "/texts/en/terms_url"),
        (json!({ "texts": { "en": { "privacy_url": "http://acme.example/" } } }), "/texts/en/privacy_url"),
    ] {
        let (status, answer) = call(&tenant, "PUT", "/branding", Some(choices.clone())).await;
        assert_eq!(status, 422, "{choices}");
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{answer}");
        assert!(!answer.to_string().contains("evil"), "what was sent is not repeated: {answer}");
    }
    for choices in [
        json!({ "css": "body{display:none}" }),
        json!({ "texts": { "en": { "html": "<script>" } } }),
        json!({ "texts": { "xx": {} } }),
        json!({ "radius": "10px;}" }),
    ] {
        assert_eq!(call(&tenant, "PUT", "/branding", Some(choices.clone())).await.0, 422, "{choices}");
    }
    assert_eq!(call(&tenant, "GET", "/branding", None).await.1["choices"], json!({}));
    assert_eq!(tenant.audited("branding.changed").await, 0);
}

#[tokio::test]
async fn wcag_a_colour_that_cannot_be_read_is_refused_with_its_ratio_and_one_that_can() {
    let tenant = Tenant::start().await;
    let (status, answer) = call(&tenant, "PUT", "/branding", Some(json!({ "primary_color": "#ffcc00" }))).await;
    let said = answer["errors"][0]["detail"].as_str().unwrap();
    assert_eq!((status, answer["errors"][0]["pointer"].as_str()), (422, Some("/primary_color")));
    assert!(said.contains("1.4") && said.contains("4.5:1"), "{said}");
    let better = said.split("use ").nth(1).unwrap().split(',').next().unwrap();
    let (status, answer) = call(&tenant, "PUT", "/branding", Some(json!({ "primary_color": better }))).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn f03_f18_texts_are_text_in_the_language_of_the_page_and_of_the_mail() {
    let tenant = Tenant::start().await;
    let texts = json!({
        "en": { "name": "Acme <b>Care</b>", "welcome": "Hi & <i>welcome</i>", "privacy_url": "https://acme.example/p" },
        "nl": { "name": "Acme Zorg", "help": "Bel 030 <script>alert(1)</script>" },
    });
    assert_eq!(call(&tenant, "PUT", "/branding", Some(json!({ "texts": texts }))).await.0, 200);
    let english = front(&tenant, "en").await;
    assert!(english.body.contains("Acme &#60;b&#62;Care&#60;/b&#62;"), "{}", english.body);
    assert!(english.body.contains("&#60;i&#62;welcome") && !english.body.contains("030"));
    assert_eq!(linked(&english, "ul.links a", "href"), ["https://acme.example/p"]);
    assert_eq!(linked(&english, "ul.links a", "rel"), ["noopener noreferrer"]);
    let dutch = front(&tenant, "nl").await;
    assert!(dutch.body.contains("Acme Zorg") && dutch.body.contains("Bel 030 &#60;script&#62;"), "{}", dutch.body);
    assert!(dutch.body.contains("&#60;i&#62;welcome"), "the tenant's own language stands where another has none");
    let mut browser = Browser { headers: vec![("accept-language".into(), "nl".into())], ..Browser::default() };
    browser.sign_in(&tenant, "ann@example.test").await;
    let mail = tenant.mails().await.remove(0);
    assert!(mail.subject.as_str().contains("Acme Zorg") && mail.text.contains("Acme Zorg"), "{}", mail.text);
}

#[tokio::test]
async fn f03_mails_have_the_tenants_colours_and_load_nothing() {
    let tenant = Tenant::start().await;
    call(&tenant, "PUT", "/branding", Some(json!({ "primary_color": "#1d4ed8" }))).await;
    call(&tenant, "PUT", "/branding/logo", Some(json!({ "data": picture() }))).await;
    Browser::default().sign_in(&tenant, "ann@example.test").await;
    let html = tenant.mails().await.remove(0).html;
    assert!(html.contains(&tenant.app.branding.current().theme.light.accent_strong.to_string()), "{html}");
    assert!(!html.contains("<img") && !html.contains("url(") && !html.contains("http"), "no third party is asked");
}

#[tokio::test]
async fn f03_a_logo_is_drawn_anew_and_served_by_the_tenant_itself() {
    let tenant = Tenant::start().await;
    assert_eq!(call(&tenant, "GET", "/branding/logo", None).await.0, 404);
    let (status, answer) = call(&tenant, "PUT", "/branding/logo", Some(json!({ "data": picture() }))).await;
    assert_eq!(status, 200, "{answer}");
    let logo = &answer["logo"];
    assert_eq!((logo["width"].as_u64(), logo["height"].as_u64()), (Some(480), Some(160)));
    let page = front(&tenant, "en").await;
    let src = linked(&page, "img.logo", "src").remove(0);
    assert_eq!(logo["url"], tenant.app.issuer.url(&src));
    let (headers, bytes, status) = fetch(&tenant, &src).await;
    assert_eq!((status, &headers["content-type"]), (200, &"image/png".parse().unwrap()));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(
        headers["content-security-policy"],
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    assert_eq!(image::load_from_memory(&bytes).unwrap().width(), 480);
    let known = Request::get(&src).header("host", tenant.app.issuer.authority());
    let known = known.header("if-none-match", &headers["etag"]).body(Body::empty()).unwrap();
    assert_eq!(tenant.public(known).await.status, 304);
    for wrong in ["/branding/logo.png", "/branding/..%2f..%2fetc", "/branding/logo.AAAAAAAAAAAAAAAA.png", "/branding/"]
    {
        assert_eq!(fetch(&tenant, wrong).await.2, 404, "{wrong}");
    }
    assert_eq!(call(&tenant, "DELETE", "/branding/logo", None).await.0, 200);
    assert_eq!(fetch(&tenant, &src).await.2, 404);
    assert!(linked(&front(&tenant, "en").await, "img", "src").is_empty());
}

#[tokio::test]
async fn f03_svg_and_files_that_are_no_picture_are_refused_with_a_clear_word() {
    let tenant = Tenant::start().await;
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(1)</script></svg>";
    let polyglot = "GIF89a/*<svg onload=alert(1)>*/=alert(1)";
    for (data, word) in [
        (STANDARD.encode(svg), "SVG is not taken"),
        (STANDARD.encode(polyglot), "not a PNG, JPEG or WebP"),
        (STANDARD.encode("%PDF-1.7"), "not a PNG, JPEG or WebP"),
        ("not base64!".to_owned(), "base64"),
        (STANDARD.encode(vec![0_u8; 185_000]), "larger than 180 kB"),
    ] {
        let (status, answer) = call(&tenant, "PUT", "/branding/logo", Some(json!({ "data": data }))).await;
        assert_eq!((status, answer["errors"][0]["pointer"].as_str()), (422, Some("/data")), "{answer}");
        assert!(answer["errors"][0]["detail"].as_str().unwrap().contains(word), "{word}: {answer}");
    }
    assert_eq!(call(&tenant, "GET", "/branding", None).await.1["logo"], Value::Null);
}

#[tokio::test]
async fn f03_the_look_survives_a_restart() {
    let tenant = Tenant::start().await;
    call(&tenant, "PUT", "/branding", Some(json!({ "radius": 3, "texts": { "en": { "name": "Acme" } } }))).await;
    call(&tenant, "PUT", "/branding/logo", Some(json!({ "data": picture() }))).await;
    let before = call(&tenant, "GET", "/branding", None).await.1;
    let again = polder_tenant_runtime::branding::Branding::load(&tenant.app.db).await.unwrap().current();
    assert_eq!(serde_json::to_value(&again.choices).unwrap(), before["choices"]);
    assert_eq!(
        again.logo.as_ref().map(|(_, path)| tenant.app.issuer.url(path)).as_deref(),
        before["logo"]["url"].as_str()
    );
}

#[tokio::test]
async fn the_first_page_of_a_branded_tenant_weighs_less_than_30_kb_in_all() {
    let tenant = Tenant::start().await;
    call(&tenant, "PUT", "/branding", Some(json!({ "primary_color": "#1d4ed8" }))).await;
    call(&tenant, "PUT", "/branding/logo", Some(json!({ "data": picture() }))).await;
    let page = front(&tenant, "nl").await;
    let mut sum = compressed(page.body.as_bytes());
    let mut files = linked(&page, "link[href]", "href");
    files.extend(linked(&page, "script[src]", "src"));
    files.extend(linked(&page, "img[src]", "src"));
    assert_eq!(files.len(), 5, "two style sheets, a script, an icon, a logo: {files:?}");
    for path in files {
        let (_, bytes, status) = fetch(&tenant, &path).await;
        assert_eq!(status, 200, "{path}");
        sum += compressed(&bytes).min(bytes.len());
    }
    assert!(sum < 30 * 1024, "{sum} bytes");
}

fn compressed(bytes: &[u8]) -> usize {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap().len()
}
