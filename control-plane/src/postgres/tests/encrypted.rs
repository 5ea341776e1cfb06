//! A server behind TLS: what goes there is encrypted, with the server that was meant and nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use polder_db::server::{Endpoint, Server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::client::Client;
use super::{Ground, ground, short_id};

/// Speaks TLS in front of the server of the tests, which does not.
struct Front {
    port: u16,
    /// The authority that signed its certificate, PEM.
    authority: String,
    plain: Arc<AtomicUsize>,
    encrypted: Arc<AtomicUsize>,
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

async fn front(server: &Server) -> Front {
    let Endpoint::Tcp(host, port) = server.endpoint() else { panic!("the server of the tests is reached by TCP") };
    let authority = authority("tests");
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let chain = vec![CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (plain, encrypted) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let front = Front {
        port: listener.local_addr().unwrap().port(),
        authority: authority.pem(),
        plain: Arc::clone(&plain),
        encrypted: Arc::clone(&encrypted),
    };
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (acceptor, address) = (acceptor.clone(), (host.clone(), port));
            let (plain, encrypted) = (Arc::clone(&plain), Arc::clone(&encrypted));
            tokio::spawn(async move {
                let mut first = [0; 8];
                let asks = client.read_exact(&mut first).await.is_ok() && first == [0, 0, 0, 8, 4, 210, 22, 47];
                if !asks {
                    plain.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                client.write_all(b"S").await.unwrap();
                let Ok(mut client) = acceptor.accept(client).await else { return };
                encrypted.fetch_add(1, Ordering::SeqCst);
                let mut server = TcpStream::connect(address).await.unwrap();
                drop(copy_bidirectional(&mut client, &mut server).await);
            });
        }
    });
    front
}

impl Ground {
    /// The same ground, with the server reached as `host` with `more` in its address.
    fn through(&self, front: &Front, host: &str, more: &str) -> Server {
        let role = self.address.split_once('@').unwrap().0;
        format!("{role}@{host}:{}/postgres?{more}", front.port).parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_what_goes_to_a_server_elsewhere_is_encrypted_and_goes_to_that_server_alone() {
    let Some(mut ground) = ground().await else { return };
    let front = front(&ground.server).await;
    let roots = ground.folder.path().join("roots.pem");
    std::fs::write(&roots, &front.authority).unwrap();
    let verified = format!("sslmode=verify-full&sslrootcert={}", roots.display());

    // Everything: the server's own connection, the migrations of the template, and the relay.
    ground.server = ground.through(&front, "localhost", &verified);
    let (postgres, short) = (ground.start(), short_id());
    postgres.prepare(&short).await.unwrap();
    let path = ground.run(&short).join(super::super::SOCKET);
    postgres.open(&short, &ground.run(&short)).await.unwrap();
    let before = front.encrypted.load(Ordering::SeqCst);
    let mut client = Client::new(&path).await;
    client.log_in(&ground.address(&short), &[]).await.unwrap();
    assert!(before >= 3 && front.encrypted.load(Ordering::SeqCst) == before + 1);

    // A request to cancel goes the same way.
    let seconds = 20;
    client.query(&format!("SELECT pg_sleep({seconds})")).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    Client::new(&path).await.cancel(client.key).await;
    assert_eq!(client.error().await, "57014");
    drop(client);

    // Whoever answers will do, where that was said.
    let relaxed = Ground { server: ground.through(&front, "127.0.0.1", "sslmode=require"), ..ground };
    relaxed.start().open(&short, &relaxed.run(&short)).await.unwrap();
    let again = relaxed.start();
    again.open(&short, &relaxed.run(&short)).await.unwrap();
    Client::new(&path).await.log_in(&relaxed.address(&short), &[]).await.unwrap();
    again.close(&short);

    // Another name, another authority: nobody is let through, and the password goes nowhere.
    std::fs::write(&roots, authority("somebody else").pem()).unwrap();
    let usual = "sslmode=verify-full";
    for (host, more) in [("127.0.0.1", verified.as_str()), ("localhost", verified.as_str()), ("localhost", usual)] {
        let server = relaxed.through(&front, host, more);
        let upstream = super::super::Upstream::to(&server).unwrap();
        let names = super::Names::of(&short).unwrap();
        let password = polder_kernel::Secret::new(relaxed.address(&short).password().unwrap().to_owned());
        let run = relaxed.run(&short);
        let relay = super::super::Relay::open(&run, upstream, &names, &password, &polder_kernel::Entropy::System);
        let _relay = relay.unwrap();
        let refused = Client::new(&path).await.log_in(&relaxed.address(&short), &[]).await;
        assert_eq!(refused, Err("57P03".to_owned()), "{host} {more}");
        assert!(server.check().await.is_err(), "{host} {more}");
    }
    std::fs::write(&roots, "").unwrap();
    assert!(super::super::Upstream::to(&relaxed.through(&front, "localhost", &verified)).is_err());
    assert_eq!(front.plain.load(Ordering::SeqCst), 0, "nothing went unencrypted");
    again.destroy(&short).await.unwrap();
    relaxed.clean().await;
}
