//! How long the control plane keeps what grows (P12, P13, K14).

use std::time::Duration;

use polder_audit::retention::{Rule, Schedule};
use polder_audit::rule;
use polder_db::AuditGuard;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One rule per table that grows.
const RULES: &[Rule] = &[
    rule!(
        "operation",
        "id",
        "finished_at",
        DAY.saturating_mul(90),
        "the story of a change, for whoever asks what happened"
    ),
    rule!(
        "operation",
        "id",
        "failed_at",
        DAY.saturating_mul(90),
        "the story of a change, for whoever asks what happened"
    ),
    rule!("member_invitation", "id", "expires_at", DAY.saturating_mul(30), "an invitation that can no longer be used"),
    rule!(
        "member",
        "id",
        "removed_at",
        DAY.saturating_mul(3 * 365),
        "who was a member, as long as the audit log names them"
    ),
    rule!("organisation_event", "seq", "at", DAY.saturating_mul(3 * 365), "an organisation's part of the audit log"),
    rule!("sign_up", "email_hash", "expires_at", DAY, "a sign-up that nobody finished"),
    rule!(
        "api_key",
        "id",
        "revoked_at",
        DAY.saturating_mul(365),
        "a key that was revoked, for whoever asks what it was"
    ),
    rule!("api_key", "id", "expires_at", DAY.saturating_mul(365), "a key that ended, for whoever asks what it was"),
    rule!("staff_grant", "id", "expires_at", DAY.saturating_mul(3 * 365), "who had access to a tenant, and why"),
    rule!("console_session", "id", "expires_at", DAY.saturating_mul(30), "a session that is over"),
    rule!("mail_count", "party", "counted_at", DAY.saturating_mul(2), "messages of a day that is over"),
    rule!("usage_day", "day_at", "day_at", DAY.saturating_mul(3 * 365), "days, to compare years by"),
    rule!(
        "usage_month",
        "month_at",
        "month_at",
        DAY.saturating_mul(7 * 365 + 2),
        "what a bill rests on is kept as long as the bill"
    ),
    rule!("idempotency_key", "key_hash", "expires_at", DAY, "a repeat that comes too late to be one"),
];

/// How the audit log is guarded: nothing goes before its time, a day allowed for clocks that differ.
pub const AUDIT_GUARD: AuditGuard = AuditGuard { keep_at_least: Some(SCHEDULE.audit.saturating_sub(DAY)) };

/// What is kept how long. The audit log stays three years, so that a customer can look back over a
/// contract's life.
pub const SCHEDULE: Schedule = Schedule { rules: RULES, audit: DAY.saturating_mul(3 * 365) };
