//! Where a database is: a file, or a PostgreSQL server.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use polder_kernel::Secret;

/// Where a database is. Neither `Debug` nor `Display` shows what a PostgreSQL address contains.
#[derive(Clone)]
pub enum Location {
    /// A SQLite file, made when it is not there; its folder must exist.
    Sqlite(PathBuf),
    /// A `postgres://` address, with a password perhaps.
    Postgres(Secret<String>),
}

/// The text is neither `sqlite:PATH` nor `postgres://…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a database is given as sqlite:PATH or postgres://…")]
pub struct NotALocation;

impl FromStr for Location {
    type Err = NotALocation;

    fn from_str(text: &str) -> Result<Self, NotALocation> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Secret::new(text.to_owned())));
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err(NotALocation),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_file_or_a_server() {
        assert!(matches!("sqlite:/a/b.db".parse(), Ok(Location::Sqlite(path)) if path.as_os_str() == "/a/b.db"));
        assert!(matches!("postgres://localhost/a".parse(), Ok(Location::Postgres(_))));
        for wrong in ["", "sqlite:", "/a/b.db", "mysql://localhost/a"] {
            assert!(matches!(wrong.parse::<Location>(), Err(NotALocation)), "{wrong}");
        }
    }

    #[test]
    fn f16_the_password_of_a_server_is_not_shown() {
        let location: Location = "postgres://ann:hunter2@localhost/a".parse().unwrap();
        assert!(!format!("{location:?} {location}").contains("hunter2"));
    }
}
