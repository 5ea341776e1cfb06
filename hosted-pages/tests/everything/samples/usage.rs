//! Pages of the console about what tenants are used for, and lists of tenants with something asked.

use polder_hosted_pages::Page;
use polder_hosted_pages::console::{
    ApplicationErrors, AuditVerified, Glance, ListAsked, May, Member, Shell, Sorting, TenantHead, TenantList,
    TenantOverview, TenantState, Usage, UsageOfAll, UsageRow,
};
use polder_kernel::{Day, Id, Locale, Timestamp};
use polder_tenant_api::{
    Application, ApplicationError, ApplicationErrorKind, ApplicationType, Attention, AttentionKind, AuditBreak,
    AuditVerification, RefusedAt, SignIns, UsageDay, UsageMonth, VerificationState,
};

use super::{Sample, Words, console};

const AT: &str = "2026-11-21T08:00:00.000Z";

/// Thirty days that look like those of a small company.
fn days() -> Vec<UsageDay> {
    let last = Day::of(Timestamp::from_seconds(1_795_248_000));
    let day = |(back, days): (u64, i64)| {
        let weekend = matches!((back + 1) % 7, 0 | 1);
        let some = if weekend { 3 } else { 20 + (back * 7) % 13 };
        UsageDay {
            day: last.plus(-days).to_string(),
            active_people: some + 4,
            sign_ins: SignIns { email_code: some / 3, passkey: some, connection: some / 5 },
            failed_sign_ins: back % 3,
            requests: some * 38,
            api_requests: back % 4,
        }
    };
    (0..30).zip(0..30).collect::<Vec<_>>().into_iter().rev().map(day).collect()
}

fn months() -> Vec<UsageMonth> {
    let month = |name: &str, active_people, closed_at: Option<&str>| UsageMonth {
        month: name.to_owned(),
        active_people,
        sign_ins: active_people * 4,
        failed_sign_ins: active_people / 10,
        requests: active_people * 130,
        api_requests: 1_402,
        closed_at: closed_at.map(str::to_owned),
    };
    vec![month("2026-10", 310, Some("2026-11-01T00:00:00.000Z")), month("2026-11", 12_480, None)]
}

fn attention(words: Words<'_>) -> Vec<Attention> {
    let of = |kind, count| Attention { kind, count, id: None, name: None };
    let about = |kind| Attention {
        id: Some("019a0000-0000-7000-8000-000000000002".to_owned()),
        name: Some(words.application.to_owned()),
        ..of(kind, 12)
    };
    vec![
        of(AttentionKind::DiskNearlyFull, 91),
        of(AttentionKind::UndeliveredMail, 3),
        of(AttentionKind::Lockouts, 1),
        of(AttentionKind::UndeliveredLogouts, 2),
        of(AttentionKind::KeysOverdue, 1),
        of(AttentionKind::ConnectionFailing, 8),
        about(AttentionKind::DisabledApplicationUsed),
        about(AttentionKind::ApplicationRefused),
        of(AttentionKind::OpenSignUp, 1),
    ]
}

pub fn pages(locale: Locale, words: Words<'_>) -> Vec<Sample> {
    let member = Member { name: words.person, address: words.address, organisation: words.tenant };
    let shell = Shell {
        locale,
        nonce: "c2FtcGxl",
        csrf: "csrf-sample",
        member,
        language_path: Some("/?x=1"),
        notice: None,
        may: May::ALL,
    };
    let issuer = "http://practice.localhost:8600";
    let tenant = TenantHead { slug: "practice", name: words.tenant, state: TenantState::Running, issuer };
    let (days, months, attention) = (days(), months(), attention(words));
    let mut all = Vec::new();
    let mut add = |name: &str, page: &dyn Fn() -> String| {
        all.push(Sample { name: format!("console-{name}"), html: page() });
    };

    let usage =
        Usage { shell, tenant, days: &days, months: &months, from: "2026-10-23", to: "2026-11-21", wrong: false };
    add("usage", &|| usage.render());
    add("usage-empty", &|| Usage { days: &[], months: &[], wrong: true, ..usage }.render());
    let rows: Vec<UsageRow<'_>> = months.iter().map(|month| UsageRow { tenant: "practice", month }).collect();
    let every =
        UsageOfAll { shell, rows: &rows, from: "2025-12", to: "2026-11", wrong: false, next: Some(words.other) };
    add("usage-of-all", &|| every.render());
    add("usage-of-all-empty", &|| UsageOfAll { rows: &[], next: None, wrong: true, ..every }.render());

    let glance = Glance { days: &days, months: &months[1..], attention: &attention, as_of: Some(AT) };
    let overview = TenantOverview {
        shell,
        tenant,
        created_at: AT,
        held_back: None,
        ends_at: None,
        has_server: false,
        applications: &[],
        events: &[],
        walls: &[],
        version: Some("0.1.0"),
        glance,
    };
    add("overview-in-use", &|| overview.render());
    let seen = May { see_people: false, ..May::ALL };
    add("overview-for-developers", &|| TenantOverview { shell: Shell { may: seen, ..shell }, ..overview }.render());
    let asleep = TenantHead { state: TenantState::Asleep, ..tenant };
    let well = Glance { attention: &[], ..glance };
    add("overview-well", &|| TenantOverview { tenant: asleep, version: None, glance: well, ..overview }.render());

    let asked = ListAsked { q: words.other, state: "running" };
    let sorting = &Sorting { path: "/".to_owned(), query: String::new(), by: "name" };
    add("tenants-none-found", &|| TenantList { shell, sorting, tenants: &[], asked, next: None }.render());

    let whole = AuditVerification {
        state: VerificationState::Intact,
        started_at: AT.to_owned(),
        finished_at: Some(AT.to_owned()),
        entries: 4711,
        start: 0,
        head: 4711,
        head_hash: "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg".to_owned(),
        checkpoints: 9,
        signed_through: 4700,
        broken: None,
    };
    let broken = AuditVerification {
        state: VerificationState::Broken,
        broken: Some(AuditBreak { seq: 4712, why: "changed".to_owned() }),
        ..whole.clone()
    };
    let running = AuditVerification { state: VerificationState::Running, finished_at: None, ..whole.clone() };
    for (name, found) in [("intact", &whole), ("broken", &broken), ("running", &running)] {
        add(&format!("audit-{name}"), &|| AuditVerified { shell, tenant, found }.render());
    }
    let application = application(words);
    let errors = errors();
    let page = ApplicationErrors { shell, tenant, application: &application, errors: &errors };
    add("application-errors", &|| page.render());
    add("application-errors-none", &|| ApplicationErrors { errors: &[], ..page }.render());
    all
}

fn application(words: Words<'_>) -> Application {
    Application {
        client_id: Id::from_bytes([2; 16]),
        name: words.application.to_owned(),
        redirect_uris: vec!["https://app.example/callback".to_owned()],
        ..console::application(words, ApplicationType::Web)
    }
}

/// One of each kind.
fn errors() -> Vec<ApplicationError> {
    use ApplicationErrorKind as Kind;
    let error = |(kind, at, error): (Kind, RefusedAt, &str)| ApplicationError {
        kind,
        at,
        error: error.to_owned(),
        reason: "redirect_uri is not registered for this application".to_owned(),
        advice: kind.advice().to_owned(),
        sent: (kind == Kind::RedirectUri).then(|| "https://app.example/callback/".to_owned()),
        times: 1_204,
        first_at: AT.to_owned(),
        last_at: AT.to_owned(),
    };
    [
        (Kind::RedirectUri, RefusedAt::Authorize, "invalid_request"),
        (Kind::Credentials, RefusedAt::Token, "invalid_client"),
        (Kind::Code, RefusedAt::Token, "invalid_grant"),
        (Kind::RefreshToken, RefusedAt::Token, "invalid_grant"),
        (Kind::Pkce, RefusedAt::Authorize, "invalid_request"),
        (Kind::Nonce, RefusedAt::Par, "invalid_request"),
        (Kind::Scope, RefusedAt::Token, "invalid_scope"),
        (Kind::Resource, RefusedAt::Token, "invalid_target"),
        (Kind::ResponseType, RefusedAt::Authorize, "unsupported_response_type"),
        (Kind::GrantType, RefusedAt::Token, "unauthorized_client"),
        (Kind::NotPushed, RefusedAt::Authorize, "invalid_request"),
        (Kind::PushedRequest, RefusedAt::Authorize, "invalid_request_uri"),
        (Kind::RequestObject, RefusedAt::Par, "invalid_request_object"),
        (Kind::Dpop, RefusedAt::Token, "invalid_dpop_proof"),
        (Kind::SwitchedOff, RefusedAt::Authorize, "invalid_client"),
        (Kind::Request, RefusedAt::Authorize, "invalid_request"),
    ]
    .map(error)
    .to_vec()
}
