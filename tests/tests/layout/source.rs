//! What no source file may hold.

use crate::{files, top};

#[test]
fn no_unfinished_marks_and_no_ignored_tests() {
    // Spelled in pieces so that this file does not find itself.
    let marks = [
        ["to", "do!("].concat(),
        ["unimpl", "emented!("].concat(),
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["#[ign", "ore"].concat(),
    ];
    for path in files(top(), "rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{} holds {mark}", path.display());
        }
    }
}

#[test]
fn a_tenant_knows_of_no_other() {
    // Single-tenant software: no column, parameter or map of tenants in it.
    let forbidden = ["tenant", "_id"].concat();
    for folder in ["tenant-runtime/src", "migrations/tenant"] {
        for extension in ["rs", "sql"] {
            for path in files(&top().join(folder), extension) {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(!text.contains(&forbidden), "{} speaks of {forbidden}", path.display());
            }
        }
    }
}

#[test]
fn f24_pages_name_no_other_origin() {
    for folder in ["hosted-pages", "crates/coaching"] {
        for extension in ["html", "css", "js"] {
            for path in files(&top().join(folder), extension) {
                let text = std::fs::read_to_string(&path).unwrap();
                for marker in ["src=\"http", "href=\"http", "url(http", "url(\"http", "@import", "//cdn"] {
                    assert!(!text.contains(marker), "{} loads from elsewhere: {marker}", path.display());
                }
            }
        }
    }
}
