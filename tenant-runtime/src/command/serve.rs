//! `polder-tenant --data … --issuer … --listen …`: serves until told to stop.

use std::fs;
use std::path::Path;

use polder_crypto::{Jwk, Jwks, Verifier};
use polder_kernel::{Clock, Entropy};
use polder_outbound::{Courier, Credentials, Egress, Mailer, Sender, Smtp, SmtpUrl};
use polder_service::listen::{Address, Limits, Listener, serve};
use polder_service::log::{self, Format};
use polder_service::{Shutdown, TrustedProxy};

use crate::app::{App, Parts};
use crate::confine::Measure;
use crate::places::Places;
use crate::settings::{LogFormat, Serve};
use crate::startup::{self, Refused};
use crate::{jobs, router, secret_uses};

/// Opens everything, listens, serves, and closes in the opposite order. The addresses are bound
/// before anything is written, so a port that is taken leaves nothing behind.
pub(super) async fn run(settings: Serve, isolation: Vec<Measure>) -> Result<(), Refused> {
    log::init(match settings.log {
        LogFormat::Json => Format::Json,
        LogFormat::Text => Format::Text,
    });
    let (mailer, outbound) = (mailer(&settings)?, egress(&settings)?);
    let admin_key = settings.admin.admin_key.as_deref().map(admin_key).transpose()?;
    let public = bind(&settings.listen).await?;
    let admin = match &settings.admin.admin_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let opened = startup::open(&settings.store).await?;
    let app = App::start(Parts {
        issuer: settings.issuer.clone(),
        name: settings.name.clone(),
        clock: Clock::System,
        entropy: Entropy::System,
        db: opened.db.clone(),
        seal_key: opened.seal_key,
        mailer,
        outbound,
        admin: admin_key,
        places: settings.places.as_deref().map(places).unwrap_or_default(),
        isolation,
    })
    .await?;
    let shutdown = shutdown(settings.lifeline)?;
    let mut jobs = jobs::start(&app);
    let trusted = if settings.trust_gateway { TrustedProxy::Gateway } else { TrustedProxy::None };
    tracing::info!(issuer = %app.issuer, "serving");
    let people = serve(public, router::public(&app, trusted), Limits::default(), shutdown.clone());
    let control_plane = async {
        if let Some(listener) = admin {
            serve(listener, router::admin(&app), Limits::default(), shutdown.clone()).await;
        }
    };
    tokio::join!(people, control_plane);
    jobs.shutdown().await;
    if let Err(error) = secret_uses::flush(&app).await {
        tracing::error!(%error, "uses of secrets were not written down");
    }
    app.db.close().await;
    Ok(())
}

async fn bind(address: &str) -> Result<Listener, Refused> {
    let address: Address = address.parse().map_err(|error| Refused::Other(format!("{address}: {error}")))?;
    Listener::bind(&address).await.map_err(|error| Refused::Other(error.to_string()))
}

fn shutdown(lifeline: bool) -> Result<Shutdown, Refused> {
    let failed = |error: std::io::Error| Refused::Other(format!("cannot listen for signals: {error}"));
    let shutdown = Shutdown::on_signals().map_err(failed)?;
    if lifeline { shutdown.and_lifeline().map_err(failed) } else { Ok(shutdown) }
}

fn mailer(settings: &Serve) -> Result<Mailer, Refused> {
    let wrong = |error: polder_outbound::smtp::SettingsError| Refused::Other(error.to_string());
    if let Some(courier) = &settings.courier {
        let path = courier.strip_prefix("unix:").unwrap_or(courier);
        return Ok(Mailer::Courier(Courier::new(path)));
    }
    let (Some(url), Some(from)) = (&settings.smtp, &settings.mail_from) else {
        return Err(Refused::Other("give --smtp URL and --mail-from ADDR: people sign in by e-mail code".into()));
    };
    let url: SmtpUrl = url.parse().map_err(wrong)?;
    let from: Sender = from.parse().map_err(wrong)?;
    let credentials = settings.smtp_credentials.as_deref().map(credentials).transpose()?;
    Ok(Mailer::Smtp(Smtp::new(&url, credentials.as_ref(), &from).map_err(wrong)?))
}

fn egress(settings: &Serve) -> Result<Egress, Refused> {
    let egress = match &settings.egress {
        Some(socket) => Egress::through(socket.strip_prefix("unix:").unwrap_or(socket)),
        // An issuer on this machine is one of development: so may be those it learns from.
        None => Egress::direct(settings.issuer.is_local()),
    };
    egress.map_err(|error| Refused::Other(error.to_string()))
}

fn credentials(file: &Path) -> Result<Credentials, Refused> {
    read(file)?.parse().map_err(|error: polder_outbound::smtp::SettingsError| Refused::Other(error.to_string()))
}

/// Where addresses are. Nobody is kept out because that cannot be said: a file that is of no use is left
/// alone, with a word in the log.
fn places(file: &Path) -> Places {
    Places::open(file).unwrap_or_else(|error| {
        tracing::warn!(file = %file.display(), %error, "sessions are shown without a place");
        Places::default()
    })
}

/// The public key that the control plane's assertions are signed with: one JWK.
fn admin_key(file: &Path) -> Result<Verifier, Refused> {
    let jwk: Jwk = serde_json::from_str(&read(file)?)
        .map_err(|_| Refused::Other(format!("{} is not a public key (JWK)", file.display())))?;
    Ok(Verifier::new(&Jwks { keys: vec![jwk] }))
}

fn read(file: &Path) -> Result<String, Refused> {
    fs::read_to_string(file).map_err(|error| Refused::Other(format!("cannot read {}: {error}", file.display())))
}
