//! Every reader, with its seeds changed at a few places. The fuzzer does the same for longer and with more skill.

#![cfg(test)]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use polder_fuzz::{Holds, READERS};
use proptest::prelude::*;

/// What is done to a seed at one place.
#[derive(Clone, Debug)]
enum Change {
    Replace(u8),
    Insert(Vec<u8>),
    Remove(usize),
    Repeat(usize),
}

/// Every reader with every seed of its own.
static SEEDS: LazyLock<Vec<(Holds, Vec<u8>)>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (name, holds) in READERS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        let before = all.len();
        all.extend(fs::read_dir(&folder).unwrap().map(|file| (holds, fs::read(file.unwrap().path()).unwrap())));
        assert!(all.len() > before, "{name} has no seeds");
    }
    all
});

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, Change)>> {
    let telling = prop::sample::select(vec![
        "%00",
        "%0d%0a",
        "&",
        "=",
        "#",
        "@",
        "\\",
        "\u{202e}",
        "..",
        "//",
        "\n",
        "\"",
        "[]",
        "{}",
        "null",
        "-1",
        "1e999",
        "&client_id=app",
        "&redirect_uri=https://evil.test",
        "resource=urn:x&",
    ]);
    let change = prop_oneof![
        any::<u8>().prop_map(Change::Replace),
        prop::collection::vec(any::<u8>(), 1..6).prop_map(Change::Insert),
        telling.prop_map(|text| Change::Insert(text.as_bytes().to_vec())),
        (1usize..40).prop_map(Change::Remove),
        (1usize..40).prop_map(Change::Repeat),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), change), 0..4)
}

fn changed(seed: &[u8], changes: &[(prop::sample::Index, Change)]) -> Vec<u8> {
    let mut text = seed.to_vec();
    for (place, change) in changes.iter().filter(|_| !seed.is_empty()) {
        let at = place.index(text.len() + 1);
        let end = |count: &usize| text.len().min(at + count);
        let (range, new) = match change {
            Change::Replace(byte) => (at..end(&1), vec![*byte]),
            Change::Insert(bytes) => (at..at, bytes.clone()),
            Change::Remove(count) => (at..end(count), Vec::new()),
            Change::Repeat(count) => (at..at, text[at..end(count)].to_vec()),
        };
        text.splice(range, new);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn b06_b07_b33_b57_b61_what_must_hold_holds_for_changed_input(changes in changes()) {
        for (holds, seed) in SEEDS.iter() {
            holds(&changed(seed, &changes));
        }
    }

    #[test]
    fn b06_b07_b33_b57_b61_what_must_hold_holds_for_any_input(input in prop::collection::vec(any::<u8>(), 0..200)) {
        for (_, holds) in READERS {
            holds(&input);
        }
    }
}
