//! `POST /signin/continue`, `/signin/switch` and `/signin/cancel`: going on as somebody who is signed in,
//! as somebody else, or not at all.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::{AccountChoice, ChooseAccount};
use polder_kernel::Secret;
use polder_protocol::{Error, ErrorCode};

use super::accounts::{self, Account};
use super::answer;
use super::ask::{self, Asking};
use super::form::FlowForm;
use super::own_page;
use super::page::Paper;
use super::session::{self, Signed};
use super::show::destination;
use super::visit::Visit;
use super::waiting::Waiting;
use crate::App;
use crate::error::{Internal, PageError};
use crate::model::Application;
use crate::oidc::authorize;
use crate::store::sessions;

/// The word by which the chooser's last button asks for somebody who is not in it.
const SOMEBODY_NEW: &str = "new";

/// Goes on as one of the people who are signed in. For a single person the word counts for this request
/// alone and is stored nowhere; a choice among several is kept with the session that was chosen, which
/// gets a new cookie. For somebody who is not signed in here any more it changes nothing.
pub async fn go_on(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let mut accounts = accounts::live(&app, &mut app.db.read().await?, &form.visit.jar).await?;
    let meant = |account: &Account| form.waiting.person(&app, account.signed.user.id) == form.field("person");
    let Some(at) = accounts.iter().position(meant) else {
        return answer::proceed(&app, &form.visit, &form.waiting, None, false).await;
    };
    if accounts.len() == 1 {
        let signed = accounts.remove(at).signed;
        return answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), true).await;
    }
    let flow_hash = form.waiting.hash(&app);
    let Some((signed, cookie)) = choose(&app, accounts, at, Some(flow_hash)).await? else {
        return answer::proceed(&app, &form.visit, &form.waiting, None, false).await;
    };
    let mut response = answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), true).await?;
    session::cookie(&app, &cookie).append_to(response.headers_mut());
    Ok(response)
}

/// Makes the account at `at` the one that this browser goes on as, in this flow where there is one. Its
/// session gets a new secret (E04). Gives it with the cookie's new value; `None` when it ended meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn choose(
    app: &Arc<App>,
    mut accounts: Vec<Account>,
    at: usize,
    flow_hash: Option<String>,
) -> Result<Option<(Signed, Secret<String>)>, Internal> {
    let Account { mut signed, secret: before } = accounts.remove(at);
    let secret = app.entropy.token();
    let hash = |secret: &Secret<String>| sessions::cookie_hash(&app.keyring, secret);
    let (id, before, after) = (signed.session.id, hash(&before), hash(&secret));
    let others: Vec<_> = accounts.iter().map(|account| account.signed.session.id).collect();
    let flow = flow_hash.clone();
    let chosen = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !sessions::choose(tx, id, (&before, &after), flow.as_deref()).await? {
                    return Ok(false);
                }
                if let Some(flow) = &flow {
                    for other in others {
                        sessions::unchoose(tx, other, flow).await?;
                    }
                }
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    if !chosen {
        return Ok(None);
    }
    signed.session.chosen_in = flow_hash.or(signed.session.chosen_in);
    let cookie = accounts::value(std::iter::once(&secret).chain(accounts.iter().map(|account| &account.secret)));
    Ok(Some((signed, cookie)))
}

/// Shows who else is signed in here, or the form for an address. Whoever is signed in stays so.
pub async fn switch(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let application = answer::application(&app, &form.waiting.request)?;
    let accounts = accounts::live(&app, &mut app.db.read().await?, &form.visit.jar).await?;
    if accounts.len() > 1 && form.field("to") != SOMEBODY_NEW {
        return chooser(&app, &form.visit, &form.waiting, &application).await;
    }
    let paper = Paper::of_flow(&app, &form.visit, &form.waiting, &application).with_script();
    // Where the application means somebody who is not signed in here, it said whom.
    let hint = form.waiting.request.login_hint.as_deref().unwrap_or_default();
    let is_here = |account: &Account| hint.parse().is_ok_and(|hint| account.signed.user.email == hint);
    let asking = Asking { email: if accounts.iter().any(is_here) { "" } else { hint }, ..Asking::default() };
    Ok(ask::page(&app, &paper, &form.waiting, (&application.name, StatusCode::OK), asking).await?)
}

/// The page on which a person says who of those signed in here they are. Addresses are whole, as on `/`:
/// two masked ones may look the same.
///
/// # Errors
/// When the database fails.
pub async fn chooser(
    app: &App,
    visit: &Visit,
    waiting: &Waiting,
    application: &Application,
) -> Result<Response, PageError> {
    let accounts = accounts::live(app, &mut app.db.read().await?, &visit.jar).await?;
    // A request about one person cannot go on as anybody else.
    let accounts = accounts.iter().map(|account| &account.signed.user);
    let accounts: Vec<_> = accounts.filter(|user| waiting.request.is_for(&user.id.to_string())).collect();
    let persons: Vec<String> = accounts.iter().map(|user| waiting.person(app, user.id)).collect();
    let choices: Vec<AccountChoice<'_>> = accounts
        .iter()
        .zip(&persons)
        .map(|(user, person)| AccountChoice {
            name: user.name.as_deref().unwrap_or_default(),
            address: user.email.as_str(),
            person,
        })
        .collect();
    let paper = Paper::of_flow(app, visit, waiting, application);
    let page = ChooseAccount {
        frame: paper.frame(),
        application: &application.name,
        destination: destination(waiting.request.return_to.redirect_uri()),
        accounts: &choices,
        somebody_new: SOMEBODY_NEW,
    };
    Ok(paper.print(StatusCode::OK, &page))
}

/// Tells the application that the person would rather not.
pub async fn cancel(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let mut response = if own_page::is_for(&form.waiting.request) {
        own_page::leave(&app)
    } else {
        let error = Error::new(ErrorCode::AccessDenied, "the person cancelled the sign-in");
        authorize::decline(&app, &form.visit, &form.waiting.request, error).await?
    };
    form.waiting.forget(&app).append_to(response.headers_mut());
    Ok(response)
}
