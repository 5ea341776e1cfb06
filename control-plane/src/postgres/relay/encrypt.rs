//! TLS between the relay and the server, as the server's address asks. The password is proved inside of it,
//! and is not sent there either.

use std::io;
use std::path::Path;
use std::sync::Arc;

use polder_db::server::Encryption;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// `SSLRequest` (<https://www.postgresql.org/docs/15/protocol-message-formats.html>).
const REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Encrypts connections to one server.
#[derive(Clone)]
pub(super) struct Encrypter {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Encrypter {
    /// What encrypts connections to `host`; `None` where nothing is to.
    pub(super) fn new(encryption: &Encryption, host: &str) -> io::Result<Option<Self>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let config = match encryption {
            Encryption::Off | Encryption::Unsaid => return Ok(None),
            Encryption::NameUnverified => return Err(io::Error::other("sslmode=verify-ca: use verify-full")),
            Encryption::Unverified => {
                config.dangerous().with_custom_certificate_verifier(Arc::new(Anybody { provider }))
            }
            Encryption::Verified(file) => config.with_root_certificates(roots(file.as_deref())?),
        };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Ok(Some(Self { connector: TlsConnector::from(Arc::new(config.with_no_client_auth())), name }))
    }

    /// Encrypts a connection that was just opened. A server that would rather not is left.
    pub(super) async fn encrypt(&self, mut stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        stream.write_all(&REQUEST).await?;
        // One byte and no more: what follows is the handshake, or somebody in between.
        if stream.read_u8().await? != b'S' {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the server does not speak TLS"));
        }
        self.connector.connect(self.name.clone(), stream).await
    }
}

/// The authorities in a file, or the usual ones.
fn roots(file: Option<&Path>) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let wrong = |why: &dyn std::fmt::Display| io::Error::other(format!("{}: {why}", file.display()));
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))? {
        roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() { Err(wrong(&"it holds no certificate")) } else { Ok(roots) }
}

/// Takes whoever answers for the server, as `sslmode=require` does.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
