//! Tenants: the list, one in the making, and how one does.

use polder_hosted_pages::console::{
    Glance, ListAsked, Outcome, Problem, Sorting, Step, StepStatus, TenantHead, TenantList, TenantNew, TenantOverview,
    TenantProgress, TenantRow, TenantState,
};
use polder_tenant_api::{ApplicationType, Measure};

use super::applications::application;
use super::audit::events;
use super::{AT, Stage, problem};

impl Stage<'_> {
    pub fn tenants(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let sorting = &Sorting { path: "/".to_owned(), query: String::new(), by: "slug" };
        self.add(
            "tenants-empty",
            &TenantList { shell, sorting, tenants: &[], asked: ListAsked::default(), next: None },
        );
        let rows: Vec<TenantRow<'_>> = [
            TenantState::Running,
            TenantState::Provisioning,
            TenantState::Asleep,
            TenantState::Suspended,
            TenantState::Terminating,
            TenantState::Failed,
        ]
        .into_iter()
        .zip(["practice", "north", "south", "east", "west", "harbour"])
        .map(|(state, slug)| TenantRow { head: TenantHead { state, slug, ..tenant }, created_at: AT })
        .collect();
        self.add(
            "tenants",
            &TenantList { shell, sorting, tenants: &rows, asked: ListAsked::default(), next: Some("abc") },
        );
        let page = TenantNew { shell, name: "", slug: "", host_suffix: ".localhost:8600", problems: &[] };
        self.add("tenant-new", &page);
        let problems = [problem("name", Problem::Required), problem("slug", Problem::Reserved)];
        self.add("tenant-new-wrong", &TenantNew { name: words.other, slug: words.other, problems: &problems, ..page });
    }

    pub fn progress(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let step = |step, status| Step { step, status };
        let steps = [
            step("make-folders", StepStatus::Finished),
            step("make-keys", StepStatus::Finished),
            step("start-runtime", StepStatus::Started),
            step("set-policy", StepStatus::Waiting),
            step("add-application-coach", StepStatus::Waiting),
            step("renew-secret-coach", StepStatus::Waiting),
            step("align-application-coach", StepStatus::Waiting),
            step("add-person-1", StepStatus::Waiting),
            step("open-route", StepStatus::Waiting),
            step(words.other, StepStatus::Failed),
        ];
        let page = TenantProgress {
            shell,
            slug: "practice",
            name: tenant.name,
            steps: &steps,
            again: false,
            outcome: Outcome::Underway,
        };
        self.add("progress", &page);
        let again = [step("rotate-passwords", StepStatus::Finished), step("restart-runtime", StepStatus::Started)];
        self.add("progress-again", &TenantProgress { again: true, steps: &again, ..page });
        self.add("progress-done", &TenantProgress { outcome: Outcome::Done, steps: &steps[..2], ..page });
        self.add("progress-failed", &TenantProgress { outcome: Outcome::Failed(words.other), ..page });
    }

    pub fn overview(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let page = TenantOverview {
            shell,
            tenant,
            created_at: AT,
            held_back: None,
            ends_at: None,
            has_server: false,
            applications: &[],
            events: &[],
            walls: &[],
            version: None,
            glance: Glance::default(),
        };
        self.add("overview-empty", &page);
        for state in [TenantState::Asleep, TenantState::Suspended] {
            let tenant = TenantHead { state, ..tenant };
            self.add(&format!("overview-{state:?}").to_lowercase(), &TenantOverview { tenant, ..page });
        }
        let held = TenantHead { state: TenantState::Suspended, ..tenant };
        self.add("overview-held-back", &TenantOverview { tenant: held, held_back: Some(words.other), ..page });
        let ended = TenantHead { state: TenantState::Terminating, ..tenant };
        self.add("overview-terminating", &TenantOverview { tenant: ended, ends_at: Some(AT), ..page });
        let applications = [application(words, ApplicationType::Web)];
        let walls = [
            Measure::stands("network", "none: a network name space with nothing in it"),
            Measure::stands("seccomp", "a list of what may be asked of the kernel; Unix sockets alone"),
            Measure::missing("landlock_sockets", "needs Landlock 9; this kernel has 7"),
            Measure::missing("a-wall-of-tomorrow", words.other),
        ];
        let (has_server, events) = (true, events(words));
        let page = TenantOverview { has_server, applications: &applications, events: &events, walls: &walls, ..page };
        self.add("overview", &page);
    }
}
