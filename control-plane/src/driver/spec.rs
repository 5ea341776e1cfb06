//! What a tenant's runtime is started with, said without saying where it will see things.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A tenant's runtime as it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Names its process or container, its folders and its secrets.
    pub short_id: String,
    /// What its log lines and its container are labelled with.
    pub slug: String,
    /// The tenant's folder, which holds the two below. Other users of the host do not come near it.
    pub folder: PathBuf,
    /// Where it keeps its data.
    pub data: PathBuf,
    /// Where it makes its sockets and finds the control plane's.
    pub run: PathBuf,
    /// The secrets it reads.
    pub secrets: Vec<SecretFile>,
    /// The file that says which country an address is in, alone in its folder. No secret: every tenant reads it.
    pub places: Option<PathBuf>,
    /// Its arguments. They can be seen by every local user: no secrets.
    pub arguments: Vec<Argument>,
}

/// A secret that arrives as a file (G18).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile {
    /// The name an [`Argument`] calls it by, and its file's name where it is copied.
    pub name: &'static str,
    /// The file that holds it.
    pub source: PathBuf,
}

/// One argument of the runtime. Drivers differ in where the runtime sees its folders and secrets, so
/// paths are named here and written out by [`Spec::arguments`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// As it stands.
    Text(OsString),
    /// The data folder.
    Data,
    /// `unix:` and a socket's path.
    Socket(&'static str),
    /// A secret's path.
    Secret(&'static str),
    /// `file:` and a secret's path.
    SecretUrl(&'static str),
    /// The path of the file with places.
    Places,
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// Where a runtime sees what its [`Spec`] names.
pub struct View<'a> {
    /// Its data folder.
    pub data: &'a Path,
    /// The folder of its sockets.
    pub run: &'a Path,
    /// The path of one of its secrets.
    pub secret: &'a dyn Fn(&SecretFile) -> PathBuf,
    /// The folder of the file with places.
    pub places: Option<&'a Path>,
}

impl Spec {
    /// The arguments, for a runtime that sees things as `view` says. A secret that is not in
    /// [`Spec::secrets`] has no path and is left empty; the runtime refuses to start with it.
    pub fn arguments(&self, view: &View<'_>) -> Vec<OsString> {
        let secret = |name: &str| {
            let found = self.secrets.iter().find(|secret| secret.name == name);
            found.map(|found| (view.secret)(found).into_os_string()).unwrap_or_default()
        };
        let after = |prefix: &str, path: OsString| {
            let mut argument = OsString::from(prefix);
            argument.push(path);
            argument
        };
        let write = |argument: &Argument| match argument {
            Argument::Text(text) => text.clone(),
            Argument::Data => view.data.as_os_str().to_owned(),
            Argument::Socket(name) => after("unix:", view.run.join(name).into_os_string()),
            Argument::Secret(name) => secret(name),
            Argument::SecretUrl(name) => after("file:", secret(name)),
            Argument::Places => {
                let file = self.places.as_deref().and_then(Path::file_name);
                view.places.zip(file).map(|(folder, file)| folder.join(file).into_os_string()).unwrap_or_default()
            }
        };
        self.arguments.iter().map(write).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A spec with one of each.
    pub(crate) fn spec(folder: &Path) -> Spec {
        Spec {
            short_id: "abcdefghijkl".to_owned(),
            slug: "acme".to_owned(),
            folder: folder.to_owned(),
            data: folder.join("data"),
            run: folder.join("run"),
            secrets: vec![SecretFile { name: "seal", source: folder.join("seal.key") }],
            places: Some("/polder/places/places.mmdb".into()),
            arguments: vec![
                "--data".into(),
                Argument::Data,
                Argument::Socket("public.sock"),
                Argument::Secret("seal"),
                Argument::SecretUrl("seal"),
                Argument::Places,
            ],
        }
    }

    #[test]
    fn paths_are_written_as_the_runtime_sees_them() {
        let spec = spec(Path::new("/tenants/a"));
        let inside = |secret: &SecretFile| Path::new("/run/secrets").join(secret.name);
        let places = Some(Path::new("/run/places"));
        let view = View { data: Path::new("/data"), run: Path::new("/run/polder"), secret: &inside, places };
        let expected = [
            "--data",
            "/data",
            "unix:/run/polder/public.sock",
            "/run/secrets/seal",
            "file:/run/secrets/seal",
            "/run/places/places.mmdb",
        ];
        assert_eq!(spec.arguments(&view), expected.map(OsString::from));
        let view = View { data: &spec.data, run: &spec.run, secret: &|secret| secret.source.clone(), places: None };
        assert_eq!(spec.arguments(&view)[3], "/tenants/a/seal.key");
    }
}
