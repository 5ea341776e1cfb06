//! What stands before a form that has a code sent or tried: lists of networks (R8), and a proof of work where
//! one is asked for (R1). None of it stands before a passkey.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use polder_hosted_pages::tenant::ProveWork;
use polder_kernel::Email;
use polder_tenant_api::{AttemptOutcome, BlocklistAction};

use super::answer;
use super::form::FlowForm;
use super::page::Paper;
use super::visit::Visit;
use crate::error::{Kind, PageError};
use crate::guard::proof::{Answer, Done, For, Level};
use crate::guard::risk::Signals;
use crate::guard::{attempts, tells};
use crate::{App, limits};

/// A form that asks for a code, and is sent again with the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// The first code for an address.
    First,
    /// Another one.
    Again,
}

/// What came with a form.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// What it tells; how much goes on is not known yet.
    pub signals: Signals,
    /// The proof of work, where there is one.
    pub proof: Option<Done>,
}

impl Asks {
    const fn path(self) -> &'static str {
        match self {
            Self::First => "/signin/email",
            Self::Again => "/signin/resend",
        }
    }
}

/// Lets nobody by whose network is refused.
///
/// # Errors
/// A page that says so.
pub async fn admit(app: &Arc<App>, visit: &Visit) -> Result<(), PageError> {
    if app.blocklists.find(visit.context.client_ip, app.clock.now()) != Some(BlocklistAction::Refuse) {
        return Ok(());
    }
    attempts::note_refusal(app, AttemptOutcome::Blocked, &visit.context).await?;
    Err(PageError::new(Kind::Blocked))
}

/// Reads what came with a form that asks for a code. A page where that is all that can be said yet.
///
/// # Errors
/// A page, when the network is refused or has waited out too many challenges.
pub async fn read(
    app: &Arc<App>,
    form: &FlowForm,
    (asks, email): (Asks, &Email),
) -> Result<Result<Brought, Response>, PageError> {
    admit(app, &form.visit).await?;
    let ip = form.visit.context.client_ip;
    let first = asks == Asks::First;
    let challenge = form.field("challenge");
    let signals = Signals {
        answering: !challenge.is_empty(),
        trapped: first && !form.field(tells::TRAP).is_empty(),
        hasty: first && tells::is_hasty(app, &form.waiting, form.field(tells::SHOWN)),
        listed: app.blocklists.find(ip, app.clock.now()).is_some(),
        from_this_machine: ip.is_some_and(|ip| ip.to_canonical().is_loopback()),
        ..Signals::default()
    };
    let proof = match challenge {
        "" => None,
        _ => match of(app, form, (asks, email), |bound| bound.open(app, challenge, form.field("solution").trim())) {
            Answer::Worked(done) => Some(done),
            Answer::Waited(done) => {
                app.limits.check(limits::WAITED_OUT, ip)?;
                Some(done)
            }
            Answer::Early { wait } => return page(app, form, (asks, email), (challenge, wait, true)).map(Err),
            Answer::Nothing => None,
        },
    };
    Ok(Ok(Brought { signals, proof }))
}

/// Asks for a proof of work: the form again, with a new challenge.
///
/// # Errors
/// When we fail.
pub async fn ask(
    app: &Arc<App>,
    form: &FlowForm,
    (asks, email): (Asks, &Email),
    level: Level,
) -> Result<Response, PageError> {
    attempts::note_refusal(app, AttemptOutcome::AskedForWork, &form.visit.context).await?;
    let challenge = of(app, form, (asks, email), |bound| bound.issue(app, level));
    let challenge = challenge.map_err(|error| PageError::new(Kind::Failed).detail(error.to_string()))?;
    page(app, form, (asks, email), (&challenge, level.wait(), false))
}

fn of<T>(app: &App, form: &FlowForm, (asks, email): (Asks, &Email), work: impl FnOnce(For<'_>) -> T) -> T {
    let flow_hash = form.waiting.hash(app);
    work(For { form: asks.path(), flow_hash: &flow_hash, email, ip: form.visit.context.client_ip })
}

fn page(
    app: &App,
    form: &FlowForm,
    (asks, email): (Asks, &Email),
    (challenge, wait, early): (&str, Duration, bool),
) -> Result<Response, PageError> {
    let application = answer::application(app, &form.waiting.request)?;
    let paper = Paper::of_flow(app, &form.visit, &form.waiting, &application).with_script();
    let wait_seconds = super::resend::whole_seconds(wait);
    let page = ProveWork {
        frame: paper.frame(),
        application: Some(&application.name),
        action: asks.path(),
        email: (asks == Asks::First).then(|| email.as_str()),
        challenge,
        wait_seconds,
        early,
    };
    Ok(paper.print_too_many(wait_seconds, &page))
}
