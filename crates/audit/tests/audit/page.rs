//! `docs/audit.md` is enough to write a verifier: this is one, made from the page alone, for the page's own example.

use polder_audit::exported::{Check, Kept};
use polder_crypto::hash::Sha256;
use polder_crypto::{Algorithm, Jwk, Jwks, Verifier};
use polder_kernel::encoding::{base64url, from_base64url};
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/audit.md");

/// The lines of the page's example.
fn example() -> Vec<&'static str> {
    let block = PAGE.split("```ndjson\n").nth(1).and_then(|rest| rest.split("```").next());
    block.unwrap().lines().collect()
}

/// The hash of an event as the page describes it.
pub(crate) fn recomputed(event: &Value, previous: &str) -> String {
    base64url(&polder_crypto::sha256(&hashed(event, previous)))
}

/// The bytes that it is of.
fn hashed(event: &Value, previous: &str) -> Vec<u8> {
    let mut bytes = b"polder audit event 1\0".to_vec();
    bytes.extend(from_base64url(previous).unwrap());
    for name in ["chain", "seq", "at"] {
        field(&mut bytes, Some(&event[name].as_i64().unwrap().to_be_bytes()));
    }
    let texts = ["action", "actor_kind", "actor_id", "user_id", "application_id", "session_id", "request_id"];
    for name in texts.into_iter().chain(["details_sealed"]) {
        field(&mut bytes, event[name].as_str().map(str::as_bytes));
    }
    bytes
}

fn field(to: &mut Vec<u8>, bytes: Option<&[u8]>) {
    let Some(bytes) = bytes else { return to.push(0) };
    to.push(1);
    to.extend((bytes.len() as u64).to_be_bytes());
    to.extend(bytes);
}

#[test]
fn f17_the_bytes_on_the_page_are_those_of_the_example() {
    let shown: String =
        PAGE.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap().split('\n').collect();
    let first: Value = serde_json::from_str(example()[1]).unwrap();
    let bytes = hashed(&first["event"], &base64url(&[0; 32]));
    assert_eq!(shown, bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
}

#[test]
fn f17_the_page_s_example_is_recomputed_from_what_the_page_says() {
    let lines: Vec<Value> = example().into_iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [head, events @ .., last] = lines.as_slice() else { panic!("{lines:?}") };
    let mut previous = base64url(&[0; 32]);
    for (number, line) in events.iter().enumerate() {
        let event = &line["event"];
        assert_eq!(event["seq"], number as i64 + 1);
        assert_eq!(event["previous"], previous.as_str());
        previous = recomputed(event, &previous);
        assert_eq!(event["hash"], previous.as_str());
        let Some(details) = event["details"].as_str() else { continue };
        let (_, commitment) = event["details_sealed"].as_str().unwrap().split_once('~').unwrap();
        let mut hash = Sha256::new();
        hash.update(b"polder audit details 1\0");
        hash.update(&from_base64url(event["details_salt"].as_str().unwrap()).unwrap());
        hash.update(details.as_bytes());
        assert_eq!(base64url(&hash.finish()), commitment);
    }
    let with_details = events.iter().filter(|line| line["event"]["details"].is_string()).count();
    let sealed_only = events.iter().filter(|line| line["event"]["details_sealed"].is_string()).count() - with_details;
    assert_eq!((events.len(), with_details, sealed_only), (3, 1, 1), "the example shows both kinds");
    let key: Jwk = serde_json::from_value(head["log"]["key"].clone()).unwrap();
    let verifier = Verifier::new(&Jwks { keys: vec![key] });
    let checkpoint = &last["checkpoint"];
    let signature = checkpoint["signature"].as_str().unwrap();
    let verified = verifier.verify(signature, &["polder-checkpoint+jwt"], &[Algorithm::EdDsa]).unwrap();
    let claims: Value = verified.claims().unwrap();
    for name in ["chain", "seq", "at", "hash"] {
        assert_eq!(claims[name], checkpoint[name], "{name}");
    }
    assert_eq!((&claims["start"], &checkpoint["seq"]), (&Value::Bool(false), &events.len().into()));
    assert_eq!(checkpoint["hash"], previous.as_str());
}

#[test]
fn f17_the_page_s_example_verifies() {
    let mut check = Check::new(Kept::default());
    example().iter().for_each(|line| check.line(line).unwrap());
    let found = check.finish().unwrap();
    assert!(found.intact, "{found:?}");
}
