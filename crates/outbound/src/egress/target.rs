//! Where a request goes, read once from its address.

use http::{HeaderValue, Uri};
use tokio_rustls::rustls::pki_types::ServerName;

use crate::destination::{Destination, PORT};

/// Where a request goes.
pub(super) struct Target {
    pub(super) to: Destination,
    /// As the `Host` field has it.
    pub(super) header: HeaderValue,
    pub(super) path: String,
    /// Whom the certificate must be for; `None` without TLS.
    pub(super) name: Option<ServerName<'static>>,
}

impl Target {
    /// `None` for what is neither a public host over https nor this machine.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let encrypted = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        // A user in an address is never wanted, and often meant to mislead.
        let header = HeaderValue::from_str(authority.as_str()).ok().filter(|_| !authority.as_str().contains('@'))?;
        let port = authority.port_u16().unwrap_or(if encrypted { PORT } else { 80 });
        let to = Destination::parse(&format!("{}:{port}", authority.host()))?;
        let allowed = to.is_loopback() || (encrypted && to.is_public());
        if !allowed {
            return None;
        }
        let name = match encrypted {
            true => Some(ServerName::try_from(to.host.clone()).ok()?),
            false => None,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Some(Self { to, header, path, name })
    }
}
