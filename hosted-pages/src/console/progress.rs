//! A tenant in the making, followed live.
//!
//! With scripts the page listens to `/tenants/{slug}/events`: server-sent events whose data is JSON
//! with `step` and `status` (`started`, `finished`, `failed`); the step `done` or `failed` ends it.
//! Without scripts the page reloads itself every two seconds.

use std::borrow::Cow;

use askama::Template;

use super::Shell;
use crate::texts::Texts;

/// What has been done to make or start a tenant.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/tenant_progress.html")]
pub struct TenantProgress<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// First label of the tenant's host.
    pub slug: &'a str,
    /// The tenant's name.
    pub name: &'a str,
    /// The steps, those to come included, in order.
    pub steps: &'a [Step<'a>],
    /// Whether it was there before: it is changed, and not made.
    pub again: bool,
    /// How it ended, if it has.
    pub outcome: Outcome<'a>,
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Its name in the journal, such as `start-runtime`.
    pub step: &'a str,
    /// How far it is.
    pub status: StepStatus,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepStatus {
    /// Not begun.
    Waiting,
    /// Begun.
    Started,
    /// Over, and done.
    Finished,
    /// Over, and to be tried again or given up.
    Failed,
}

/// How the making of a tenant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It has not.
    Underway,
    /// The tenant answers.
    Done,
    /// It failed, in words an operator can act on.
    Failed(&'a str),
}

impl TenantProgress<'_> {
    fn title(&self) -> String {
        let t = &self.shell.t().progress;
        match self.outcome {
            Outcome::Underway if self.again => self.shell.t().nav.changing(self.name),
            Outcome::Failed(_) if self.again => self.shell.t().nav.not_changed(self.name),
            Outcome::Underway => t.title(self.name),
            Outcome::Done => t.done_title(self.name),
            Outcome::Failed(_) => t.failed_title(self.name),
        }
    }

    fn underway(&self) -> bool {
        self.outcome == Outcome::Underway
    }
}

impl StepStatus {
    const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }

    const fn label(self, t: &Texts) -> &'static str {
        match self {
            Self::Waiting => t.progress.waiting,
            Self::Started => t.progress.started,
            Self::Finished => t.progress.finished,
            Self::Failed => t.progress.failed,
        }
    }
}

impl Step<'_> {
    /// The step in words; one without words of its own shows its name.
    fn label(&self, t: &Texts) -> Cow<'_, str> {
        Cow::Borrowed(match self.step {
            "restart-runtime" => t.nav.restart_runtime,
            "rotate-passwords" => t.nav.rotate_passwords,
            "make-folders" => t.progress.make_folders,
            "make-keys" => t.progress.make_keys,
            "start-runtime" => t.progress.start_runtime,
            "set-policy" => t.progress.set_policy,
            "open-route" => t.progress.open_route,
            step if step.starts_with("add-application-") => t.progress.add_application,
            step if step.starts_with("renew-secret-") => t.progress.renew_secret,
            step if step.starts_with("align-application-") => t.progress.align_application,
            step if step.starts_with("add-person-") => t.progress.add_person,
            other => return Cow::Owned(other.replace('-', " ")),
        })
    }
}
