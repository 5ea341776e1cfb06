//! `dev.json`: addresses and API key for programs, there exactly while everything answers or after a
//! stop; the one place where the key is kept.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use polder_kernel::Secret;
use serde::{Deserialize, Serialize};

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

#[derive(Deserialize)]
struct Earlier {
    api_key: String,
}

/// Where the file waits while a start is under way: whoever waits for `dev.json` must not find that
/// of an earlier start.
fn waiting(layout: &Layout) -> std::path::PathBuf {
    layout.root().join(".dev.json.earlier")
}

/// Takes the file of an earlier start away and gives back its key. A start that was killed left the
/// file where it waits.
///
/// # Errors
/// When it cannot be moved or read.
pub fn withdraw(layout: &Layout) -> Result<Option<Secret<String>>, Problem> {
    let (file, waiting) = (layout.dev_json(), waiting(layout));
    let failed = |error| Problem::Folder { path: file.clone(), error };
    match fs::rename(&file, &waiting) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    match fs::read(&waiting) {
        // One that cannot be read is no loss: a new key is made.
        Ok(text) => Ok(serde_json::from_slice::<Earlier>(&text).ok().map(|earlier| Secret::new(earlier.api_key))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
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
    write_whole(settings.layout.root(), &settings.layout.dev_json(), &text).map_err(failed)?;
    match fs::remove_file(waiting(&settings.layout)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}
