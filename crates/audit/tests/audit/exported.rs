//! A log as a file: verified without the database, whatever was done to the file (F17).

use polder_audit::exported::{Break, Check, Details, Found, Kept, Place, Unlike, Why, read};
use polder_audit::{Actor, Event, checkpoint};
use polder_crypto::PersonKey;
use polder_db::args;
use serde_json::{Value, json};

use crate::page::recomputed;
use crate::support::{Log, logs};

/// Anna's key is held here as the table of people holds it: once she is erased, nobody has it.
struct Written {
    log: Log,
    anna: Option<PersonKey>,
}

impl Written {
    /// Five events, with and without details, on each kind of database.
    async fn all() -> Vec<Self> {
        Self::all_after(std::time::Duration::ZERO).await
    }

    async fn all_after(time: std::time::Duration) -> Vec<Self> {
        let mut all = Vec::new();
        for log in logs().await {
            log.clock.advance(time);
            let anna = log.keyring.person_key("anna", &log.keyring.new_person_key("anna")).unwrap();
            log.happen(2).await;
            let failed = Event::new("sign_in.failed", Actor::anonymous()).user("anna").application("shop").session("s");
            log.record(failed.details(json!({"ip": "192.0.2.7", "agent": "caf\u{e9} \"\u{1b}"})).sealed_for(&anna))
                .await;
            log.record(Event::new("settings.changed", Actor::system("test")).details(json!({"name": "sign_up"}))).await;
            log.happen(1).await;
            all.push(Self { log, anna: Some(anna) });
        }
        all
    }

    /// The file, as the runtime writes it: in parts.
    async fn file(&self) -> Vec<String> {
        let through = checkpoint::write(&self.log.db, &self.log.key).await.unwrap().unwrap();
        let (mut lines, mut from) = (Vec::new(), None);
        loop {
            let mut tx = self.log.db.read().await.unwrap();
            let place = from.ok_or(&through);
            let part = read(&mut tx, &self.log.key, place, 2).await.unwrap();
            assert!(part.entries.len() <= 2);
            let key_of = |sealed: &Option<String>| {
                self.anna.clone().filter(|_| sealed.as_deref().is_some_and(PersonKey::is_sealed_for_a_person))
            };
            let persons = part.entries.iter().map(|entry| key_of(&entry.details_sealed)).collect();
            from = part.next.map(|next| Place::parse(&next.to_text()).unwrap());
            lines.extend(part.into_lines(&self.log.keyring, persons));
            if from.is_none() {
                return lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
            }
        }
    }

    /// The key and the checkpoint of now, as the API gives them.
    async fn kept(&self) -> Kept {
        let signed = checkpoint::write(&self.log.db, &self.log.key).await.unwrap().unwrap();
        let text = json!({"seq": signed.seq, "signature": signed.signature, "key": self.log.key.public_jwk()});
        Kept::parse(&text.to_string()).unwrap()
    }
}

fn found(lines: &[impl AsRef<str>], kept: Kept) -> Found {
    let mut check = Check::new(kept);
    lines.iter().for_each(|line| check.line(line.as_ref()).unwrap());
    check.finish().unwrap()
}

fn broken(lines: &[impl AsRef<str>], kept: &Kept) -> Option<(u64, Why)> {
    found(lines, kept.clone()).broken.map(|Break { line, why, .. }| (line, why))
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

#[tokio::test]
async fn f17_an_honest_file_verifies_and_says_what_it_holds() {
    for written in Written::all().await {
        let (lines, kept) = (written.file().await, written.kept().await);
        assert_eq!(lines.len(), 7);
        let of_file = found(&lines, Kept::default());
        assert!(of_file.intact && of_file.broken.is_none(), "{of_file:?}");
        assert_eq!((of_file.lines, of_file.events, of_file.start, of_file.head), (7, 5, 0, 5));
        assert_eq!((of_file.signed_through, of_file.key_given, of_file.kept_through), (Some(5), false, None));
        assert_eq!(of_file.key.as_deref(), Some(written.log.key.public_jwk().kid.as_str()));
        assert_eq!(of_file.details, Details { verified: 2, unproved: 0, sealed: 0 });
        assert_eq!(of_file.head_hash, written.log.verify().await.head_hash);
        let against = found(&lines, kept.clone());
        assert!(against.intact && against.key_given);
        assert_eq!(against.kept_through, Some(5));
        let details = parsed(&lines[3])["event"]["details"].as_str().unwrap().to_owned();
        assert_eq!(parsed(&details)["ip"], "192.0.2.7");
        // The log goes on: what was kept before fits what is written later.
        written.log.happen(3).await;
        let later = found(&written.file().await, kept);
        assert!(later.intact);
        assert_eq!((later.events, later.kept_through, later.signed_through), (8, Some(5), Some(8)));
    }
}

#[tokio::test]
async fn f17_p17_the_file_of_an_erased_person_verifies_and_tells_nothing_of_them() {
    for mut written in Written::all().await {
        let kept = written.kept().await;
        let before = written.file().await;
        written.anna = None;
        let lines = written.file().await;
        let of_file = found(&lines, kept);
        assert!(of_file.intact, "{of_file:?}");
        assert_eq!(of_file.details, Details { verified: 1, unproved: 0, sealed: 1 });
        let (event, then) = (parsed(&lines[3])["event"].clone(), parsed(&before[3])["event"].clone());
        assert_eq!((&event["details"], &event["details_salt"]), (&Value::Null, &Value::Null));
        assert!(!lines.concat().contains("192.0.2.7"));
        // Without the salt, which was sealed with them, nothing can be tried out against the commitment.
        let salt = then["details_salt"].as_str().unwrap();
        assert!(salt.len() == 43 && !lines.concat().contains(salt));
        assert_eq!(event["hash"], then["hash"]);
    }
}

#[tokio::test]
async fn f17_a_changed_byte_of_any_field_of_any_line_is_found() {
    for written in Written::all().await {
        let (lines, kept) = (written.file().await, written.kept().await);
        for (at, line) in lines.iter().enumerate() {
            for leaf in leaves(&parsed(line)) {
                let mut tampered = parsed(line);
                let value = tampered.pointer_mut(&leaf).unwrap();
                *value = changed(value);
                let mut lines = lines.clone();
                lines[at] = tampered.to_string();
                let found = broken(&lines, &kept);
                let (line, _) = found.unwrap_or_else(|| panic!("{leaf} of line {} passed", at + 1));
                assert_eq!(line, at as u64 + 1, "{leaf}");
                // Without anything kept it is found too, by the signatures at the latest.
                assert!(broken(&lines, &Kept::default()).is_some(), "{leaf} of line {}", at + 1);
            }
        }
    }
}

/// The pointers of all that has no parts.
fn leaves(value: &Value) -> Vec<String> {
    let Value::Object(members) = value else { return vec![String::new()] };
    let below = |(name, value): (&String, &Value)| {
        leaves(value).into_iter().map(|leaf| format!("/{name}{leaf}")).collect::<Vec<_>>()
    };
    members.iter().flat_map(below).collect()
}

/// Another value that could stand there.
fn changed(value: &Value) -> Value {
    match value {
        Value::Null => json!("x"),
        Value::Number(number) => json!(number.as_i64().unwrap() + 1),
        Value::String(text) if text.is_empty() => json!("x"),
        Value::String(text) => {
            let mut letters: Vec<char> = text.chars().collect();
            let middle = letters.len() / 2;
            letters[middle] = if letters[middle] == 'A' { 'B' } else { 'A' };
            json!(letters.into_iter().collect::<String>())
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn f17_lines_that_are_gone_doubled_moved_or_put_in_are_found() {
    for written in Written::all().await {
        let (lines, kept) = (written.file().await, written.kept().await);
        let changed = |change: &dyn Fn(&mut Vec<String>)| {
            let mut lines = lines.clone();
            change(&mut lines);
            broken(&lines, &kept)
        };
        let removed = [(1, Why::Missing), (2, Why::Missing), (3, Why::Missing), (4, Why::Missing), (5, Why::Missing)];
        let removed = removed.into_iter().chain([(6, Why::Missing), (7, Why::Cut)]);
        for (at, (line, why)) in removed.enumerate() {
            assert_eq!(changed(&|lines| drop(lines.remove(at))), Some((line, why)), "without line {}", at + 1);
        }
        for at in 0..6 {
            assert!(changed(&|lines| lines.swap(at, at + 1)).is_some(), "{at} swapped");
        }
        for at in 0..7 {
            let found = changed(&|lines| lines.insert(at, lines[at].clone()));
            assert_eq!(found, Some((at as u64 + 2, Why::Misplaced)), "{at} doubled");
        }
        assert_eq!(changed(&|lines| lines.truncate(4)), Some((5, Why::Cut)));
        assert_eq!(changed(&|lines| lines.insert(3, "{}".to_owned())), Some((4, Why::Unreadable)));
        assert_eq!(changed(&|lines| lines.insert(3, String::new())), Some((4, Why::Unreadable)));
        let smuggled = |lines: &mut Vec<String>| lines[2].insert_str(10, r#""note":"x","#);
        assert_eq!(changed(&smuggled), Some((3, Why::Unreadable)));
        assert_eq!(
            changed(&|lines| lines[4] = lines[4].replace("\"details_salt\"", "\"x\"")),
            Some((5, Why::Unreadable))
        );
    }
}

#[tokio::test]
async fn f17_an_event_with_a_right_hash_that_nobody_signed_is_found() {
    for written in Written::all().await {
        let (before, kept) = (written.file().await, written.kept().await);
        written.log.happen(1).await;
        let after = written.file().await;
        // An event put behind the last that the old checkpoint covers, with the old checkpoint, and without one.
        let mut lines = before.clone();
        lines.insert(6, after[6].clone());
        assert_eq!(broken(&lines, &Kept::default()), Some((8, Why::Misplaced)));
        lines.pop();
        assert_eq!(broken(&lines, &Kept::default()), Some((8, Why::Cut)));
        // The whole log made anew, with right hashes, by somebody who has the database but not the key.
        written.log.tamper("DELETE FROM audit_event", &[]).await;
        written.log.tamper("DELETE FROM audit_checkpoint", &[]).await;
        written.log.restart().await;
        written.log.happen(6).await;
        let rewritten = written.file().await;
        assert_eq!(broken(&rewritten, &Kept::default()), None, "the log's own key signed it since");
        assert_eq!(broken(&rewritten, &kept), Some((6, Why::Rewritten)), "what was kept tells");
    }
}

#[tokio::test]
async fn f17_what_was_cut_at_an_old_checkpoint_shows_beside_one_that_was_kept() {
    for written in Written::all().await {
        let early = written.file().await;
        written.log.happen(2).await;
        let kept = written.kept().await;
        assert_eq!(broken(&early, &Kept::default()), None, "nothing in the file tells that it went on");
        assert_eq!(broken(&early, &kept), Some((8, Why::EndsEarly)));
        assert!(found(&early, kept).kept_through.is_none());
    }
}

#[tokio::test]
async fn f17_another_log_s_lines_and_key_are_found() {
    let others = Written::all_after(std::time::Duration::from_secs(3_600)).await;
    for (ours, mut other) in Written::all().await.into_iter().zip(others) {
        // Chance is the same in every test: the other log gets another key by hand.
        other.log.tamper("DELETE FROM setting WHERE name = 'audit.checkpoint_key'", &[]).await;
        let (db, clock) = (&other.log.db, &other.log.clock);
        let entropy = polder_kernel::Entropy::seeded(99);
        other.log.key = polder_audit::CheckpointKey::open(db, &other.log.keyring, &entropy, clock).await.unwrap();
        other.log.happen(1).await;
        let (lines, kept, foreign) = (ours.file().await, ours.kept().await, other.file().await);
        assert_eq!(broken(&foreign, &Kept::default()), None);
        assert_eq!(broken(&foreign, &kept), Some((1, Why::OtherKey)));
        let only_checkpoint = Kept { key: None, ..kept.clone() };
        assert_eq!(broken(&foreign, &only_checkpoint), Some((1, Why::OtherLog)));
        for at in 1..6 {
            let mut lines = lines.clone();
            lines[at].clone_from(&foreign[at]);
            // The first event of any log follows nothing: the one after it tells.
            let found = if at == 1 { 3 } else { at as u64 + 1 };
            assert_eq!(broken(&lines, &kept).map(|(line, _)| line), Some(found), "line {}", at + 1);
        }
        let mut lines = lines.clone();
        lines[6].clone_from(&foreign[7]);
        assert!(broken(&lines, &kept).is_some_and(|(line, _)| line == 7));
        // The whole file signed with another key, which its first line names: only what was kept tells.
        let mut of_other = ours.file().await;
        of_other[0].clone_from(&foreign[0]);
        assert_eq!(broken(&of_other, &Kept::default()), Some((7, Why::ForgedCheckpoint)));
        assert_eq!(broken(&of_other, &kept), Some((1, Why::OtherKey)));
    }
}

#[tokio::test]
async fn f17_a_file_of_a_log_that_retention_cut_begins_at_a_signed_start() {
    for written in Written::all().await {
        let early = written.kept().await;
        let schedule = polder_audit::retention::Schedule { rules: &[], audit: std::time::Duration::from_secs(86_400) };
        written.log.clock.advance(std::time::Duration::from_secs(3 * 86_400));
        written.log.happen(2).await;
        let Log { db, key, clock, .. } = &written.log;
        polder_audit::retention::run(db, &schedule, key, clock).await.unwrap();
        let lines = written.file().await;
        let of_file = found(&lines, early.clone());
        assert!(of_file.intact && of_file.start == 5 && of_file.head >= 7, "{of_file:?}");
        assert_eq!(of_file.kept_through, Some(5), "what was kept is where the chain starts");
        // A start that is nobody's: the checkpoint of an ordinary event.
        let mut head = parsed(&lines[0]);
        head["log"]["start"] = parsed(lines.last().unwrap())["checkpoint"].clone();
        let mut forged = lines.clone();
        forged[0] = head.to_string();
        assert_eq!(broken(&forged, &early), Some((1, Why::ForgedCheckpoint)));
        head["log"]["start"] = Value::Null;
        forged[0] = head.to_string();
        assert_eq!(broken(&forged, &early), Some((2, Why::Missing)));
    }
}

#[tokio::test]
async fn f17_details_of_before_there_were_commitments_are_said_to_be_unproved() {
    for written in Written::all().await {
        let log = &written.log;
        // As an earlier release sealed them: no salt inside, no commitment behind.
        let context = "audit_event.details_sealed:0:6";
        let old = log.keyring.seal_text(polder_crypto::Category::AuditDetails, context, r#"{"a":1}"#);
        log.record(Event::new("settings.changed", Actor::system("test"))).await;
        log.tamper("UPDATE audit_event SET details_sealed = $1 WHERE seq = 6", &args![old.as_str()]).await;
        let previous = parsed(&written.file().await[5])["event"]["hash"].as_str().unwrap().to_owned();
        let mut event = parsed(&written.file().await[6])["event"].clone();
        event["details_sealed"] = json!(old);
        log.tamper("UPDATE audit_event SET hash = $1 WHERE seq = 6", &args![recomputed(&event, &previous)]).await;
        log.tamper("DELETE FROM audit_checkpoint", &[]).await;
        log.restart().await;
        assert_eq!(log.broken().await, None);
        let lines = written.file().await;
        let of_file = found(&lines, Kept::default());
        assert!(of_file.intact, "{of_file:?}");
        assert_eq!(of_file.details, Details { verified: 2, unproved: 1, sealed: 0 });
        let line = parsed(&lines[6])["event"].clone();
        assert_eq!((&line["details"], &line["details_salt"]), (&json!(r#"{"a":1}"#), &Value::Null));
    }
}

#[test]
fn f17_what_is_no_such_file_is_said_to_be_none() {
    let unlike = |text: &str| Check::new(Kept::default()).line(text).err();
    assert_eq!(unlike(r#"{"id":"0-1","at":"x","action":"a","hash":"h"}"#), Some(Unlike::List));
    assert_eq!(unlike("id,at,action,actor_kind"), Some(Unlike::List));
    for strange in ["", "{}", "[]", "x", r#"{"other":1}"#] {
        assert_eq!(unlike(strange), Some(Unlike::Strange), "{strange}");
    }
    assert_eq!(Check::new(Kept::default()).finish().err(), Some(Unlike::Strange));
    for text in ["", "{}", "[]", r#"{"keys":[]}"#, r#"{"kty":"OKP"}"#, "x"] {
        assert!(Kept::parse(text).is_err(), "{text}");
    }
    let renamed = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"sig",
        "alg":"EdDSA","kid":"another"}"#;
    assert!(Kept::parse(renamed).is_err(), "a kid that is not the thumbprint");
    let named = renamed.replace("another", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert!(Kept::parse(&named).is_ok() && Kept::parse(&format!(r#"{{"keys":[{named}]}}"#)).is_ok());
}
