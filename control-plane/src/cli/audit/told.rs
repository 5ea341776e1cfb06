//! What verifying a file found, in plain words, and what it cannot show.

use polder_audit::exported::{Break, Why};
use serde_json::Value;

use crate::cli::show::{cell, facts};

const FACTS: [&str; 12] = [
    "verdict",
    "lines",
    "events",
    "first",
    "last",
    "head_hash",
    "signed_through",
    "key",
    "kept_through",
    "details.verified",
    "details.unproved",
    "details.sealed",
];

/// The report, fact by fact, then what is to be known about it.
pub(super) fn told(found: &Value) -> String {
    let mut shown = found.clone();
    let verdict = if found["intact"] == true { "whole" } else { "BROKEN" };
    shown["verdict"] = verdict.into();
    let moment = |name: &str| {
        let at = found[name].as_i64().map(polder_kernel::Timestamp::from_millis);
        at.map(|at| format!(", {at}")).unwrap_or_default()
    };
    if found["events"].as_u64() > Some(0) {
        let first = found["start"].as_i64().unwrap_or_default() + 1;
        shown["first"] = format!("{first}{}", moment("first_at")).into();
        shown["last"] = format!("{}{}", cell(found, "head"), moment("last_at")).into();
    }
    std::iter::once(facts(&FACTS, &shown))
        .chain(notes(found).into_iter().map(|note| format!("- {note}")))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What the verdict does not say.
fn notes(found: &Value) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if found["intact"] == true {
        if found["key_given"] != true {
            notes.push(
                "The key is the one that the file names. Whoever made up a whole log could have signed it with a key of \
                 their own: give the one that you kept (--key), or compare it with `polder audit checkpoint`.",
            );
        }
        if found["kept_through"].is_null() {
            notes.push(
                "That events after the last were cut off, or the file is of an earlier day, cannot be seen without a \
                 checkpoint that was kept elsewhere (--kept).",
            );
        }
        if found["start"].as_i64() > Some(0) {
            notes.push("What was before the first event was removed by retention; the start is signed.");
        }
        if found["details"]["sealed"].as_u64() > Some(0) {
            notes
                .push("Where details are sealed only, their person was erased, or somebody left them out of the file.");
        }
        if found["details"]["unproved"].as_u64() > Some(0) {
            notes.push("Details of before there were commitments are shown as the file has them: the chain does not prove them.");
        }
    } else {
        notes.push("What comes after the break was not looked at.");
    }
    notes
}

/// Where a file breaks, as one line.
pub(super) fn broken(broken: &Break) -> String {
    let Break { line, seq, why } = *broken;
    let event = seq.map(|seq| format!(" (event {seq})")).unwrap_or_default();
    let what = match why {
        Why::Unreadable => "the line is not of this format: something in it was changed, added or taken away",
        Why::Changed => "the event was changed: its hash is not that of its fields",
        Why::Detached => {
            "the event does not follow the one before it: one of the two was changed, or it is another log's"
        }
        Why::DetailsChanged => "the details were changed: they are not those that the event commits to",
        Why::Missing => "it is not where it belongs: it was removed, or lines changed places",
        Why::Misplaced => "the line does not belong here: it was put in, doubled, or moved",
        Why::Cut => "the file ends before its checkpoint: its end was cut off, or the download broke off",
        Why::ForgedCheckpoint => "the checkpoint was not signed by the key of this log",
        Why::Rewritten => "a genuine checkpoint says that another event stood here: the log was rewritten",
        Why::OtherKey => "the file names another key than the one that was given: it is another log's, or made up",
        Why::OtherLog => "the checkpoint that was kept is of another log",
        Why::EndsEarly => {
            "the checkpoint that was kept covers events that are not here: the end was cut off, or the file is older"
        }
    };
    format!("line {line}{event}: {what}")
}
