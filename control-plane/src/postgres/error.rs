//! What can go wrong with a tenant's database, in words an operator can act on.

use std::io;

use polder_db::Error;

/// Why a tenant's PostgreSQL database cannot be used. No password is in it.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The server.
    #[error("PostgreSQL: {0}")]
    Server(#[from] Error),
    /// The passwords' files.
    #[error("the passwords of the tenant's database cannot be kept: {0}")]
    Secrets(#[source] io::Error),
    /// A password file does not hold what was put there.
    #[error("the password file of the tenant's database is missing or damaged: restore it to the folder `secrets`")]
    Password,
    /// The short id makes no name.
    #[error("the tenant's short id names no database")]
    Name,
    /// The program that knows the schema did not do it.
    #[error("polder-tenant could not bring the database to its schema: {0}")]
    Program(String),
    /// There was a database, and there is none: a fresh one in its place would hide that.
    #[error(
        "the tenant's database {0} is not on the server: restore it, or name the server that holds it with --database"
    )]
    Lost(String),
    /// What the server's address asks of the connection cannot be had.
    #[error("the connection to the PostgreSQL server cannot be encrypted as its address asks: {0}")]
    Encryption(#[source] io::Error),
    /// The tenant's way to the server.
    #[error("{0}: {1}")]
    Relay(String, #[source] io::Error),
}

impl PostgresError {
    /// Whether trying again is of no use.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Password | Self::Name)
    }
}
