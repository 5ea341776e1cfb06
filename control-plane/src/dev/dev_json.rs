//! `dev.json`: addresses and API key for programs, there exactly while everything answers. The one
//! place where the key can be read.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use polder_kernel::Secret;
use serde::Serialize;

use super::folder::write_whole;
use super::problem::Problem;
use crate::app::App;
use crate::layout::Layout;

#[derive(Serialize)]
struct DevJson<'a> {
    console: String,
    api: String,
    api_key: &'a str,
    mailbox: String,
    coaching: String,
    tenants: BTreeMap<&'static str, DevTenant>,
}

#[derive(Serialize)]
struct DevTenant {
    issuer: String,
}

/// Takes the file away: whoever waits for it must not find that of an earlier start.
///
/// # Errors
/// When it cannot be removed.
pub fn withdraw(layout: &Layout) -> Result<(), Problem> {
    match fs::remove_file(layout.dev_json()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Problem::Folder { path: layout.dev_json(), error })
        }
        _ => Ok(()),
    }
}

/// Writes the file: whole, for us alone.
///
/// # Errors
/// When it cannot be written.
pub fn write(app: &App, key: &Secret<String>) -> Result<(), Problem> {
    let settings = &app.settings;
    let failed = |error| Problem::Folder { path: settings.layout.dev_json(), error };
    let practice = super::tenants::practice().map_err(|_| failed(io::ErrorKind::InvalidData.into()))?;
    let content = DevJson {
        console: settings.console(),
        api: settings.api(),
        api_key: key.expose(),
        mailbox: settings.mailbox(),
        coaching: settings.coaching(),
        tenants: BTreeMap::from([("practice", DevTenant { issuer: settings.issuer(&practice) })]),
    };
    let text = serde_json::to_vec_pretty(&content).map_err(|error| failed(error.into()))?;
    write_whole(settings.layout.root(), &settings.layout.dev_json(), &text).map_err(failed)
}
