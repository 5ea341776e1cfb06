//! Arrows between crates go down only, and an outside crate has one home.

use std::collections::BTreeMap;

use crate::{files, read, top};

/// Package name to the names in its `[dependencies]`.
fn manifests() -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for path in files(top(), "toml").into_iter().filter(|p| p.file_name().is_some_and(|n| n == "Cargo.toml")) {
        let text = read(&path);
        let mut section = "";
        let (mut name, mut dependencies) = (String::new(), Vec::new());
        for line in text.lines() {
            if line.starts_with('[') {
                section = line.trim();
            } else if section == "[package]" && line.starts_with("name = ") {
                name = line.trim_start_matches("name = ").trim_matches('"').to_owned();
            } else if section == "[dependencies]" {
                let key = line.split(['.', ' ', '=']).next().unwrap_or("");
                if !key.is_empty() && !key.starts_with('#') {
                    dependencies.push(key.to_owned());
                }
            }
        }
        if !name.is_empty() {
            all.insert(name, dependencies);
        }
    }
    assert!(all.len() > 10, "the manifests were not found");
    all
}

#[test]
fn an_outside_crate_has_one_home() {
    let homes: &[(&str, &[&str])] = &[
        ("sqlx", &["polder-db"]),
        ("ring", &["polder-crypto"]),
        ("aws-lc-rs", &["polder-crypto"]),
        ("jsonwebtoken", &["polder-crypto"]),
        ("argon2", &["polder-crypto"]),
        ("lettre", &["polder-outbound"]),
        ("governor", &["polder-service"]),
        ("bollard", &["polder-control-plane"]),
        ("webauthn-rs", &["polder-tenant-runtime"]),
        ("webauthn-rs-core", &["polder-tenant-runtime"]),
        ("altcha", &["polder-tenant-runtime"]),
        ("askama", &["polder-hosted-pages", "polder-coaching"]),
    ];
    let manifests = manifests();
    for (outside, allowed) in homes {
        for (package, dependencies) in &manifests {
            // The end-to-end tests look at tokens and keys from outside with libraries of their own.
            if package != "polder-tests" && dependencies.iter().any(|d| d == outside) {
                assert!(allowed.contains(&package.as_str()), "{outside} has no home in {package}");
            }
        }
    }
}

#[test]
fn arrows_between_crates_go_down() {
    // Each floor may use the floors below it and, where listed, a neighbour.
    let floor = |package: &str| match package {
        "polder-kernel" => 0,
        "polder-crypto" | "polder-protocol" | "polder-db" | "polder-tenant-api" => 1,
        "polder-audit" | "polder-outbound" | "polder-service" | "polder-hosted-pages" | "polder-verify" => 2,
        "polder-tenant-runtime" | "polder-control-plane" | "polder-coaching" => 3,
        "polder-tests" | "polder-image" | "polder-hostile" | "polder-fuzz" => 4,
        other => panic!("{other} has no floor yet: decide where it stands"),
    };
    for (package, dependencies) in manifests() {
        for used in dependencies.iter().filter(|d| d.starts_with("polder-")) {
            assert!(floor(used) < floor(&package), "{package} must not use {used}");
        }
    }
}

#[test]
fn the_protocol_crate_is_pure() {
    let protocol = &manifests()["polder-protocol"];
    for outside in ["axum", "tokio", "hyper", "sqlx", "polder-db", "polder-service", "getrandom"] {
        assert!(!protocol.iter().any(|d| d == outside), "protocol must not know {outside}");
    }
}
