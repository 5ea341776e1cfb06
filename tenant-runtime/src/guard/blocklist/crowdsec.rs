//! Lists in CrowdSec's format: decisions as its local API gives them (`/v1/decisions`, or the `new` of its
//! stream) and as `cscli decisions list -o json` prints them (alerts with their decisions).
//!
//! A decision holds for the time it says. `ban` is what the list says; `captcha` asks for a proof of work.
//! Decisions about something else than networks, and simulated ones, are left out.

use std::time::Duration;

use polder_kernel::Timestamp;
use polder_tenant_api::BlocklistAction;
use serde::Deserialize;
use serde_json::Value;

use super::{Entry, Parsed, Wrong};

#[derive(Deserialize)]
struct Decision {
    value: String,
    #[serde(default)]
    scope: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    duration: Option<String>,
    #[serde(default)]
    simulated: bool,
}

/// Reads a list.
pub(super) fn parse(content: &str, now: Timestamp) -> Result<Parsed, Wrong> {
    let json: Value =
        serde_json::from_str(content).map_err(|error| Wrong(format!("not JSON at line {}", error.line())))?;
    let mut parsed = Parsed::default();
    for (number, decision) in (1..).zip(decisions(json)?) {
        let wrong = |what: &str| Wrong(format!("decision {number} {what}"));
        let decision: Decision = serde_json::from_value(decision).map_err(|_| wrong("has no value"))?;
        let of_network = ["ip", "range"].iter().any(|scope| decision.scope.eq_ignore_ascii_case(scope));
        if !of_network || decision.simulated {
            parsed.skipped += 1;
            continue;
        }
        let action = match decision.kind.as_str() {
            "captcha" => Some(BlocklistAction::Prove),
            "ban" | "" => None,
            // Something that another bouncer does.
            _ => {
                parsed.skipped += 1;
                continue;
            }
        };
        let network = decision.value.parse().map_err(|_| wrong("is about no network of a sensible size"))?;
        let until = match decision.duration.as_deref() {
            None => None,
            Some(text) => Some(now + duration(text).ok_or_else(|| wrong("holds for a time that cannot be read"))?),
        };
        parsed.entries.push(Entry { network, action, until });
    }
    Ok(parsed)
}

/// The decisions, wherever in the document they are.
fn decisions(json: Value) -> Result<Vec<Value>, Wrong> {
    let unknown = || Wrong("this is no list of decisions".to_owned());
    let items = match json {
        // What the local API says when there is none.
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        Value::Object(mut stream) => match stream.remove("new") {
            Some(Value::Array(items)) => items,
            Some(Value::Null) => Vec::new(),
            _ => return Err(unknown()),
        },
        _ => return Err(unknown()),
    };
    let mut all = Vec::new();
    for item in items {
        match item {
            Value::Object(mut alert) if alert.contains_key("decisions") => match alert.remove("decisions") {
                Some(Value::Array(decisions)) => all.extend(decisions),
                Some(Value::Null) => {}
                _ => return Err(unknown()),
            },
            decision => all.push(decision),
        }
    }
    Ok(all)
}

/// A time as Go writes it, such as `3h59m49.5s`. What is over already is nothing.
fn duration(text: &str) -> Option<Duration> {
    if text.starts_with('-') {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0)?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let worth = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            "us" | "µs" | "ns" => 0.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * worth;
        rest = after;
    }
    // A century is for ever.
    (!text.is_empty()).then(|| Duration::from_secs_f64(seconds.min(100.0 * 365.0 * 86_400.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    /// Network, what it meets, and for how many seconds.
    type Line = (String, Option<BlocklistAction>, Option<i64>);

    fn read(json: &Value) -> Result<Vec<Line>, Wrong> {
        let entries = parse(&json.to_string(), NOW)?.entries;
        let line = |entry: &Entry| {
            (entry.network.to_string(), entry.action, entry.until.map(|until| until.seconds() - NOW.seconds()))
        };
        Ok(entries.iter().map(line).collect())
    }

    #[test]
    fn r8_decisions_of_the_local_api_are_read() {
        let list = json!([
            {"id": 1, "origin": "CAPI", "type": "ban", "scope": "Ip", "value": "192.0.2.7", "duration": "3h59m49.5s",
             "scenario": "crowdsecurity/http-bf"},
            {"id": 2, "origin": "cscli", "type": "captcha", "scope": "range", "value": "2001:db8::/48", "duration": "30m"},
            {"id": 3, "origin": "lists", "type": "ban", "scope": "Ip", "value": "198.51.100.1"},
        ]);
        let expected = vec![
            ("192.0.2.7/32".to_owned(), None, Some(4 * 3600 - 11)),
            ("2001:db8::/48".to_owned(), Some(BlocklistAction::Prove), Some(1800)),
            ("198.51.100.1/32".to_owned(), None, None),
        ];
        assert_eq!(read(&list), Ok(expected.clone()));
        assert_eq!(read(&json!({"new": list.clone(), "deleted": null})), Ok(expected.clone()));
        assert_eq!(read(&json!([{"id": 9, "source": {"scope": "Ip"}, "decisions": list}])), Ok(expected));
        for none in [json!(null), json!([]), json!({"new": null, "deleted": []}), json!([{"decisions": null}])] {
            assert_eq!(read(&none), Ok(Vec::new()), "{none}");
        }
    }

    #[test]
    fn r8_decisions_about_something_else_are_counted_and_left_out() {
        let list = json!([
            {"type": "ban", "scope": "Country", "value": "XX"},
            {"type": "ban", "scope": "AS", "value": "64496"},
            {"type": "throttle", "scope": "Ip", "value": "192.0.2.7"},
            {"type": "ban", "scope": "Ip", "value": "192.0.2.8", "simulated": true},
        ]);
        let parsed = parse(&list.to_string(), NOW).unwrap();
        assert_eq!((parsed.entries.len(), parsed.skipped), (0, 4));
    }

    #[test]
    fn r8_what_is_no_list_of_decisions_is_refused_with_its_place() {
        for (list, said) in [
            (json!("x"), "no list"),
            (json!({"old": []}), "no list"),
            (json!([{"scope": "Ip"}]), "decision 1 has no value"),
            (json!([{"scope": "Ip", "value": "192.0.2.1"}, {"scope": "Ip", "value": "secret"}]), "decision 2 is about"),
            (json!([{"scope": "Range", "value": "0.0.0.0/0"}]), "decision 1 is about"),
            (json!([{"scope": "Ip", "value": "192.0.2.1", "duration": "soon"}]), "decision 1 holds"),
        ] {
            let wrong = read(&list).unwrap_err().to_string();
            assert!(wrong.contains(said) && !wrong.contains("secret"), "{list}: {wrong}");
        }
        assert!(parse("not json", NOW).is_err());
    }

    #[test]
    fn r8_times_are_read_as_go_writes_them() {
        let seconds = |text: &str| duration(text).map(|d| d.as_secs());
        assert_eq!(seconds("1h2m3.9s"), Some(3723));
        assert_eq!([seconds("90s"), seconds("-5m"), seconds("250ms")], [Some(90), Some(0), Some(0)]);
        assert_eq!([seconds(""), seconds("h"), seconds("5"), seconds("5d"), seconds("1.2.3s")], [None; 5]);
        assert!(seconds("99999999999999h").is_some(), "for ever is bounded");
    }
}
