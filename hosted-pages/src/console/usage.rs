//! What a tenant, and all tenants of an organisation, were used for (K12).

use std::borrow::Borrow;

use askama::Template;
use polder_tenant_api::{UsageDay, UsageMonth};

use super::{Section, Shell, TenantHead};
use crate::amount::{amount, percent};
use crate::chart::{Chart, Column};
use crate::texts::Texts;
use crate::when;

/// The usage of a tenant: `form#usage-form` asks for other days by `from` and `to`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/usage.html")]
pub struct Usage<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The days, each of them, oldest first.
    pub days: &'a [UsageDay],
    /// The months of which there is anything, oldest first.
    pub months: &'a [UsageMonth],
    /// The first day that is shown.
    pub from: &'a str,
    /// The last day that is shown.
    pub to: &'a str,
    /// Whether other days were asked for than can be shown.
    pub wrong: bool,
}

/// The usage of every tenant, a month after the other.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/usage_of_all.html")]
pub struct UsageOfAll<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// Months of tenants, by tenant.
    pub rows: &'a [UsageRow<'a>],
    /// The first month that is shown.
    pub from: &'a str,
    /// The last month that is shown.
    pub to: &'a str,
    /// Whether other months were asked for than can be shown.
    pub wrong: bool,
    /// Cursor of the next page.
    pub next: Option<&'a str>,
}

/// A month of a tenant.
#[derive(Clone, Copy, Debug)]
pub struct UsageRow<'a> {
    /// The tenant's slug.
    pub tenant: &'a str,
    /// Its month.
    pub month: &'a UsageMonth,
}

/// A number with what it says.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it says.
    pub label: &'static str,
    /// The number.
    pub value: String,
}

/// Sign-ins of days in a picture and in a table.
#[derive(Clone, Debug)]
pub struct SignInChart {
    /// The picture.
    pub chart: Chart,
    /// What it shows, in a sentence.
    pub summary: String,
    /// What the series are called, in their order.
    pub series: [&'static str; 3],
    /// The lines across.
    pub ticks: Vec<String>,
    /// A row per day on which there was anything: the day and one number of each series.
    pub rows: Vec<(String, [String; 3])>,
}

impl SignInChart {
    /// The chart of these days.
    pub fn of(shell: &Shell<'_>, days: &[UsageDay]) -> Self {
        let t = shell.t();
        let columns: Vec<Column> = days
            .iter()
            .map(|day| {
                let values = vec![day.sign_ins.passkey, day.sign_ins.email_code, day.sign_ins.connection];
                Column { name: when::short_day(shell.locale, &day.day), values }
            })
            .collect();
        let chart = Chart::of(&columns);
        let total: u64 = columns.iter().map(Column::total).sum();
        let number = |n: u64| amount(shell.locale, n);
        let rows = columns.iter().filter(|column| column.total() > 0).map(|column| {
            let at = |n: usize| number(column.values.get(n).copied().unwrap_or(0));
            (column.name.clone(), [at(0), at(1), at(2)])
        });
        Self {
            summary: t.usage.chart_summary(number(total), days.len().to_string()),
            series: [t.usage.passkey, t.usage.email_code, t.usage.connection],
            ticks: chart.ticks.iter().map(|tick| number(*tick)).collect(),
            rows: rows.collect(),
            chart,
        }
    }
}

/// What days and months come to: active people today and this month, sign-ins and how many of them succeeded.
pub(super) fn figures(shell: &Shell<'_>, days: &[UsageDay], months: &[UsageMonth]) -> Vec<Figure> {
    let t = &shell.t().usage;
    let number = |n: u64| amount(shell.locale, n);
    let (sign_ins, failed) = days
        .iter()
        .fold((0_u64, 0_u64), |(all, failed), day| (all + day.sign_ins.total(), failed + day.failed_sign_ins));
    let rate = percent(sign_ins, sign_ins + failed).map_or_else(|| "–".to_owned(), |rate| format!("{rate} %"));
    vec![
        Figure { label: t.today, value: number(days.last().map_or(0, |day| day.active_people)) },
        Figure { label: t.this_month, value: number(months.last().map_or(0, |month| month.active_people)) },
        Figure { label: t.sign_ins, value: number(sign_ins) },
        Figure { label: t.success, value: rate },
    ]
}

impl Usage<'_> {
    const fn section(&self) -> Section {
        Section::Usage
    }

    fn chart(&self) -> SignInChart {
        SignInChart::of(&self.shell, self.days)
    }

    fn number(&self, n: impl Borrow<u64>) -> String {
        amount(self.shell.locale, *n.borrow())
    }

    fn day(&self, day: &str) -> String {
        when::short_day(self.shell.locale, day)
    }

    fn month(&self, month: &str) -> String {
        when::whole_month(self.shell.locale, month)
    }

    /// Days on which there was anything, newest first.
    fn busy(&self) -> Vec<&UsageDay> {
        let any = |day: &&UsageDay| {
            day.active_people + day.sign_ins.total() + day.failed_sign_ins + day.requests + day.api_requests > 0
        };
        self.days.iter().rev().filter(any).collect()
    }
}

impl UsageOfAll<'_> {
    fn number(&self, n: impl Borrow<u64>) -> String {
        amount(self.shell.locale, *n.borrow())
    }

    fn month(&self, month: &str) -> String {
        when::whole_month(self.shell.locale, month)
    }
}

/// Whether a month still goes on.
pub(crate) fn state(t: &Texts, month: &UsageMonth) -> &'static str {
    if month.closed_at.is_some() { t.usage.closed } else { t.usage.open }
}
