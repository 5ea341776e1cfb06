//! The bill of materials: every package in the program, as CycloneDX 1.5.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::hash::sha256;
use crate::image::Image;

/// What is read of `cargo metadata`.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// Nothing for what ends up in the program; `dev` and `build` otherwise.
    kind: Option<String>,
}

/// What is read of `Cargo.lock`.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The bill of `package` in `image`: the same text every time.
///
/// # Errors
/// When cargo's answer is not understood.
pub fn of(package: &str, metadata: &Value, lock: &str, image: &Image<'_>) -> Result<String> {
    let metadata = Metadata::deserialize(metadata).context("cargo metadata")?;
    let lock: Lock = basic_toml::from_str(lock).context("Cargo.lock")?;
    let checksums: BTreeMap<(&str, &str), &str> = lock
        .package
        .iter()
        .filter_map(|one| Some(((one.name.as_str(), one.version.as_str()), one.checksum.as_deref()?)))
        .collect();
    let packages: BTreeMap<&str, &Package> = metadata.packages.iter().map(|one| (one.id.as_str(), one)).collect();
    let used: BTreeMap<&str, Vec<&str>> =
        metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), linked(node))).collect();
    let root = metadata.packages.iter().find(|one| one.name == package).context("the package is not there")?;

    let mut inside = BTreeSet::new();
    let mut open = vec![root.id.as_str()];
    while let Some(id) = open.pop() {
        if inside.insert(id) {
            open.extend(used.get(id).into_iter().flatten());
        }
    }
    let reference = |id: &str| packages.get(id).map(|one| format!("{}@{}", one.name, one.version));
    let mut components: Vec<(String, Value)> = Vec::new();
    let mut dependencies: Vec<(String, Value)> = Vec::new();
    for id in &inside {
        let (Some(one), Some(name)) = (packages.get(id), reference(id)) else { continue };
        let mut on: Vec<String> = used.get(id).into_iter().flatten().filter_map(|id| reference(id)).collect();
        on.sort();
        on.dedup();
        dependencies.push((name.clone(), json!({ "ref": name, "dependsOn": on })));
        if one.id != root.id {
            let checksum = checksums.get(&(one.name.as_str(), one.version.as_str())).copied();
            components.push((name.clone(), component(one, &name, checksum)));
        }
    }
    components.sort_by(|a, b| a.0.cmp(&b.0));
    dependencies.sort_by(|a, b| a.0.cmp(&b.0));
    let second = |list: Vec<(String, Value)>| list.into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": image.created()?,
            "component": {
                "type": "application",
                "bom-ref": reference(&root.id),
                "name": "polder-tenant",
                "version": image.version,
                "licenses": [{ "expression": "Apache-2.0" }],
                "hashes": [{ "alg": "SHA-256", "content": sha256(image.program) }],
                "properties": [{ "name": "polder:revision", "value": image.revision }],
            },
        },
        "components": second(components),
        "dependencies": second(dependencies),
    });
    Ok(serde_json::to_string_pretty(&bill)? + "\n")
}

fn linked(node: &Node) -> Vec<&str> {
    let linked = node.deps.iter().filter(|used| used.dep_kinds.iter().any(|kind| kind.kind.is_none()));
    linked.map(|used| used.pkg.as_str()).collect()
}

fn component(package: &Package, reference: &str, checksum: Option<&str>) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference,
        "name": package.name,
        "version": package.version,
    });
    if let Some(license) = &package.license {
        // The older spelling of "or".
        component["licenses"] = json!([{ "expression": license.replace('/', " OR ") }]);
    }
    if package.source.is_some() {
        component["purl"] = json!(format!("pkg:cargo/{}@{}", package.name, package.version));
    }
    if let Some(checksum) = checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::tests::program;

    #[test]
    fn g28_the_bill_names_what_is_linked_and_nothing_else() {
        let package = |name: &str, source: Option<&str>| json!({ "id": format!("id:{name}"), "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0", "source": source });
        let uses = |name: &str, kind: Value| json!({ "pkg": format!("id:{name}"), "dep_kinds": [{ "kind": kind }] });
        let registry = Some("registry+https://github.com/rust-lang/crates.io-index");
        let metadata = json!({
            "packages": [package("root", None), package("linked", registry), package("tool", registry), package("deep", registry)],
            "resolve": { "nodes": [
                { "id": "id:root", "deps": [uses("linked", Value::Null), uses("tool", json!("build"))] },
                { "id": "id:linked", "deps": [uses("deep", Value::Null)] },
                { "id": "id:tool", "deps": [] },
                { "id": "id:deep", "deps": [] },
            ] },
        });
        let lock = "[[package]]\nname = \"deep\"\nversion = \"1.0.0\"\nchecksum = \"abc\"\n";
        let program = program();
        let image = Image { program: &program, name: String::new(), version: "1", revision: "r", epoch: 0 };
        let text = of("root", &metadata, lock, &image).unwrap();
        assert_eq!(text, of("root", &metadata, lock, &image).unwrap());
        let bill: Value = serde_json::from_str(&text).unwrap();
        let names: Vec<&str> =
            bill["components"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["deep", "linked"]);
        let deep = &bill["components"][0];
        assert_eq!(deep["purl"], "pkg:cargo/deep@1.0.0");
        assert_eq!(deep["hashes"][0]["content"], "abc");
        assert_eq!(deep["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert!(bill["metadata"]["component"]["hashes"][0]["content"].as_str().is_some_and(|hash| hash.len() == 64));
    }
}
