//! The page that asks who somebody is: an address, or an outside provider.

use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::{
    EmailError, PasskeyProblem, ProviderButton, ProviderTrouble, SignInEmail, WaitingAccount,
};
use polder_protocol::authorize::Request;

use super::own_page;
use super::page::Paper;
use super::waiting::Waiting;
use crate::App;
use crate::error::Internal;
use crate::guard::tells;
use crate::model::Connection;
use crate::store::unconnected_accounts;

/// What the page shows beside what is always there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asking<'a> {
    /// What the field holds.
    pub email: &'a str,
    /// What was wrong with it.
    pub error: Option<EmailError>,
    /// Why a passkey did not sign in.
    pub passkey_problem: Option<PasskeyProblem<'a>>,
    /// Why a provider signed nobody in.
    pub trouble: Option<ProviderTrouble<'a>>,
    /// When the page was first shown, under the tenant's key, where it is shown again.
    pub shown: Option<&'a str>,
}

/// Whether a provider may answer this request. Whoever is to prove themselves once more is not helped by one
/// that says yes without asking; on our own pages none is asked.
pub fn is_offered(connection: &Connection, request: &Request) -> bool {
    let again = request.prompt.login || request.max_age.is_some();
    let fits = !again || (connection.asks_again() && !own_page::is_for(request));
    connection.disabled_at.is_none() && fits
}

/// The page, for the application of this name.
///
/// # Errors
/// When the database fails.
pub async fn page(
    app: &App,
    paper: &Paper,
    waiting: &Waiting,
    (application, status): (&str, StatusCode),
    asking: Asking<'_>,
) -> Result<Response, Internal> {
    let connections = app.connections.all();
    let enabled = connections.iter().filter(|connection| is_offered(connection, &waiting.request));
    let named: Vec<(String, &str)> = enabled.map(|one| (one.id.to_string(), one.name.as_str())).collect();
    let providers: Vec<_> = named.iter().map(|(id, name)| ProviderButton { name, connection: id }).collect();
    let hash = waiting.hash(app);
    let waits = match connections.is_empty() {
        true => None,
        false => unconnected_accounts::of_flow(&mut app.db.read().await?, &hash, app.clock.now()).await?,
    };
    let waits = match waits {
        Some(waits) => Some((waits.vouched(&app.keyring, &hash)?.profile, waits.connection_id)),
        None => None,
    };
    let connection = waits.as_ref().and_then(|(_, id)| app.connections.find(*id));
    let profile = waits.as_ref().map(|(profile, _)| profile);
    let address = profile.and_then(|profile| profile.address());
    let now = tells::shown_at(app, waiting, app.clock.now());
    let page = SignInEmail {
        frame: paper.frame(),
        application: Some(application),
        email: match (asking.email, &address) {
            ("", Some(address)) => address.as_str(),
            (email, _) => email,
        },
        error: asking.error,
        passkey_problem: asking.passkey_problem,
        providers: &providers,
        trouble: asking.trouble,
        waits: connection.as_ref().map(|connection| WaitingAccount {
            provider: &connection.name,
            account: profile.and_then(|p| p.account()),
        }),
        shown: asking.shown.unwrap_or(&now),
    };
    Ok(match asking.error {
        Some(EmailError::TooMany { retry_after_seconds }) => paper.print_too_many(retry_after_seconds, &page),
        _ => paper.print(status, &page),
    })
}
