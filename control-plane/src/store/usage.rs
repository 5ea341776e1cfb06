//! What tenants were used for: `usage_day`, `usage_month`, `tenant_report` (K12).

use polder_db::{Error, Row, Tx, args};
use polder_kernel::{Day, Month, Timestamp};
use polder_tenant_api::{SignIns, UsageDay, UsageMonth};

use crate::model::{OrganisationId, TenantId};
use crate::usage::read::TenantMonth;

/// Requests to be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// At the tenant's own host.
    pub requests: u64,
    /// Of the public API.
    pub api_requests: u64,
}

impl Requests {
    /// Both sums.
    pub const fn add(&mut self, more: Self) {
        self.requests += more.requests;
        self.api_requests += more.api_requests;
    }
}

/// Adds requests to a tenant's day and month.
pub async fn add_requests(tx: &mut Tx, tenant: TenantId, day: Day, more: Requests) -> Result<(), Error> {
    let (requests, api) = (stored(more.requests), stored(more.api_requests));
    tx.execute(
        "INSERT INTO usage_day (tenant_id, day_at, active_people, email_code, passkey, connection, failed_sign_ins, \
             requests, api_requests) VALUES ($1, $2, 0, 0, 0, 0, 0, $3, $4) \
         ON CONFLICT (tenant_id, day_at) DO UPDATE SET requests = usage_day.requests + excluded.requests, \
             api_requests = usage_day.api_requests + excluded.api_requests",
        &args![tenant, day.begins(), requests, api],
    )
    .await?;
    tx.execute(
        "INSERT INTO usage_month (tenant_id, month_at, active_people, sign_ins, failed_sign_ins, requests, \
             api_requests) VALUES ($1, $2, 0, 0, 0, $3, $4) \
         ON CONFLICT (tenant_id, month_at) DO UPDATE SET requests = usage_month.requests + excluded.requests, \
             api_requests = usage_month.api_requests + excluded.api_requests",
        &args![tenant, day.month().begins(), requests, api],
    )
    .await?;
    Ok(())
}

/// Writes down what a tenant says of a day.
pub async fn put_day(tx: &mut Tx, tenant: TenantId, day: Day, said: &UsageDay) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO usage_day (tenant_id, day_at, active_people, email_code, passkey, connection, failed_sign_ins, \
             requests, api_requests) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0) \
         ON CONFLICT (tenant_id, day_at) DO UPDATE SET active_people = excluded.active_people, \
             email_code = excluded.email_code, passkey = excluded.passkey, connection = excluded.connection, \
             failed_sign_ins = excluded.failed_sign_ins",
        &args![
            tenant,
            day.begins(),
            stored(said.active_people),
            stored(said.sign_ins.email_code),
            stored(said.sign_ins.passkey),
            stored(said.sign_ins.connection),
            stored(said.failed_sign_ins)
        ],
    )
    .await?;
    Ok(())
}

/// Writes down what a tenant says of a month. One that is closed stays as it is.
pub async fn put_month(tx: &mut Tx, tenant: TenantId, month: Month, said: &UsageMonth) -> Result<(), Error> {
    let closed_at = said.closed_at.as_deref().and_then(|moment| moment.parse::<Timestamp>().ok());
    tx.execute(
        "INSERT INTO usage_month (tenant_id, month_at, active_people, sign_ins, failed_sign_ins, requests, \
             api_requests, closed_at) VALUES ($1, $2, $3, $4, $5, 0, 0, $6) \
         ON CONFLICT (tenant_id, month_at) DO UPDATE SET active_people = excluded.active_people, \
             sign_ins = excluded.sign_ins, failed_sign_ins = excluded.failed_sign_ins, \
             closed_at = excluded.closed_at WHERE usage_month.closed_at IS NULL",
        &args![
            tenant,
            month.begins(),
            stored(said.active_people),
            stored(said.sign_ins),
            stored(said.failed_sign_ins),
            closed_at
        ],
    )
    .await?;
    Ok(())
}

/// Keeps what needs attention at a tenant, and when it said so.
pub async fn put_report(tx: &mut Tx, tenant: TenantId, attention: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO tenant_report (tenant_id, collected_at, attention) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant_id) DO UPDATE SET collected_at = excluded.collected_at, attention = excluded.attention",
        &args![tenant, now, attention],
    )
    .await?;
    Ok(())
}

/// Nothing more comes from a tenant that is gone: what it said last of a month holds, and what it needed is nobody's
/// business any more.
pub async fn end(tx: &mut Tx, tenant: TenantId, now: Timestamp) -> Result<(), Error> {
    tx.execute("DELETE FROM tenant_report WHERE tenant_id = $1", &args![tenant]).await?;
    tx.execute("UPDATE usage_month SET closed_at = $2 WHERE tenant_id = $1 AND closed_at IS NULL", &args![tenant, now])
        .await?;
    Ok(())
}

/// When a tenant was last asked.
pub async fn collected_at(tx: &mut Tx, tenant: TenantId) -> Result<Option<Timestamp>, Error> {
    tx.optional("SELECT collected_at FROM tenant_report WHERE tenant_id = $1", &args![tenant], |row| {
        row.time("collected_at")
    })
    .await
}

/// What needs attention at a tenant, and when it said so.
pub async fn report(tx: &mut Tx, tenant: TenantId) -> Result<Option<(String, Timestamp)>, Error> {
    tx.optional("SELECT attention, collected_at FROM tenant_report WHERE tenant_id = $1", &args![tenant], |row| {
        Ok((row.text("attention")?, row.time("collected_at")?))
    })
    .await
}

/// Days of a tenant, oldest first.
pub async fn days(tx: &mut Tx, tenant: TenantId, (from, to): (Day, Day)) -> Result<Vec<(Day, UsageDay)>, Error> {
    tx.all(
        "SELECT day_at, active_people, email_code, passkey, connection, failed_sign_ins, requests, api_requests \
         FROM usage_day WHERE tenant_id = $1 AND day_at >= $2 AND day_at <= $3 ORDER BY day_at",
        &args![tenant, from.begins(), to.begins()],
        |row| {
            let day = Day::of(row.time("day_at")?);
            let sign_ins = SignIns {
                email_code: count(row, "email_code")?,
                passkey: count(row, "passkey")?,
                connection: count(row, "connection")?,
            };
            let said = UsageDay {
                day: day.to_string(),
                active_people: count(row, "active_people")?,
                sign_ins,
                failed_sign_ins: count(row, "failed_sign_ins")?,
                requests: count(row, "requests")?,
                api_requests: count(row, "api_requests")?,
            };
            Ok((day, said))
        },
    )
    .await
}

/// Months of a tenant, oldest first.
pub async fn months(tx: &mut Tx, tenant: TenantId, (from, to): (Month, Month)) -> Result<Vec<UsageMonth>, Error> {
    tx.all(
        "SELECT month_at, active_people, sign_ins, failed_sign_ins, requests, api_requests, closed_at \
         FROM usage_month WHERE tenant_id = $1 AND month_at >= $2 AND month_at <= $3 ORDER BY month_at",
        &args![tenant, from.begins(), to.begins()],
        month_from_row,
    )
    .await
}

/// Months of an organisation's tenants after a place, by slug and month; those of tenants that are no more as well.
pub async fn of_organisation(
    tx: &mut Tx,
    organisation: OrganisationId,
    (from, to): (Month, Month),
    (slug, month, limit): (&str, Month, u32),
) -> Result<Vec<TenantMonth>, Error> {
    tx.all(
        "SELECT t.slug, m.month_at, m.active_people, m.sign_ins, m.failed_sign_ins, m.requests, m.api_requests, \
             m.closed_at FROM tenant t JOIN usage_month m ON m.tenant_id = t.id \
         WHERE t.organisation_id = $1 AND t.slug >= $4 AND (t.slug > $4 OR m.month_at > $5) \
             AND m.month_at >= $2 AND m.month_at <= $3 ORDER BY t.slug, m.month_at LIMIT $6",
        &args![organisation, from.begins(), to.begins(), slug, month.begins(), limit],
        |row| Ok(TenantMonth { tenant: row.text("slug")?, month: month_from_row(row)? }),
    )
    .await
}

fn month_from_row(row: &Row) -> Result<UsageMonth, Error> {
    Ok(UsageMonth {
        month: Month::of(row.time("month_at")?).to_string(),
        active_people: count(row, "active_people")?,
        sign_ins: count(row, "sign_ins")?,
        failed_sign_ins: count(row, "failed_sign_ins")?,
        requests: count(row, "requests")?,
        api_requests: count(row, "api_requests")?,
        closed_at: row.opt_time("closed_at")?.map(Timestamp::rfc3339),
    })
}

fn count(row: &Row, column: &'static str) -> Result<u64, Error> {
    Ok(u64::try_from(row.int(column)?).unwrap_or(0))
}

fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
