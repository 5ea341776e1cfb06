//! A developer tries a sign-in as their application, and sees what the application would have learnt.
//!
//! ```text
//! POST …/try ─> the request is pushed over the admin socket, state, nonce and verifier are sealed in this browser
//!           ─> the tenant's own pages, as for anybody
//!           ─> /try-out/callback: this session, this state, this issuer ─> the code is used over the admin socket
//!           ─> the claims, shown this once and kept nowhere
//! ```
//!
//! The callback is no redirect URI of any application: a request that names it in any other way is refused by the
//! tenant. Whoever is sent through a sign-in that somebody else began ends here without its attempt, and nobody else
//! can use the code.

mod attempt;

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_hosted_pages::console::{Shell, TryOut, TryOutShown};
use polder_kernel::Slug;
use polder_tenant_api::{Application, ApplicationKind, TryOutBegun, TryOutCode, TryOutEnded, TryOutOutcome};
use serde::Deserialize;
use url::Url;

use attempt::{Attempt, LIFETIME};

use super::fault::has_progress_only;
use super::fields::Fields;
use super::in_tenant::{AtId, InTenant};
use super::oidc::OidcError;
use super::tenants::head;
use super::{Console, Fault, SignedIn, Visit, show, signed_in};
use crate::administer::{On, applications, try_outs};
use crate::model::{Permission, Tenant};
use crate::store::tenants;

/// Where people come back to.
pub const CALLBACK: &str = "/try-out/callback";

/// The cookie of a try-out under way.
const COOKIE: &str = "try-out";
/// What is asked for where the form says nothing.
const USUAL: &str = "openid profile email";
/// The longest list of scopes, in characters.
const LONGEST_SCOPE: usize = 500;
/// The longest code, error or reason that is looked at, in characters.
const LONGEST: usize = 300;

/// The tenant's answer.
#[derive(Default, Deserialize)]
pub struct Answer {
    state: Option<String>,
    iss: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// `POST /tenants/{slug}/applications/{id}/try`: `scope`, `anew`.
pub async fn begin(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let app = &console.app;
    let application = applications::show(&on, id).await?;
    let asked = fields.words("scope").join(" ");
    let scope = if asked.is_empty() { USUAL.to_owned() } else { asked.chars().take(LONGEST_SCOPE).collect() };
    let at = (on.tenant.slug.clone(), id);
    let attempt = Attempt::new((&app.clock, &app.entropy), member.session.id, at, scope);
    let request = attempt.request(format!("{}{CALLBACK}", console.base), fields.has("anew"));
    let request_uri = match try_outs::begin(&on, id, &request).await? {
        TryOutBegun::Ready { request_uri, .. } => request_uri,
        TryOutBegun::Refused(refusal) => {
            let shown = TryOutShown::Refused(&refusal);
            return Ok(page(&console, (&member, &on), (&application, &attempt.scope), shown));
        }
    };
    let unusable = |error: url::ParseError| Fault::Internal(format!("the issuer is not a URL: {error}"));
    let mut to = Url::parse(&format!("{}/authorize", on.tenant.issuer)).map_err(unusable)?;
    to.query_pairs_mut().append_pair("client_id", &id.to_string()).append_pair("request_uri", &request_uri);
    let cookie = console.cookies.set(COOKIE, &attempt.seal(&app.keyring)?).max_age(LIFETIME);
    Ok(([cookie.header()], Redirect::to(to.as_str())).into_response())
}

/// `GET /try-out/callback`. It leads nowhere without a session: the code in its address is not to be carried on.
pub async fn end(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(answer): Query<Answer>,
) -> Result<Response, Fault> {
    let app = &console.app;
    console.limits.check("signin", visit.context.client_ip).map_err(Fault::TooMany)?;
    let member = signed_in::find(&console, &visit).await?.ok_or(Fault::NoAttempt)?;
    let mine = (member.session.id, answer.state.as_deref().unwrap_or_default());
    let attempt = visit.jar.get(COOKIE).and_then(|cookie| Attempt::open((&app.keyring, &app.clock), cookie, mine));
    let attempt = attempt.ok_or(Fault::NoAttempt)?;
    // What they may do can have changed on the way.
    if !member.may(Permission::ChangeApplications) {
        return Err(Fault::NotAllowed);
    }
    let on = own_tenant(&console, &member, &attempt.slug).await?;
    // Mix-up: an answer of another tenant is not looked at further (RFC 9207).
    if answer.iss.as_deref() != Some(on.tenant.issuer.as_str()) {
        return Err(OidcError::Untrusted("the answer is another issuer's").into());
    }
    let application = applications::show(&on, attempt.application).await?;
    let of = (&application, attempt.scope.as_str());
    if let Some(error) = &answer.error {
        let (error, said) = (cut(error), cut(answer.error_description.as_deref().unwrap_or_default()));
        return Ok(page(&console, (&member, &on), of, TryOutShown::Answered { error: &error, reason: &said }));
    }
    let code = answer.code.filter(|code| code.len() <= LONGEST).ok_or(OidcError::Untrusted("no code"))?;
    let came = TryOutCode { code, code_verifier: attempt.verifier.clone() };
    Ok(match try_outs::end(&on, attempt.application, &came).await? {
        TryOutEnded::Refused(refusal) => page(&console, (&member, &on), of, TryOutShown::Refused(&refusal)),
        TryOutEnded::SignedIn(outcome) => {
            if !fits(&outcome, &attempt, &on.tenant) {
                return Err(OidcError::Untrusted("the ID token is not for this try-out").into());
            }
            page(&console, (&member, &on), of, TryOutShown::SignedIn(&outcome))
        }
    })
}

/// Whether the ID token, where there is one, answers this very request. The tenant checked its signature.
fn fits(outcome: &TryOutOutcome, attempt: &Attempt, tenant: &Tenant) -> bool {
    let Some(claims) = &outcome.id_token else { return true };
    let is = |name: &str, value: &str| claims.get(name).and_then(|claim| claim.as_str()) == Some(value);
    is("iss", &tenant.issuer) && is("aud", &attempt.application.to_string()) && is("nonce", &attempt.nonce)
}

/// The tenant, while it is the member's organisation's: nobody else gets here by any leave.
async fn own_tenant(console: &Console, member: &SignedIn, slug: &Slug) -> Result<On, Fault> {
    let app = Arc::clone(&console.app);
    let tenant = tenants::by_slug(&mut app.db.read().await?, slug).await?;
    let own = |tenant: &Tenant| {
        tenant.plans.destroyed_at.is_none()
            && tenant.organisation_id == Some(member.session.organisation_id)
            && !has_progress_only(tenant.state)
    };
    let tenant = tenant.filter(own).ok_or(Fault::NotFound)?;
    Ok(On { app, tenant, acting: member.acting() })
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

fn page(
    console: &Console,
    (member, on): (&SignedIn, &On),
    (application, scope): (&Application, &str),
    shown: TryOutShown<'_>,
) -> Response {
    // It is shown this once: in another language it would have to be tried again.
    let shell = Shell { language_path: None, ..member.shell() };
    let page = TryOut { shell, tenant: head(&on.tenant), application, scope, shown };
    show::page(&member.visit, &page, &[console.provider.issuer(), &on.tenant.issuer])
}
