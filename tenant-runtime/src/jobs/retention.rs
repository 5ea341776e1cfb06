//! How long each table keeps what (P13): swept daily at 03:00 in Amsterdam, each run in the audit log.

use std::sync::Arc;
use std::time::Duration;

use polder_audit::retention::{Rule, Schedule};
use polder_audit::{keeper, rule};

use crate::{App, usage};

/// How long it waits where the database fails.
const AGAIN: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// 62 days after the end of a month of 31, from its first moment. Months are closed minutes after their end.
const ACTIVE: Duration = Duration::from_secs((31 + 62) * 24 * 3600);
const THREE_YEARS: Duration = Duration::from_secs(3 * 365 * 24 * 3600);
const SEVEN_YEARS: Duration = Duration::from_secs((7 * 365 + 2) * 24 * 3600);

/// One rule per table that grows. People, applications and settings stay until somebody removes them.
pub const SCHEDULE: Schedule = Schedule { rules: RULES, audit: YEAR };

const RULES: &[Rule] = &[
    rule!("session", "id", "last_seen_at", MONTH, "sessions go 30 days after their last activity"),
    rule!("session", "id", "ended_at", MONTH, "ended sessions are shown for 30 days"),
    rule!("logout_delivery", "id", "created_at", MONTH, "what applications were told is shown for 30 days"),
    rule!("oauth_grant", "id", "ends_at", DAY, "no token of the grant can be alive"),
    rule!("authorization_code", "code_hash", "expires_at", DAY, "codes live a minute; a day shows reuse"),
    rule!("device_authorization", "device_hash", "expires_at", DAY, "codes live ten minutes; a day shows reuse"),
    rule!("consent", "id", "ended_at", YEAR, "an ended consent is shown as long as the audit log tells of it"),
    rule!("revoked_token", "jti", "expires_at", Duration::ZERO, "the token has expired by itself"),
    rule!("pending_request", "id_hash", "expires_at", Duration::ZERO, "the sign-in took too long"),
    rule!("one_time_code", "flow_hash", "expires_at", DAY, "codes live five minutes"),
    rule!("totp_enrolment", "user_id", "expires_at", DAY, "a picture is shown for five minutes"),
    rule!("awaited_factor", "flow_hash", "expires_at", DAY, "the second step waits ten minutes"),
    rule!("factor_tries", "user_factor", "updated_at", MONTH, "failed attempts are kept 30 days"),
    rule!("known_browser", "browser_hash", "last_seen_at", YEAR, "browsers not used for a year are new again"),
    rule!("address_code", "user_id", "expires_at", DAY, "codes live five minutes"),
    rule!("address_change", "undo_hash", "expires_at", Duration::ZERO, "the change cannot be undone any more"),
    rule!("factor_recovery", "id", "expires_at", MONTH, "a removed passkey can be brought back for two weeks of it"),
    rule!("code_budget", "key_index", "updated_at", MONTH, "failed attempts are kept 30 days"),
    rule!("sign_in_attempt", "attempt_key", "last_at", MONTH, "attempts to sign in are kept 30 days"),
    rule!("lockout", "id", "ends_at", DAY, "a lockout is over within the hour; a day shows that it was"),
    rule!("used_proof", "proof_hash", "expires_at", Duration::ZERO, "the challenge has expired by itself"),
    rule!("used_assertion", "jti", "expires_at", Duration::ZERO, "the assertion has expired by itself"),
    rule!("used_jti", "jti_hash", "expires_at", Duration::ZERO, "what was signed has expired by itself"),
    rule!("pushed_request", "uri_hash", "expires_at", Duration::ZERO, "the browser came too late"),
    rule!("used_challenge", "challenge_hash", "expires_at", Duration::ZERO, "the challenge has expired by itself"),
    rule!("passkey", "id", "removed_at", YEAR, "a removed passkey that turns up is told so for a year"),
    rule!("unconnected_account", "flow_hash", "expires_at", Duration::ZERO, "the sign-in took too long"),
    rule!("used_state", "state_hash", "expires_at", Duration::ZERO, "the answer would have come too late by itself"),
    rule!(
        "user_import",
        "id",
        "created_at",
        YEAR,
        "what came of an import is shown as long as the audit log tells of it"
    ),
    rule!("active_person", "person_index", "month_at", ACTIVE, "the days of persons go 62 days after their month"),
    rule!("usage_day", "day_at", "day_at", THREE_YEARS, "sums of nobody in particular, to compare years by"),
    rule!("usage_month", "month_at", "month_at", SEVEN_YEARS, "what a bill rests on is kept as long as the bill"),
    rule!("application_error", "error_key", "last_at", MONTH, "what went wrong a month ago was mended or is forgotten"),
    rule!("outbox", "id", "created_at", YEAR, "the log of messages is kept as long as the audit log"),
];

/// Runs for ever: signs checkpoints and runs retention when they are due.
pub async fn run(app: Arc<App>) {
    // A month is fixed before the days it is counted from go.
    while let Err(error) = usage::close_due(&app).await {
        tracing::error!(%error, "months of usage were not closed: retention waits");
        tokio::time::sleep(AGAIN).await;
    }
    keeper::keep(app.db.clone(), SCHEDULE, app.checkpoints.clone(), app.clock.clone()).await;
}
