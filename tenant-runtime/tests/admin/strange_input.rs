//! Bodies with something wrong in them: none is a failure of ours.

use std::collections::BTreeMap;

use polder_kernel::Entropy;
use polder_tenant_api::assertion::TYPE;
use serde_json::{Value, json};

use super::caller::{assertion, request};
use crate::tenant::Tenant;

const ROUNDS: usize = 400;

fn right_requests() -> Vec<(&'static str, &'static str, Value)> {
    let application = json!({
        "name": "Shop", "type": "web", "redirect_uris": ["https://shop.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"], "access": { "who": "role", "role": "coach" },
        "preferences": { "access_token_seconds": 900, "scopes": ["read"], "subject_type": "pairwise" },
    });
    let field = json!({ "type": "text", "labels": { "en": "Number" }, "editor": "administrator" });
    let try_out = json!({ "redirect_uri": "https://console.example/cb", "scope": "openid", "state": "s", "nonce": "n",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "anew": true });
    vec![
        ("POST", "/applications", application),
        ("POST", "/applications/019a0000-0000-7000-8000-000000000001/try-outs", try_out),
        ("PUT", "/apis/orders", json!({ "audience": "https://orders.example", "name": "Orders", "scopes": ["read"] })),
        ("POST", "/users", json!({ "email": "a@example.test", "name": "Ann", "roles": ["coach"], "locale": "nl" })),
        ("PATCH", "/settings", json!({ "session_idle_seconds": 3600, "proof_of_work": "always", "sign_up": "open" })),
        ("PUT", "/profile-fields/number", field),
        ("PUT", "/branding", json!({ "color": "#336699", "corners": "round" })),
        ("POST", "/connections", json!({ "provider": "google", "client_id": "a", "client_secret": "b" })),
        ("POST", "/keys/rotate", json!({ "emergency": false })),
    ]
}

/// One change somewhere in the value: of kind, of size, of name.
fn changed(value: &Value, chance: &Entropy) -> Value {
    let odd = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}\r\n\u{202e}"),
        json!([]),
        json!({}),
        json!([null]),
        json!("x".repeat(5000)),
        json!(u64::MAX),
        json!({ "id": [1] }),
    ];
    let any = || odd[usize::try_from(chance.below(odd.len() as u64)).unwrap()].clone();
    match value {
        Value::Object(members) if !members.is_empty() && chance.below(8) > 0 => {
            let which = usize::try_from(chance.below(members.len() as u64)).unwrap();
            let (name, old) = members.iter().nth(which).unwrap();
            let mut members = members.clone();
            match chance.below(6) {
                0 => drop(members.remove(name)),
                1 => drop(members.insert("unknown".to_owned(), any())),
                _ => drop(members.insert(name.clone(), changed(old, chance))),
            }
            Value::Object(members)
        }
        Value::Array(items) if !items.is_empty() && chance.below(4) > 0 => {
            let mut items = items.clone();
            if chance.below(3) == 0 {
                items = items.iter().cycle().take(60).cloned().collect();
            } else {
                items.push(any());
            }
            Value::Array(items)
        }
        _ => any(),
    }
}

#[tokio::test]
async fn f26_changed_bodies_break_nothing() {
    let tenant = Tenant::start().await;
    let chance = Entropy::seeded(26);
    let mut statuses = BTreeMap::<u16, usize>::new();
    let all = right_requests();
    for round in 0..ROUNDS {
        let (method, target, right) = &all[round % all.len()];
        let mut body = changed(right, &chance).to_string();
        if chance.below(10) == 0 {
            body.truncate(body.floor_char_boundary(body.len() / 2));
        }
        let claims = assertion(&tenant, method, target, &body);
        let answer = tenant.admin(request(&tenant.admin_key, TYPE, &claims, method, target, &body)).await;
        assert!(answer.status < 500, "{method} {target} {body}: {} {}", answer.status, answer.body);
        if answer.status >= 400 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method} {target} {body}");
        }
        *statuses.entry(answer.status).or_default() += 1;
    }
    assert!(statuses.keys().any(|status| *status < 300) && statuses.len() > 2, "{statuses:?}");
}
