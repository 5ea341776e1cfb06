//! What the platform is told: a command line, and a file that holds its secrets.

use std::path::{Path, PathBuf};

use clap::Parser;
use polder_kernel::Secret;
use serde::Deserialize;

/// The coaching platform, a relying party of one identity provider.
#[derive(Debug, Parser)]
#[command(name = "polder-coaching", version)]
pub struct CommandLine {
    /// Folder for the database.
    #[arg(long)]
    pub data: PathBuf,
    /// Address to listen on, such as 127.0.0.1:8700.
    #[arg(long)]
    pub listen: String,
    /// File with the issuer and the two applications' credentials; it must be readable by its owner
    /// alone. The platform keeps its seal key beside it.
    #[arg(long)]
    pub config: PathBuf,
    /// Ends when standard input closes: whoever started this program is gone then.
    #[arg(long)]
    pub lifeline: bool,
}

/// The content of the configuration file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The identity provider.
    pub issuer: String,
    /// This platform's own address, without a slash at the end.
    pub base_url: String,
    /// The application that coaches sign in to.
    pub coach: Application,
    /// The application that clients sign in to.
    pub portal: Application,
    /// Where mail is handed over: `unix:PATH` of a courier socket.
    pub courier: String,
}

/// Credentials of one application.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The `client_id`.
    pub client_id: String,
    /// The secret.
    #[serde(deserialize_with = "secret")]
    pub client_secret: Secret<String>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// Why the platform cannot start; the text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// Others may read the file.
    #[error("{0} holds secrets and must be readable by its owner alone (chmod 600)")]
    Open(PathBuf),
    /// The file is not what it should be. Its content is not repeated: it holds secrets.
    #[error("{0} is not a valid configuration: line {1}")]
    Parse(PathBuf, usize),
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        use std::os::unix::fs::PermissionsExt;
        let cannot = |error| SettingsError::Read(path.to_owned(), error);
        let mode = std::fs::metadata(path).map_err(cannot)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(SettingsError::Open(path.to_owned()));
        }
        let text = Secret::new(std::fs::read_to_string(path).map_err(cannot)?);
        serde_json::from_str(text.expose()).map_err(|error| SettingsError::Parse(path.to_owned(), error.line()))
    }
}
