//! The log as a file that is verified elsewhere, from a tenant that people use (F17).

use polder_audit::exported::{Check, Found, Kept};
use serde_json::Value;

use super::caller::call;
use crate::browser::Browser;
use crate::tenant::Tenant;

/// The lines of the file, as the control plane writes them.
async fn file(tenant: &Tenant) -> Vec<String> {
    let (mut lines, mut target) = (Vec::new(), "/audit-chain?limit=3".to_owned());
    loop {
        let (status, page) = call(tenant, "GET", &target, None).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 5, "three events, and what stands around them");
        lines.extend(items.iter().map(Value::to_string));
        let Some(next) = page["next"].as_str() else { return lines };
        target = format!("/audit-chain?limit=3&cursor={next}");
    }
}

fn found(lines: &[String], kept: Kept) -> Found {
    let mut check = Check::new(kept);
    lines.iter().for_each(|line| check.line(line).unwrap());
    check.finish().unwrap()
}

#[tokio::test]
async fn f17_p17_the_log_is_taken_along_and_verifies_before_and_after_a_person_is_erased() {
    let tenant = Tenant::start().await;
    Browser::default().sign_in(&tenant, "ann@example.test").await;
    let (status, checkpoint) = call(&tenant, "GET", "/audit-checkpoint", None).await;
    assert_eq!(status, 200);
    let kept = Kept::parse(&checkpoint.to_string()).unwrap();
    let before = file(&tenant).await;
    let of_file = found(&before, kept.clone());
    assert!(of_file.intact && of_file.signed_through == Some(of_file.head), "{of_file:?}");
    assert_eq!(of_file.kept_through, checkpoint["seq"].as_i64());
    assert!(of_file.details.verified > 0 && of_file.details.sealed == 0, "{of_file:?}");
    let (_, people) = call(&tenant, "GET", "/users?email=ann@example.test", None).await;
    let ann = people["items"][0]["id"].as_str().unwrap().to_owned();
    let told: Vec<String> = of_person(&before, &ann);
    assert!(!told.is_empty(), "something was said of her");
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{ann}"), None).await.0, 204);
    let after = file(&tenant).await;
    let of_file = found(&after, kept.clone());
    assert!(of_file.intact && of_file.details.sealed as usize >= told.len(), "{of_file:?}");
    for details in told {
        assert!(!after.iter().any(|line| line.contains(&details)), "{details}");
    }
    // One tampered line is enough.
    let mut tampered = after.clone();
    let at = tampered.iter().position(|line| line.contains("session.started")).unwrap();
    tampered[at] = tampered[at].replace("session.started", "session.stopped");
    assert_eq!(found(&tampered, kept).broken.map(|broken| broken.line), Some(at as u64 + 1));
    for wrong in ["x", "1", "5-1", "-1-1"] {
        assert_eq!(call(&tenant, "GET", &format!("/audit-chain?cursor={wrong}"), None).await.0, 400, "{wrong}");
    }
}

/// The details in the open that were sealed for a person, as they stand in the file.
fn of_person(lines: &[String], person: &str) -> Vec<String> {
    let events = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone());
    let theirs = events.filter(|event| event["user_id"] == person);
    let sealed = theirs.filter(|event| event["details_sealed"].as_str().is_some_and(|sealed| sealed.starts_with("p.")));
    sealed.filter_map(|event| event["details_salt"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn f17_a_checkpoint_is_signed_anew_only_where_something_happened() {
    let tenant = Tenant::start().await;
    let (_, first) = call(&tenant, "GET", "/audit-checkpoint", None).await;
    let (_, again) = call(&tenant, "GET", "/audit-checkpoint", None).await;
    assert_eq!(first, again);
    Browser::default().sign_in(&tenant, "ann@example.test").await;
    let (_, later) = call(&tenant, "GET", "/audit-checkpoint", None).await;
    assert!(later["seq"].as_i64() > first["seq"].as_i64(), "{later}");
    assert_eq!(later["key"], first["key"]);
    let (_, report) = call(&tenant, "GET", "/audit-verification", None).await;
    assert_eq!(report["state"], "intact", "{report}");
}
