//! `polder-tenant application add`: an application for a tenant that is not running.

use polder_audit::{Actor, Event};
use polder_crypto::Algorithm;
use polder_db::Db;
use polder_kernel::{Clock, Entropy};
use polder_protocol::registration::{self, Wish};
use polder_protocol::{Client, Insists, Profile};
use polder_tenant_api::{Access, ApplicationId, ApplicationSecretId, Preferences};

use crate::error::Internal;
use crate::model::Application;
use crate::settings::{AddApplication, Issuer};
use crate::startup::{self, Opened, Refused};
use crate::store;
use crate::store::applications::NewSecret;

/// Creates the application and prints its id and, this once, its secret.
pub(super) async fn run(add: AddApplication) -> Result<(), Refused> {
    let (clock, entropy) = (Clock::System, Entropy::System);
    // Refused before anything is written, as far as that can be told without the tenant.
    let dev = add.issuer.as_ref().is_none_or(Issuer::is_local);
    application(&add, dev, ApplicationId::new(&clock, &entropy), &clock)?;
    if add.issuer.is_none() && add.store.data.as_ref().is_some_and(|folder| !folder.join("tenant.db").exists()) {
        return Err(never_started());
    }
    let Opened { db, seal_key, lock } = startup::open(&add.store).await?;
    let keyring = startup::open_database(&db, &seal_key, &clock, &entropy).await?;
    let issuer = issuer(&db, add.issuer.clone()).await?;
    let application = application(&add, issuer.is_local(), ApplicationId::new(&clock, &entropy), &clock)?;
    let secret = (!application.client.is_public()).then(|| entropy.token());
    let stored = secret.as_ref().map(|secret| NewSecret {
        id: ApplicationSecretId::new(&clock, &entropy),
        hash: keyring.index("client-secret", secret.expose().as_bytes()),
        created_at: clock.now(),
    });
    let client_id = application.client.id.clone();
    db.write(move |tx| {
        Box::pin(async move {
            store::applications::add(tx, &application).await?;
            if let Some(secret) = &stored {
                store::applications::add_secret(tx, application.id, secret, secret.created_at).await?;
            }
            let event = Event::new("application.created", Actor::system("command line"));
            polder_audit::record(tx, event.application(application.id));
            Ok::<_, Internal>(())
        })
    })
    .await?;
    db.close().await;
    drop(lock);
    println!("client_id={client_id}");
    if let Some(secret) = secret {
        println!("client_secret={}", secret.expose());
    }
    Ok(())
}

/// The issuer this tenant was started with, else the one that is given: what may be registered depends on it.
async fn issuer(db: &Db, given: Option<Issuer>) -> Result<Issuer, Refused> {
    let stored = store::settings::get(&mut db.read().await?, "issuer").await?;
    let stored = stored.and_then(|text| text.parse().ok());
    stored.or(given).ok_or_else(never_started)
}

fn never_started() -> Refused {
    Refused::Other("this tenant was never started: give --issuer too".to_owned())
}

fn application(add: &AddApplication, dev: bool, id: ApplicationId, clock: &Clock) -> Result<Application, Refused> {
    let unknown = |option: &str| Refused::Other(format!("{option}: not a known name; see --help"));
    let wish = Wish {
        kind: add.kind.parse().map_err(|_| unknown("--type"))?,
        redirect_uris: add.redirect_uris.clone(),
        post_logout_redirect_uris: add.post_logout_redirect_uris.clone(),
        grant_types: (!add.grant_types.is_empty()).then(|| add.grant_types.clone()),
        auth_method: add.auth_method.as_deref().map(str::parse).transpose().map_err(|_| unknown("--auth-method"))?,
        scopes: add.scopes.clone(),
        audience: add.audience.clone(),
        profile: Profile::Default,
        has_keys: false,
    };
    let accepted = registration::check(&wish, dev).map_err(|wrong| {
        let all: Vec<String> = wrong.iter().map(|one| format!("{}: {}", one.field, one.message)).collect();
        Refused::Other(all.join("; "))
    })?;
    let now = clock.now();
    let id_token_alg = add.id_token_alg.as_deref().map(str::parse::<Algorithm>).transpose();
    let id_token_alg = id_token_alg.map_err(|_| unknown("--id-token-alg"))?;
    let preferences = Preferences {
        scopes: add.scopes.clone(),
        audience: add.audience.clone(),
        id_token_signed_response_alg: id_token_alg.map(|algorithm| algorithm.as_str().to_owned()),
        ..Preferences::default()
    };
    let client = Client {
        id: id.to_string(),
        kind: wish.kind,
        profile: Profile::Default,
        auth_method: accepted.auth_method,
        redirect_uris: accepted.redirect_uris,
        post_logout_redirect_uris: accepted.post_logout_redirect_uris,
        grant_types: accepted.grant_types,
        scopes: accepted.scopes,
        audience: accepted.audience.unwrap_or_default(),
        resources: Vec::new(),
        insists: Insists::default(),
    };
    Ok(Application::new(id, add.name.clone(), client, Access::Everyone, preferences, now))
}
