//! What keeps a tenant apart.

use serde_json::Value;

use crate::cli::show::cell;

/// One line each, what is not in force first.
pub(super) fn told(tenant: &Value) -> Vec<String> {
    let all = tenant["isolation"].as_array().map_or(&[][..], Vec::as_slice);
    let line = |wall: &Value| {
        let stands = if wall["in_force"] == true { "yes" } else { "NO" };
        format!("{:18}  {stands:4} {:18} {}", "isolation", cell(wall, "name"), cell(wall, "detail"))
    };
    let (standing, missing): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|wall| wall["in_force"] == true);
    missing.into_iter().chain(standing).map(line).collect()
}
