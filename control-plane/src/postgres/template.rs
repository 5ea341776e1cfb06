//! The template, and the program that fills it: only `polder-tenant` knows its schema.

use std::process::Stdio;
use std::time::Duration;

use polder_crypto::scram::Verifier;
use polder_db::Name;
use polder_kernel::Secret;
use tokio::process::Command;

use super::{Postgres, PostgresError, names};
use crate::secrets;

/// How long the program may take for its small tasks.
const PATIENCE: Duration = Duration::from_secs(60);

impl Postgres {
    /// The name of the schema that this version's runtime brings. Asked once.
    pub(super) async fn schema(&self) -> Result<&Name, PostgresError> {
        self.schema
            .get_or_try_init(|| async {
                let said = self.run_program(&["schema"]).await?;
                said.trim().parse().map_err(|_| PostgresError::Program("it names no schema".to_owned()))
            })
            .await
    }

    /// The template with that schema, made where it is missing. Its name changes with the schema, so a
    /// new version makes a new one.
    pub(super) async fn template(&self) -> Result<Name, PostgresError> {
        let schema = self.schema().await?;
        let name = names::template(&self.installation, schema.as_str())?;
        if self.server.has_template(&name).await? {
            return Ok(name);
        }
        let password = self.entropy.token();
        let verifier = Verifier::new(&password, &self.entropy).to_text();
        if let Some(making) = self.server.make_template(&name, &verifier).await? {
            self.run_migrate(&name, &self.server.address(&name, &name, &password)).await?;
            making.finish().await?;
        }
        Ok(name)
    }

    /// Removes this installation's templates of other schemas, which an earlier version of it cloned; how
    /// many things went. One that is half gone goes the rest of the way.
    ///
    /// # Errors
    /// When the server or the program refuses.
    pub async fn remove_old_templates(&self) -> Result<usize, PostgresError> {
        let current = names::template(&self.installation, self.schema().await?.as_str())?;
        let there = self.server.named(&names::templates(&self.installation)?).await?;
        let mut old: Vec<Name> = there.iter().filter_map(|name| name.parse().ok()).collect();
        old.retain(|name| *name != current);
        for name in &old {
            self.server.drop_database(name).await?;
        }
        for name in &old {
            self.server.drop_role(name).await?;
        }
        Ok(old.len())
    }

    /// Runs the program's migrations on a database, with its address in a file that is gone afterwards.
    pub(super) async fn run_migrate(&self, database: &Name, address: &Secret<String>) -> Result<(), PostgresError> {
        let file = secrets::Name::Passing(database.as_str());
        self.kept(self.secrets.replace(&file, address))?;
        let at = format!("file:{}", self.secrets.path(&file).display());
        let done = self.run_program(&["migrate", "--database", &at]).await;
        self.kept(self.secrets.remove(&file))?;
        done.map(drop)
    }

    /// What the program prints; its last words when it fails.
    async fn run_program(&self, arguments: &[&str]) -> Result<String, PostgresError> {
        let failed = |what: String| PostgresError::Program(what);
        let child = Command::new(&self.program)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(PATIENCE, child).await;
        let output = output.map_err(|_| failed("it takes too long".to_owned()))?;
        let output = output.map_err(|error| failed(format!("{}: {error}", self.program.display())))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("it says nothing");
            return Err(failed(polder_service::log::scrub(last).into_owned()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
