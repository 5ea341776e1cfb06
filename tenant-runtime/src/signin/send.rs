//! Sending a code: one unit of work that does the same whoever the address belongs to (D10).

use std::sync::Arc;
use std::time::Duration;

use polder_audit::{Actor, Event};
use polder_crypto::Category;
use polder_db::Tx;
use polder_kernel::{Email, Locale, Secret, Timestamp};
use polder_tenant_api::AttemptOutcome;

use super::gate::Brought;
use super::mail::{self, MINUTES, Parameters, Purpose};
use super::own_page;
use super::sign_up;
use super::visit::Visit;
use super::waiting::Waiting;
use crate::App;
use crate::error::Internal;
use crate::guard::budget::{Full, Keys, Refused};
use crate::guard::proof::Level;
use crate::guard::risk::{self, Heat, Signals};
use crate::guard::{attempts, known};
use crate::model::User;
use crate::store::address_changes;
use crate::store::one_time_codes::{self, NewCode, StoredCode};
use crate::store::outbox::{self, MessageId, NewMessage};
use crate::store::users;

/// How long a code works.
pub const CODE_LIFETIME: Duration = Duration::from_secs(60 * MINUTES as u64);
/// The first wait before another code can be asked for; it doubles with each.
const COOL_DOWN_SECONDS: u64 = 30;
/// The longest such wait.
const LONGEST_COOL_DOWN_SECONDS: u64 = 15 * 60;

/// What became of asking for a code.
#[derive(Debug)]
pub enum Sent {
    /// A code is under way, if the address may have one. Nobody outside can tell.
    UnderWay,
    /// The one before is still fresh.
    TooSoon {
        /// When another can be asked for.
        retry_after: Duration,
    },
    /// This flow made its session already.
    Finished,
}

/// Why nothing was sent. The unit of work is rolled back.
#[derive(Debug)]
pub enum Halt {
    /// A budget is used up.
    Full(Full),
    /// A proof of work is asked for first.
    Prove {
        /// How much.
        level: Level,
    },
    /// We failed.
    Failed(Internal),
}

impl From<Refused> for Halt {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full(full) => Self::Full(full),
            Refused::Database(error) => Self::Failed(error.into()),
        }
    }
}

impl From<polder_db::Error> for Halt {
    fn from(error: polder_db::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Internal> for Halt {
    fn from(error: Internal) -> Self {
        Self::Failed(error)
    }
}

/// A code in the making.
struct Making {
    flow_hash: String,
    code: Secret<String>,
    code_hash: String,
    email: Email,
    address_index: String,
    message: MessageId,
    locale: Locale,
    application_id: String,
    application_name: String,
    budget: Keys,
    brought: Brought,
    visit: Visit,
    now: Timestamp,
}

/// Sends a code for this flow to `email`, replacing the one before (D06). Known, unknown and stopped
/// addresses go the same way; only whether the row for the mail appears differs.
pub async fn send(
    app: &Arc<App>,
    visit: &Visit,
    waiting: &Waiting,
    (email, mut brought): (Email, Brought),
) -> Result<Sent, Halt> {
    let code = app.entropy.eight_digits();
    let application = own_page::application(app, &waiting.request.client_id);
    let browser = known::browser(app, &visit.jar, &email);
    brought.signals.known_browser = browser.is_some();
    let making = Making {
        flow_hash: waiting.hash(app),
        code_hash: waiting.code_hash(app, code.expose()),
        code,
        address_index: address_index(app, &email),
        message: MessageId::new(&app.clock, &app.entropy),
        locale: visit.locale(app, &waiting.request.ui_locales),
        application_id: waiting.request.client_id.clone(),
        application_name: application.map(|a| a.name.clone()).unwrap_or_default(),
        budget: Keys::new(&app.keyring, &email, visit.context.client_ip, browser.as_deref()),
        brought,
        visit: visit.clone(),
        now: app.clock.now(),
        email,
    };
    let unit = Arc::clone(app);
    let sent = app.db.write(move |tx| Box::pin(async move { making.unit_of_work(&unit, tx).await })).await?;
    app.outbox_filled.notify_one();
    Ok(sent)
}

impl Making {
    async fn unit_of_work(&self, app: &App, tx: &mut Tx) -> Result<Sent, Halt> {
        let before = one_time_codes::of_flow(tx, &self.flow_hash).await?;
        if before.as_ref().is_some_and(|code| code.used_at.is_some()) {
            return Ok(Sent::Finished);
        }
        // A slip of the keyboard can be corrected at once: the wait is for the same address again.
        let again = before.filter(|code| code.address_index == self.address_index);
        if let Some(code) = again.as_ref().filter(|code| self.now < code.resend_after) {
            return Ok(Sent::TooSoon { retry_after: code.resend_after.since(self.now) });
        }
        let allowance = self.budget.take(tx, self.now).await?;
        self.weigh(app, tx, allowance.heat).await?;
        let person = users::by_email(tx, &app.keyring, &self.email).await?;
        self.put_code(app, tx, again.as_ref(), allowance.tries_spent).await?;
        self.put_mail(app, tx, person.as_ref()).await?;
        self.record(tx, person.as_ref());
        attempts::note(app, tx, AttemptOutcome::CodeSent, Some(&self.email), &self.visit.context).await?;
        Ok(Sent::UnderWay)
    }

    /// Asks for a proof of work where too much goes on, unless one came along that was not used before.
    async fn weigh(&self, app: &App, tx: &mut Tx, heat: Heat) -> Result<(), Halt> {
        let signals = Signals { heat, ..self.brought.signals };
        let Some(level) = risk::asks(app.tenant.current().proof_of_work, &signals) else { return Ok(()) };
        match &self.brought.proof {
            Some(done) if done.use_up(tx, self.now).await? => Ok(()),
            _ => Err(Halt::Prove { level }),
        }
    }

    async fn put_code(&self, app: &App, tx: &mut Tx, again: Option<&StoredCode>, tries: i64) -> Result<(), Halt> {
        let sends = again.map_or(0, |code| code.sends) + 1;
        let address_sealed = seal_address(app, &self.flow_hash, &self.email);
        let code = NewCode {
            flow_hash: &self.flow_hash,
            address_index: &self.address_index,
            address_sealed: &address_sealed,
            code_hash: &self.code_hash,
            tries,
            sends,
            resend_after: self.now + cool_down(sends),
            created_at: self.now,
            expires_at: self.now + CODE_LIFETIME,
        };
        one_time_codes::put(tx, &code).await?;
        Ok(())
    }

    async fn put_mail(&self, app: &App, tx: &mut Tx, person: Option<&User>) -> Result<(), Halt> {
        // Asked for everybody alike (D10): an address that its owner may want back signs nobody up.
        let kept = address_changes::is_kept(tx, &app.keyring, &self.email, self.now).await?;
        let wanted = match person {
            Some(user) => user.disabled_at.is_none(),
            None => sign_up::is_open(&app.tenant.current(), &self.email) && !kept,
        };
        let parameters = Parameters {
            code: self.code.expose().clone(),
            purpose: Purpose::SignIn,
            application: self.application_name.clone(),
            user_agent: self.visit.context.user_agent.clone(),
            network: self.visit.context.client_ip.map(|ip| ip.to_string()),
            at: self.now,
        };
        let message = NewMessage {
            id: self.message,
            template: mail::TEMPLATE,
            locale: self.locale,
            user_id: person.map(|user| user.id),
            recipient: &self.email,
            parameters: &parameters,
            expires_at: self.now + CODE_LIFETIME,
        };
        outbox::put(tx, &app.keyring, &message, wanted, self.now).await?;
        Ok(())
    }

    fn record(&self, tx: &mut Tx, person: Option<&User>) {
        let event = Event::new("sign_in.code_requested", Actor::anonymous())
            .application(&self.application_id)
            .request(self.visit.context.request_id);
        let event = match person {
            Some(user) => event.user(user.id),
            None => event,
        };
        polder_audit::record(tx, event);
    }
}

/// The keyed hash of the address that a code goes to.
pub fn address_index(app: &App, email: &Email) -> String {
    app.keyring.index("code-address", email.as_str().as_bytes())
}

/// The address of a code, sealed to its row.
pub fn seal_address(app: &App, flow_hash: &str, email: &Email) -> String {
    app.keyring.seal_text(Category::Identifiers, &address_context(flow_hash), email.as_str())
}

/// The address of a stored code.
pub fn address(app: &App, flow_hash: &str, code: &StoredCode) -> Result<Email, Internal> {
    let text = app.keyring.unseal_text(Category::Identifiers, &address_context(flow_hash), &code.address_sealed)?;
    text.parse().map_err(|_| Internal::Impossible { table: "one_time_code", column: "address_sealed" })
}

fn address_context(flow_hash: &str) -> String {
    format!("one_time_code.address_sealed:{flow_hash}")
}

/// 30 seconds, one minute, two minutes … a quarter of an hour.
fn cool_down(sends: i64) -> Duration {
    let doublings = u32::try_from((sends - 1).clamp(0, 16)).unwrap_or(0);
    Duration::from_secs((COOL_DOWN_SECONDS << doublings).min(LONGEST_COOL_DOWN_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d06_the_cool_down_doubles_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<u64> = [1, 2, 3, 6, 60, i64::MAX].map(|sends| cool_down(sends).as_secs()).into();
        assert_eq!(seconds, [30, 60, 120, 900, 900, 900]);
    }

    #[test]
    fn d02_a_code_works_for_five_minutes() {
        assert_eq!(CODE_LIFETIME, Duration::from_secs(300));
    }
}
