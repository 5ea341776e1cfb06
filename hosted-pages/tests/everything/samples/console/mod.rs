//! The console's pages.

use polder_hosted_pages::Page;
use polder_hosted_pages::console::{FieldProblem, May, Member, Problem, Shell, TenantHead, TenantState};
use polder_kernel::Locale;

use super::{Sample, Words};

mod applications;
mod audit;
mod branding;
mod connections;
mod door;
mod keys;
mod sections;
mod sign_in;
mod tenants;

pub use applications::application;
pub use audit::events;

pub const AT: &str = "2026-11-21T08:00:00.000Z";
pub const ISSUER: &str = "http://practice.localhost:8600";

/// What the pages of one run share.
pub struct Stage<'a> {
    pub words: Words<'a>,
    pub shell: Shell<'a>,
    pub tenant: TenantHead<'a>,
    pub pages: Vec<Sample>,
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
    let tenant = TenantHead { slug: "practice", name: words.tenant, state: TenantState::Running, issuer: ISSUER };
    let mut stage = Stage { words, shell, tenant, pages: Vec::new() };
    stage.door(locale);
    stage.tenants();
    stage.progress();
    stage.overview();
    stage.applications();
    stage.audit();
    stage.connections();
    stage.egress();
    stage.policies();
    stage.branding();
    stage.keys();
    stage.api_keys();
    stage.sections();
    stage.pages
}

impl Stage<'_> {
    pub fn add(&mut self, name: &str, page: &impl Page) {
        self.pages.push(Sample { name: format!("console-{name}"), html: page.render() });
    }
}

pub const fn problem<'a>(field: &'a str, problem: Problem<'a>) -> FieldProblem<'a> {
    FieldProblem { field, problem }
}
