//! Whether what goes to a server is encrypted, as its address says (`sslmode`, `sslrootcert`).

use std::path::PathBuf;

use sqlx::postgres::PgSslMode;
use url::Url;

/// What is asked of a connection to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// `disable`: none, and that was said.
    Off,
    /// Nothing was said, or no more than a preference.
    Unsaid,
    /// `require`: TLS with whoever answers. It keeps out who listens, not who stands in between.
    Unverified,
    /// `verify-full`: TLS with the server of this name, by the usual roots or those in the file
    /// (`sslrootcert`, PEM).
    Verified(Option<PathBuf>),
    /// `verify-ca`, which lets in any server of the same authority: not offered.
    NameUnverified,
}

impl Encryption {
    pub(super) fn of(mode: PgSslMode, address: &str) -> Self {
        match mode {
            PgSslMode::Disable => Self::Off,
            PgSslMode::Allow | PgSslMode::Prefer => Self::Unsaid,
            PgSslMode::Require => Self::Unverified,
            PgSslMode::VerifyCa => Self::NameUnverified,
            PgSslMode::VerifyFull => Self::Verified(roots(address)),
        }
    }
}

fn roots(address: &str) -> Option<PathBuf> {
    let url = Url::parse(address).ok()?;
    let named = url.query_pairs().filter(|(name, _)| matches!(&**name, "sslrootcert" | "ssl-root-cert" | "ssl-ca"));
    named.last().map(|(_, path)| PathBuf::from(&*path))
}

#[cfg(test)]
mod tests {
    use super::super::Server;
    use super::*;

    #[test]
    fn what_an_address_says_about_encryption() {
        let table = [
            ("", Encryption::Unsaid),
            ("?sslmode=prefer", Encryption::Unsaid),
            ("?sslmode=disable", Encryption::Off),
            ("?sslmode=require", Encryption::Unverified),
            ("?sslmode=verify-ca", Encryption::NameUnverified),
            ("?sslmode=verify-full", Encryption::Verified(None)),
            ("?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem", Encryption::Verified(Some("/etc/ca.pem".into()))),
        ];
        for (more, expected) in table {
            let server: Server = format!("postgres://polder@db.internal/postgres{more}").parse().unwrap();
            assert_eq!(server.encryption(), &expected, "{more}");
            // And so does the address that is handed on.
            let (name, password) = ("t_a".parse().unwrap(), polder_kernel::Secret::new("x".to_owned()));
            let handed: Server = server.address(&name, &name, &password).expose().parse().unwrap();
            assert_eq!(handed.encryption(), &expected, "{more}");
        }
    }
}
