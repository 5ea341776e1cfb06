//! Where secrets must not be: environment, arguments, and anything another process could read (G18).

use std::fs;

use crate::report::Report;

/// Looks for the secrets that were delivered as files.
pub fn try_all(report: &mut Report) {
    let mut secrets = Vec::new();
    for entry in fs::read_dir("/run/secrets").into_iter().flatten().flatten() {
        // What is public may be seen.
        if !entry.file_name().to_string_lossy().ends_with(".pub") {
            secrets.extend(fs::read_to_string(entry.path()).map(|text| text.trim().to_owned()));
        }
    }
    if secrets.is_empty() {
        return report.reached("the tenant's own secrets", "are not there: nothing was looked for");
    }
    for place in
        ["/proc/self/environ", "/proc/1/environ", "/proc/self/cmdline", "/proc/1/cmdline", "/proc/self/mountinfo"]
    {
        let text = fs::read(place).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        if secrets.iter().any(|secret| text.contains(secret.as_str())) {
            report.reached("a secret", place);
        }
    }
    for name in std::env::vars().map(|(name, _)| name) {
        if !["PATH", "HOSTNAME", "HOME"].contains(&name.as_str()) {
            report.reached("a variable of the environment", name);
        }
    }
    report.refused("secrets in sight", format!("{} looked for", secrets.len()));
}
