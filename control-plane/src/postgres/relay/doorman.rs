//! Who is let in: the tenant's own role at the tenant's own database, and nobody else.

use super::Shared;

/// Why somebody is not let in, as PostgreSQL would say it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// The SQLSTATE.
    pub(super) code: &'static str,
    /// For people.
    pub(super) text: &'static str,
}

pub(super) const fn refused(code: &'static str, text: &'static str) -> Refused {
    Refused { code, text }
}

/// The parameters the session begins with at the server, from those that were asked for.
pub(super) fn admit(shared: &Shared, asked: &[(String, String)]) -> Result<Vec<(String, String)>, Refused> {
    let (user, database) = (shared.names.runtime.as_str(), shared.names.database.as_str());
    let find = |wanted: &str| -> Result<Option<&str>, Refused> {
        let mut found = asked.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(refused("08P01", "a parameter is given twice")),
            (value, None) => Ok(value),
        }
    };
    if find("user")? != Some(user) {
        return Err(refused("28000", "this socket serves one role alone"));
    }
    // The database is the user's name where none is given.
    if find("database")?.unwrap_or(user) != database {
        return Err(refused("3D000", "this socket serves one database alone"));
    }
    if asked.iter().any(|(name, _)| name.eq_ignore_ascii_case("replication")) {
        return Err(refused("42501", "this socket serves no replication"));
    }
    let pinned = [("user", user), ("database", database)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let others =
        asked.iter().filter(|(name, _)| !matches!(name.as_str(), "user" | "database") && !name.starts_with("_pq_."));
    Ok(pinned.into_iter().chain(others.cloned()).collect())
}
