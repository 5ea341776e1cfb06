//! The coaching platform as a child: a relying party that knows two applications and an issuer.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use polder_kernel::Secret;
use polder_tenant_api::ApplicationId;
use polder_tenant_api::connections::host;
use serde::Serialize;

use super::folder::write_whole;
use super::problem::Problem;
use crate::app::App;
use crate::audit::ActingFor;
use crate::courier::{self, Party};
use crate::driver::{Child, Peer};
use crate::egress::needs;
use crate::model::Tenant;
use crate::provision::desired::Purpose;
use crate::provision::{OwnApplication, own_application};

/// Names the child.
pub const KEY: &str = "coaching";

#[derive(Serialize)]
struct Configuration<'a> {
    issuer: &'a str,
    base_url: String,
    coach: Client<'a>,
    portal: Client<'a>,
    courier: String,
}

#[derive(Serialize)]
struct Client<'a> {
    client_id: &'a str,
    client_secret: &'a str,
}

impl<'a> From<&'a OwnApplication> for Client<'a> {
    fn from(own: &'a OwnApplication) -> Self {
        Self { client_id: &own.client_id, client_secret: own.client_secret.expose() }
    }
}

fn configuration_file(app: &App) -> PathBuf {
    app.settings.layout.coaching().join("config.json")
}

/// Starts it, with its secrets in a file of its own that is gone again once it was read. Where it is
/// started again after it died, the file is written again.
///
/// # Errors
/// When it cannot be started.
pub async fn start(app: &Arc<App>, practice: &Tenant) -> Result<(), Problem> {
    let failed = |error: &dyn std::error::Error| Problem::Coaching(error.to_string());
    let own = async |purpose| own_application(app, practice, purpose).await.map_err(|error| failed(&error));
    let (coach, portal) = (own(Purpose::Coach).await?, own(Purpose::Portal).await?);
    // It listens on this machine, where a tenant reaches nothing that nobody opened.
    let host: Vec<String> = host(&app.settings.coaching()).into_iter().collect();
    for own in [&coach, &portal] {
        let id: ApplicationId = own.client_id.parse().map_err(|error| failed(&error))?;
        let settled = needs::settle(app, practice, &ActingFor::system(), (id, host.clone())).await;
        settled.map_err(|error| failed(&error))?;
    }
    let courier = app.settings.layout.coaching().join(courier::SOCKET);
    app.courier.open_coaching(app, practice).map_err(|error| failed(&error))?;
    let configuration = Configuration {
        issuer: &practice.issuer,
        base_url: app.settings.coaching(),
        coach: Client::from(&coach),
        portal: Client::from(&portal),
        courier: format!("unix:{}", courier.display()),
    };
    let text = Secret::new(serde_json::to_vec(&configuration).map_err(|error| failed(&error))?);
    let (folder, file) = (app.settings.layout.coaching(), configuration_file(app));
    let child = Child {
        key: KEY.to_owned(),
        label: KEY.to_owned(),
        program: app.settings.programs.coaching.clone(),
        arguments: vec![
            "--data".into(),
            folder.clone().into(),
            "--listen".into(),
            app.settings.coaching_listen.to_string().into(),
            "--config".into(),
            file.clone().into(),
            "--lifeline".into(),
        ],
        folder: folder.clone(),
        prepare: Some(Arc::new(move || write_whole(&folder, &file, text.expose()))),
    };
    app.supervisor.start(&child).await.map_err(|error| failed(&error))?;
    app.courier.admit(Party::Coaching, app.supervisor.pid(KEY).map(Peer::from));
    Ok(())
}

/// Removes the file with the secrets, now that it was read.
///
/// # Errors
/// When it cannot be removed.
pub fn forget_configuration(app: &App) -> Result<(), Problem> {
    let path = configuration_file(app);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Problem::Folder { path, error }),
        _ => Ok(()),
    }
}
