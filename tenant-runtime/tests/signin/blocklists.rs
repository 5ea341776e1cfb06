//! Lists of networks (R8): given by an administrator, asked before codes, and before no passkey.

use serde_json::{Value, json};

use crate::admin::caller::call;
use crate::browser::{Browser, Form, form, has_form};
use crate::tenant::Tenant;

const ANN: &str = "ann@example.test";

async fn put(tenant: &Tenant, name: &str, action: &str, content: &str) -> (u16, Value) {
    let list = json!({ "format": "plain", "action": action, "content": content });
    call(tenant, "PUT", &format!("/blocklists/{name}"), Some(list)).await
}

#[tokio::test]
async fn r8_a_refused_network_gets_a_clear_page_and_everybody_else_a_code() {
    let mut tenant = Tenant::start().await;
    let (status, list) = put(&tenant, "drop", "refuse", "# bad\n198.51.100.0/24\n2001:db8:bad::/48 ; worse\n").await;
    assert_eq!((status, &list["networks"], &list["action"]), (200, &json!(2), &json!("refuse")));
    for restarted in [false, true] {
        if restarted {
            tenant.restart().await;
        }
        for ip in ["198.51.100.9", "::ffff:198.51.100.9", "2001:db8:bad:1::1"] {
            let page = Browser::at(ip).ask_for_code(&tenant, ANN).await;
            assert_eq!(page.status, 403, "{ip}");
            assert!(page.body.contains("another network") && page.body.contains("passkey"), "{}", page.body);
            assert!(page.header("content-type").unwrap().starts_with("text/html"));
        }
        assert!(has_form(&Browser::at("198.51.101.9").ask_for_code(&tenant, ANN).await, "code-form"));
    }
    // Every form that has a code sent or tried; none that needs a passkey.
    let mut browser = Browser::at("203.0.113.1");
    let page = browser.ask_for_code(&tenant, ANN).await;
    let own = form(&page, "code-form");
    browser.ip = Some("198.51.100.9".into());
    for action in ["/signin/code", "/signin/resend", "/signin/email", "/signin/second-step", "/signin/recovery-code"] {
        let form = Form { action: action.into(), ..own.clone() };
        let typed = [("code", "00000000"), ("email", ANN), ("recovery", "AAAA-AAAA-AAAA-AAAA")];
        assert_eq!(browser.post(&tenant, &form, &typed).await.status, 403, "{action}");
    }
    let form = Form { action: "/signin/passkey/options".into(), ..own };
    assert_eq!(browser.post(&tenant, &form, &[]).await.status, 200, "k19: a passkey signs in from anywhere");
    // A header that says otherwise changes nothing.
    let mut forged = Browser::at("198.51.100.9");
    for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        forged.headers.push((name.into(), "203.0.113.1".into()));
    }
    assert_eq!(forged.ask_for_code(&tenant, ANN).await.status, 403);
    assert_eq!(tenant.audited("blocklist.replaced").await, 1);
}

#[tokio::test]
async fn r8_a_list_may_ask_for_work_instead() {
    let tenant = Tenant::start().await;
    assert_eq!(put(&tenant, "suspect", "prove", "198.51.100.7").await.0, 200);
    let mut browser = Browser { idle: true, ..Browser::at("198.51.100.7") };
    let page = browser.ask_for_code(&tenant, ANN).await;
    assert!(page.status == 429 && has_form(&page, "proof-form"));
    assert_eq!(browser.work(&tenant, &page).await.status, 303);
    assert!(has_form(
        &Browser { idle: true, ..Browser::at("198.51.100.8") }.ask_for_code(&tenant, ANN).await,
        "code-form"
    ));
}

#[tokio::test]
async fn r8_crowdsecs_decisions_hold_for_their_time() {
    let tenant = Tenant::start().await;
    let decisions = json!([
        {"type": "ban", "scope": "Ip", "value": "198.51.100.7", "duration": "1h"},
        {"type": "captcha", "scope": "Range", "value": "203.0.113.0/24", "duration": "2h"},
        {"type": "ban", "scope": "Country", "value": "XX", "duration": "2h"},
    ]);
    let list = json!({ "format": "crowdsec", "action": "refuse", "content": decisions.to_string() });
    let (status, list) = call(&tenant, "PUT", "/blocklists/crowdsec", Some(list)).await;
    assert_eq!((status, &list["networks"], &list["skipped"]), (200, &json!(2), &json!(1)), "{list}");
    let ask = async |ip: &str| Browser { idle: true, ..Browser::at(ip) }.ask_for_code(&tenant, ANN).await.status;
    assert_eq!((ask("198.51.100.7").await, ask("203.0.113.9").await), (403, 429));
    tenant.advance(3600);
    assert_eq!((ask("198.51.100.7").await, ask("203.0.113.9").await), (200, 429));
    tenant.advance(3600);
    assert_eq!(ask("203.0.113.9").await, 200);
}

#[tokio::test]
async fn r8_a_list_is_replaced_as_a_whole_or_not_at_all() {
    let tenant = Tenant::start().await;
    assert_eq!(put(&tenant, "drop", "refuse", "198.51.100.7\n").await.0, 200);
    for (content, said) in [
        ("198.51.100.8\nnonsense\n", "line 2"),
        ("0.0.0.0/0", "line 1"),
        ("::/0", "line 1"),
        ("198.51.100.8/33", "line 1"),
    ] {
        let (status, problem) = put(&tenant, "drop", "refuse", content).await;
        assert!(status == 422 && problem["detail"].as_str().unwrap().contains(said), "{problem}");
    }
    assert_eq!(Browser::at("198.51.100.7").ask_for_code(&tenant, ANN).await.status, 403, "the one before holds");
    assert_eq!(Browser::at("198.51.100.8").ask_for_code(&tenant, ANN).await.status, 200);
    assert_eq!(put(&tenant, "drop", "refuse", "198.51.100.8").await.0, 200);
    assert_eq!(Browser::at("198.51.100.7").ask_for_code(&tenant, ANN).await.status, 200);
    assert_eq!(Browser::at("198.51.100.8").ask_for_code(&tenant, ANN).await.status, 403);
    // Shown without its networks, which are sealed at rest, and removed.
    let (_, shown) = call(&tenant, "GET", "/blocklists/drop", None).await;
    assert_eq!((&shown["name"], &shown["networks"]), (&json!("drop"), &json!(1)));
    assert!(!shown.to_string().contains("198.51"));
    let mut tx = tenant.app.db.read().await.unwrap();
    let sealed = tx.optional("SELECT networks_sealed FROM blocklist", &[], |row| row.text("networks_sealed")).await;
    assert!(!sealed.unwrap().unwrap().contains("198.51"));
    drop(tx);
    assert_eq!(call(&tenant, "DELETE", "/blocklists/drop", None).await.0, 204);
    assert_eq!(call(&tenant, "DELETE", "/blocklists/drop", None).await.0, 404);
    assert_eq!(Browser::at("198.51.100.8").ask_for_code(&tenant, ANN).await.status, 200);
}

#[tokio::test]
async fn r8_lists_are_bounded_in_number_and_size() {
    let tenant = Tenant::start().await;
    for n in 0..8 {
        assert_eq!(put(&tenant, &format!("list-{n}"), "refuse", "198.51.100.7").await.0, 200, "{n}");
    }
    assert_eq!(put(&tenant, "one-more", "refuse", "198.51.100.7").await.0, 422);
    assert_eq!(put(&tenant, "list-0", "prove", "198.51.100.7").await.0, 200, "in the place of another");
    for name in ["UPPER", "a_b", &"x".repeat(33)] {
        assert_eq!(put(&tenant, name, "refuse", "198.51.100.7").await.0, 422, "{name}");
    }
    let long: String = (0..50_001).map(|n| format!("10.{}.{}.{}\n", n >> 16, (n >> 8) & 255, n & 255)).collect();
    assert_eq!(put(&tenant, "list-1", "refuse", &long).await.0, 422);
    let full = &long[..long.trim_end().rfind('\n').unwrap()];
    for (n, status) in [(1, 200), (2, 422), (1, 200)] {
        // Fifty thousand and six times one fit; twice fifty thousand and six do not.
        assert_eq!(put(&tenant, &format!("list-{n}"), "refuse", full).await.0, status, "{n}");
    }
    assert_eq!(call(&tenant, "GET", "/blocklists", None).await.1["items"].as_array().unwrap().len(), 8);
}
