//! Every requirement of this release occurs in the name of a test.

use std::collections::BTreeSet;

use crate::{files, read, top};

/// Requirement ids at the start of test names, such as `p3` of `p3_reused_refresh_token_…`; several
/// may stand before the words: `b14_b44_…`.
fn tested() -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for path in files(top(), "rs") {
        let text = read(&path);
        for line in text.lines().map(str::trim_start) {
            let line = line.strip_prefix("async ").unwrap_or(line);
            let Some(name) = line.strip_prefix("fn ") else { continue };
            for word in name.split('(').next().unwrap_or("").split('_') {
                if !is_id(word) {
                    break;
                }
                ids.insert(word.to_owned());
            }
        }
    }
    ids
}

fn is_id(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|c| "abcdefghkpr".contains(c)) && word.len() > 1 && letters.all(|c| c.is_ascii_digit())
}

fn range(letter: char, from: u32, to: u32) -> Vec<String> {
    (from..=to).map(|n| format!("{letter}{n:02}")).collect()
}

#[test]
fn every_requirement_of_this_release_names_a_test() {
    let mut wanted: Vec<String> = Vec::new();
    // OpenID Connect: Basic OP, form_post, signed userinfo, pairwise subjects, and RP-initiated logout.
    wanted.extend(range('a', 7, 30));
    wanted.extend(["a33", "a34", "a35", "a36", "a39", "a40", "a41", "b88", "b89", "b90"].map(str::to_owned));
    wanted.extend(range('a', 42, 48));
    // Back-channel logout, the device grant, and what APIs check.
    wanted.extend(range('a', 49, 52));
    wanted.extend(["b50", "b78", "b81", "b82", "b83", "b86", "e11", "e16", "e22"].map(str::to_owned));
    // FAPI 2.0; A61 is B60 to B66.
    wanted.extend(range('a', 55, 70).into_iter().filter(|id| id != "a61"));
    wanted.push("a38".to_owned());
    // PAR, signed requests by value, DPoP, private_key_jwt.
    wanted.extend(range('b', 53, 57));
    wanted.extend(range('b', 59, 68));
    wanted.push("b70".to_owned());
    // OAuth 2.x for the grants offered.
    wanted.extend(range('b', 1, 24));
    wanted.extend(range('b', 25, 35));
    wanted.extend(
        [
            "b41", "b42", "b43", "b44", "b45", "b46", "b51", "b52", "b73", "b74", "b75", "b76", "b77", "b91", "b92",
            "b94", "b95", "b36", "b38", "b48", "b49", "b99", "b100", "b79", "b86", "b87", "b93", "k5",
        ]
        .map(str::to_owned),
    );
    wanted.extend(range('d', 1, 17));
    wanted.extend(range('e', 1, 9));
    wanted.extend(range('f', 1, 8));
    wanted.extend(range('f', 15, 20));
    wanted.extend(
        ["d19", "d26", "d27", "e10", "e12", "h01", "h02", "h04", "k7", "k9", "k20", "k21", "p4", "p6", "r7"]
            .map(str::to_owned),
    );
    wanted.extend(
        ["g02", "g18", "g24", "k3", "k13", "p1", "p2", "p3", "p7", "p9", "p11", "p13", "p17", "p19"].map(str::to_owned),
    );
    let tested = tested();
    let missing: Vec<_> = wanted.into_iter().filter(|id| !tested.contains(id)).collect();
    assert!(missing.is_empty(), "no test is named after {missing:?}");
}
