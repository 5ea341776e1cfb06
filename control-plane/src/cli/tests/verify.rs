//! `polder audit verify` without any server, on the example of `docs/audit.md`.

use std::io::Write as _;

use super::super::audit::verify::verify;
use super::super::exit::BROKEN;
use super::super::show;
use super::*;

const PAGE: &str = include_str!("../../../../docs/audit.md");

fn example() -> Vec<String> {
    let block = PAGE.split("```ndjson\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    block.lines().map(str::to_owned).collect()
}

fn written(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// The exit code, the report, and what is said to be wrong.
fn run(lines: &str, further: &[(&str, &str)]) -> (u8, Value, String) {
    let (file, kept): (_, Vec<_>) = (written(lines), further.iter().map(|(_, text)| written(text)).collect());
    let mut words = vec!["polder", "audit", "verify", file.path().to_str().unwrap()];
    for ((option, _), file) in further.iter().zip(&kept) {
        words.extend([*option, file.path().to_str().unwrap()]);
    }
    let Command::Audit(audit) = Cli::try_parse_from(words).unwrap().command else { panic!("another command") };
    match verify(audit.offline().unwrap()) {
        Ok((found, _, None)) => (0, found, String::new()),
        Ok((found, _, Some(refused))) => (refused.0, found, refused.to_string()),
        Err(refused) => (refused.0, Value::Null, refused.to_string()),
    }
}

/// The checkpoint of the example, as `polder audit checkpoint` prints it.
fn checkpoint() -> Value {
    let parsed = |line: &String| serde_json::from_str::<Value>(line).unwrap();
    let lines = example();
    let last = parsed(lines.last().unwrap())["checkpoint"].clone();
    json!({"seq": last["seq"], "at": "2026-11-21T08:00:00.000Z", "hash": last["hash"], "signature": last["signature"],
        "key": parsed(&lines[0])["log"]["key"]})
}

#[test]
fn f17_an_exported_log_is_verified_without_a_server() {
    let file = example().join("\n") + "\n";
    let (code, found, _) = run(&file, &[]);
    assert_eq!((code, &found["intact"], &found["events"]), (0, &json!(true), &json!(3)), "{found}");
    let told = told(&found);
    assert!(
        told.contains("whole") && told.contains("--key") && told.contains("--kept"),
        "what is not shown is said: {told}"
    );
    let checkpoint = checkpoint().to_string();
    let (code, found, _) = run(&file, &[("--kept", &checkpoint)]);
    assert_eq!((code, &found["kept_through"], &found["key_given"]), (0, &json!(3), &json!(true)));
    let told = self::told(&found);
    assert!(!told.contains("--kept") && !told.contains("--key"), "{told}");
    let key = super::verify::checkpoint()["key"].to_string();
    assert_eq!(run(&file, &[("--key", &key)]).0, 0);
    // No API is asked, and none has to be known.
    assert!(Cli::try_parse_from(["polder", "audit", "verify", "x", "--json"]).is_ok());
}

fn told(found: &Value) -> String {
    let Command::Audit(audit) = Cli::try_parse_from(["polder", "audit", "verify", "-"]).unwrap().command else {
        panic!("another command")
    };
    assert!(audit.offline().is_some());
    crate::cli::audit::verify::shown(found)
}

#[test]
fn f17_a_log_that_was_tampered_with_has_an_exit_code_of_its_own() {
    let lines = example();
    let changed = lines.join("\n").replacen("session.started", "session.stopped", 1);
    assert_ne!(changed, lines.join("\n"));
    let (code, found, why) = run(&changed, &[]);
    assert_eq!((code, &found["intact"]), (BROKEN, &json!(false)));
    assert!(why.starts_with("line ") && why.contains("was changed"), "{why}");
    assert!(told(&found).contains("BROKEN"));
    let (code, _, why) = run(&lines[..3].join("\n"), &[]);
    assert!(code == BROKEN && why.starts_with("line 4 (event 3): the file ends before"), "{why}");
    let (code, _, why) = run(&[&lines[..2], &lines[3..]].concat().join("\n"), &[]);
    assert!(code == BROKEN && why.starts_with("line 3 (event 2): it is not where it belongs"), "{why}");
    let huge = format!("{}\n{}", lines[0], "a".repeat(5 << 20));
    let (code, _, why) = run(&huge, &[]);
    assert!(code == BROKEN && why.starts_with("line 2"), "{why}");
}

#[test]
fn f17_what_is_no_exported_chain_is_told_apart_from_a_broken_one() {
    for (text, word) in [
        ("id,at,action,actor_kind\r\n", "list of events"),
        (r#"{"id":"0-1","at":"x","action":"a","hash":"h"}"#, "list of events"),
        ("", "no exported log"),
        ("hello", "no exported log"),
        ("\u{0}\u{1b}[2J", "no exported log"),
    ] {
        let (code, _, why) = run(text, &[]);
        assert!(code == 2 && why.contains(word), "{text:?}: {code} {why}");
    }
    let file = example().join("\n");
    for (option, text) in [("--key", "{}"), ("--kept", "x"), ("--kept", &checkpoint()["key"].to_string())] {
        assert_eq!(run(&file, &[(option, text)]).0, 2, "{option} {text}");
    }
    let Command::Audit(audit) = Cli::try_parse_from(["polder", "audit", "verify", "/nowhere"]).unwrap().command else {
        panic!("another command")
    };
    assert_eq!(verify(audit.offline().unwrap()).err().map(|refused| refused.0), Some(1));
}

#[test]
fn f18_what_a_file_says_does_not_move_the_cursor() {
    let evil = example().join("\n").replacen("\"kid\":\"", "\"kid\":\"\\u001b[2J", 1);
    let (code, found, why) = run(&evil, &[]);
    assert_eq!(code, BROKEN);
    for text in [told(&found), why, show::json(&found.to_string())] {
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
