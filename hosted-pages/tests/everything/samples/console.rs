//! The console's pages.

use polder_hosted_pages::console::{
    ApiKey, ApiKeyForm, ApiKeyPage, ApiKeys, Application as ApplicationPage, ApplicationCreated, ApplicationForm,
    ApplicationNew, Applications, Audit, AuditAsked, Branding, Connection as ConnectionPage, ConnectionForm,
    ConnectionNew, Connections, Egress, EgressRule, ErrorPage, FieldProblem, Glance, Invitation, Keys, ListAsked, May,
    Member, NoAccess, NoAccessReason, Notice, Outcome, Policies, Problem, Shell, SignedOut, Specimen, Step, StepStatus,
    TenantHead, TenantList, TenantNew, TenantOverview, TenantProgress, TenantRow, TenantState, TokenForm,
};
use polder_hosted_pages::tenant::ErrorKind;
use polder_hosted_pages::{Frame, Look, Page};
use polder_kernel::{Id, Locale};
use polder_tenant_api::connections::{
    Connection as OutsideConnection, ConnectionCheck, ConnectionConfiguration, Provider,
};
use polder_tenant_api::settings::REGISTRATION_LIMIT;
use polder_tenant_api::{
    Access, Application, ApplicationType, AtSessionLimit, AuditEvent, BrandLogo, BrandTexts, BrandingChoices, DataKey,
    Key, KeyAlgorithm, KeyState, Measure, PasskeyPolicy, Preferences, Profile, ProofOfWork, SecondFactorPolicy,
    Settings, SignUp, TokenEndpointAuthMethod, policies,
};

use super::{Sample, Words};

pub(super) const AT: &str = "2026-11-21T08:00:00.000Z";
const ISSUER: &str = "http://practice.localhost:8600";

/// What the pages of one run share.
struct Stage<'a> {
    words: Words<'a>,
    shell: Shell<'a>,
    tenant: TenantHead<'a>,
    pages: Vec<Sample>,
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
    stage.pages
}

impl Stage<'_> {
    fn branding(&mut self) {
        let words = self.words;
        let text = Some(words.other.to_owned());
        let texts = BrandTexts { name: text.clone(), welcome: text.clone(), ..BrandTexts::default() };
        let choices = BrandingChoices {
            primary_color: text,
            radius: Some(12),
            texts: [(Locale::Nl, texts)].into(),
            ..BrandingChoices::default()
        };
        let page = Branding {
            shell: self.shell,
            tenant: self.tenant,
            choices: &BrandingChoices::default(),
            logo: None,
            shown: Specimen::SignIn,
            in_language: Locale::Nl,
            look: Look::Light,
            preview: "/tenants/practice/branding/preview?show=sign-in",
            problems: &[],
        };
        self.add("branding", &page);
        let may = May { change_applications: false, ..May::ALL };
        self.add("branding-seen", &Branding { shell: Shell { may, ..self.shell }, ..page });
        let logo = BrandLogo {
            url: words.url.to_owned(),
            content_type: "image/png".to_owned(),
            width: 480,
            height: 120,
            transparent: true,
        };
        let problems =
            ["primary_color", "radius", "nl_welcome", "logo"].map(|at| problem(at, Problem::Said(words.other)));
        let page = Branding {
            choices: &choices,
            logo: Some(&logo),
            shown: Specimen::Mail,
            look: Look::Dark,
            problems: &problems,
            ..page
        };
        self.add("branding-wrong", &page);
    }

    fn add(&mut self, name: &str, page: &impl Page) {
        self.pages.push(Sample { name: format!("console-{name}"), html: page.render() });
    }

    fn door(&mut self, locale: Locale) {
        let words = self.words;
        let frame =
            Frame { nonce: "c2FtcGxl", csrf: "csrf-sample", language_path: Some("/"), ..Frame::new(locale, "Polder") };
        self.add("signed-out", &SignedOut { frame, ended: false, sign_up: true });
        self.add("signed-out-ended", &SignedOut { frame, ended: true, sign_up: false });
        let page = Invitation {
            frame,
            token: "sample",
            name: words.person,
            email: words.address,
            into: Some(words.tenant),
            problems: &[],
        };
        self.add("invitation", &page);
        let problems = [problem("token", Problem::Invalid), problem("email", Problem::Said(words.other))];
        self.add("invitation-wrong", &Invitation { token: words.other, into: None, problems: &problems, ..page });
        let reason = NoAccessReason::NoMember(words.address);
        self.add("no-access", &NoAccess { frame, reason });
        self.add("no-access-role", &NoAccess { frame, reason: NoAccessReason::Role });
        let page = ErrorPage { frame, kind: ErrorKind::NotFound, detail: Some(words.other), request_id: words.other };
        self.add("error", &page);
    }

    fn tenants(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        self.add("tenants-empty", &TenantList { shell, tenants: &[], asked: ListAsked::default(), next: None });
        let rows: Vec<TenantRow<'_>> = [
            TenantState::Running,
            TenantState::Provisioning,
            TenantState::Asleep,
            TenantState::Suspended,
            TenantState::Terminating,
            TenantState::Failed,
        ]
        .into_iter()
        .map(|state| TenantRow { head: TenantHead { state, ..tenant }, created_at: AT })
        .collect();
        self.add(
            "tenants",
            &TenantList { shell, tenants: &rows, asked: ListAsked::default(), next: Some("/?cursor=abc") },
        );
        let page = TenantNew { shell, name: "", slug: "", host_suffix: ".localhost:8600", problems: &[] };
        self.add("tenant-new", &page);
        let problems = [problem("name", Problem::Required), problem("slug", Problem::Reserved)];
        self.add("tenant-new-wrong", &TenantNew { name: words.other, slug: words.other, problems: &problems, ..page });
    }

    fn progress(&mut self) {
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
        let page =
            TenantProgress { shell, slug: "practice", name: tenant.name, steps: &steps, outcome: Outcome::Underway };
        self.add("progress", &page);
        self.add("progress-done", &TenantProgress { outcome: Outcome::Done, steps: &steps[..2], ..page });
        self.add("progress-failed", &TenantProgress { outcome: Outcome::Failed(words.other), ..page });
    }

    fn overview(&mut self) {
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

    fn applications(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let [web, spa, native, machine] =
            [ApplicationType::Web, ApplicationType::Spa, ApplicationType::Native, ApplicationType::Machine]
                .map(|kind| application(words, kind));
        self.add("applications-empty", &Applications { shell, tenant, applications: &[], next: None });
        let all = [web.clone(), spa.clone(), native, machine.clone()];
        self.add("applications", &Applications { shell, tenant, applications: &all, next: Some(words.other) });
        let form = ApplicationForm {
            name: words.application,
            redirect_uris: words.url,
            post_logout_redirect_uris: words.url,
            access: "role",
            role: words.other,
            passkeys: "required",
            second_factor: words.other,
            profile: "fapi2",
            jwks: words.other,
            tokens: TokenForm {
                id_token_alg: "EdDSA",
                access_token_format: "opaque",
                access_token_seconds: "61",
                refresh_idle_seconds: "86400",
                refresh_absolute_seconds: words.other,
                userinfo_alg: words.other,
            },
        };
        let blank = ApplicationForm {
            name: "",
            redirect_uris: "",
            post_logout_redirect_uris: "",
            access: "",
            role: "",
            passkeys: "",
            second_factor: "",
            profile: "",
            jwks: "",
            tokens: TokenForm::default(),
        };
        let page = ApplicationNew { shell, tenant, kind: ApplicationType::Web, form: blank, problems: &[] };
        self.add("application-new", &page);
        let problems = [
            problem("name", Problem::TooLong),
            problem("redirect_uris", Problem::Said(words.other)),
            problem("role", Problem::Taken),
        ];
        let wrong = ApplicationNew { kind: ApplicationType::Native, form, problems: &problems, ..page };
        self.add("application-new-wrong", &wrong);
        let secret = Some("pos_kJ3v8Qw2ZpXn5Tr7Ym1Lc4Hd6Bf9Gs0Ae");
        let page =
            ApplicationCreated { shell, tenant, application: &web, client_secret: secret, previous_expire_at: None };
        self.add("application-created", &page);
        self.add("application-secret", &ApplicationCreated { previous_expire_at: Some(AT), ..page });
        self.add("application-machine", &ApplicationCreated { application: &machine, ..page });
        self.add("application-public", &ApplicationCreated { application: &spa, client_secret: None, ..page });
        let shell = Shell { notice: Some(Notice::Saved), ..shell };
        let page = ApplicationPage { shell, tenant, application: &web, form: None, problems: &[] };
        self.add("application", &page);
        let strict = Application { profile: Profile::Fapi2, ..web.clone() };
        self.add("application-strict", &ApplicationPage { application: &strict, ..page });
        let disabled = Application { disabled: true, access: Access::Everyone, ..spa };
        let page = ApplicationPage { application: &disabled, form: Some(form), problems: &problems, ..page };
        self.add("application-wrong", &page);
    }

    fn audit(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let page = Audit {
            shell,
            tenant,
            events: &events(words),
            next: Some(words.other),
            asked: AuditAsked::default(),
            query: "",
        };
        self.add("audit", &page);
        let asked = AuditAsked { action: words.other, user_id: words.other, wrong: true, ..AuditAsked::default() };
        let page = Audit { events: &[], next: None, asked, query: "action=x", ..page };
        self.add("audit-empty", &page);
    }

    fn connections(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        self.add("connections-empty", &Connections { shell, tenant, connections: &[], next: None });
        let of = |provider| connection(words, provider);
        let off = OutsideConnection { disabled: true, ..of(Provider::Oauth2) };
        let all = [of(Provider::Google), of(Provider::Oidc), off.clone()];
        self.add("connections", &Connections { shell, tenant, connections: &all, next: Some(words.other) });
        let page = ConnectionNew { shell, tenant, provider: None, form: ConnectionForm::default(), problems: &[] };
        self.add("connection-choice", &page);
        for provider in Provider::ALL {
            self.add(
                &format!("connection-new-{}", provider.as_str()),
                &ConnectionNew { provider: Some(provider), ..page },
            );
        }
        let form = ConnectionForm {
            name: words.application,
            client_id: words.other,
            issuer: words.url,
            directory: words.other,
            team_id: words.other,
            key_id: words.other,
            authorization: words.url,
            token: words.url,
            userinfo: words.url,
            scopes: words.other,
            subject: words.other,
        };
        let problems = ["name", "issuer", "directory", "token", "client_id", "key_id", "client_secret"]
            .map(|field| problem(field, Problem::Said(words.other)));
        for provider in Provider::ALL {
            let page = ConnectionNew { provider: Some(provider), form, problems: &problems, ..page };
            self.add(&format!("connection-wrong-{}", provider.as_str()), &page);
        }
        let good = ConnectionCheck { works: true, problem: None, further_hosts: Vec::new() };
        let more =
            ConnectionCheck { further_hosts: vec!["keys.example.org".into(), words.other.into()], ..good.clone() };
        let bad = ConnectionCheck { works: false, problem: Some(words.other.into()), further_hosts: Vec::new() };
        let of_issuer = of(Provider::Oidc);
        let page = ConnectionPage { shell, tenant, connection: &of_issuer, check: None, problems: &[] };
        self.add("connection", &page);
        for (name, check) in [("works", &good), ("further-hosts", &more), ("works-not", &bad)] {
            self.add(&format!("connection-{name}"), &ConnectionPage { check: Some(check), ..page });
        }
        let apple = of(Provider::Apple);
        let problems = [problem("client_secret", Problem::Required), problem("connection", Problem::HostNotPublic)];
        self.add("connection-apple", &ConnectionPage { connection: &apple, problems: &problems, ..page });
        let shell = Shell { notice: Some(Notice::Saved), may: May { change_tenants: false, ..May::ALL }, ..shell };
        self.add("connection-seen", &ConnectionPage { shell, connection: &off, check: Some(&more), ..page });
        let shell = Shell { notice: Some(Notice::ConnectionRemoved), ..shell };
        self.add("connections-seen", &Connections { shell, tenant, connections: &all, next: None });
    }

    fn egress(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let page = Egress { shell, tenant, rules: &[], host: "", problems: &[] };
        self.add("egress-empty", &page);
        let rule = EgressRule { id: "1", host: "accounts.example.org", created_at: AT };
        let rules = [EgressRule { host: ".example.org", ..rule }, rule, EgressRule { host: words.other, ..rule }];
        let shell = Shell { notice: Some(Notice::HostAllowed), ..shell };
        self.add("egress", &Egress { shell, rules: &rules, ..page });
        let shell =
            Shell { notice: Some(Notice::HostRemoved), may: May { change_tenants: false, ..May::ALL }, ..shell };
        self.add("egress-seen", &Egress { shell, rules: &rules, ..page });
        for (name, problem_is) in [
            ("not-public", Problem::HostNotPublic),
            ("too-wide", Problem::HostTooWide),
            ("shape", Problem::HostShape),
            ("there", Problem::HostThere),
            ("full", Problem::HostsFull),
        ] {
            let problems = [problem("host", problem_is)];
            self.add(
                &format!("egress-{name}"),
                &Egress { rules: &rules, host: words.other, problems: &problems, ..page },
            );
        }
    }

    fn policies(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let usual = settings(words);
        let page = Policies { shell, tenant, chosen: &usual, domains: "", problems: &[] };
        self.add("policies", &page);
        let chosen = Settings {
            sign_up: SignUp::Domains,
            passkeys: PasskeyPolicy::Required,
            second_factor: SecondFactorPolicy::Never,
            session_idle_seconds: 1234,
            recovery_wait_hours: 5,
            ..usual.clone()
        };
        let problems = [
            problem("sign_up_domains", Problem::Said(words.other)),
            problem("session_idle_seconds", Problem::Said(words.other)),
            problem("session_absolute_seconds", Problem::Invalid),
            problem("recovery_wait_hours", Problem::Invalid),
        ];
        self.add("policies-wrong", &Policies { chosen: &chosen, domains: words.other, problems: &problems, ..page });
        let shell = Shell { may: May { change_tenants: false, ..May::ALL }, ..shell };
        self.add("policies-read", &Policies { shell, ..page });
    }

    fn keys(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let key = |algorithm, state, retired: Option<&str>| Key {
            kid: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".to_owned(),
            algorithm,
            state,
            created_at: AT.to_owned(),
            active_from: AT.to_owned(),
            retired_at: retired.map(str::to_owned),
            removed_at: None,
        };
        let signing = [
            key(KeyAlgorithm::Es256, KeyState::Next, None),
            key(KeyAlgorithm::Es256, KeyState::Active, None),
            key(KeyAlgorithm::Rs256, KeyState::Retired, Some(AT)),
            key(KeyAlgorithm::EdDsa, KeyState::Removed, Some(AT)),
        ];
        let data = |version, retired: Option<&str>| DataKey {
            category: "identifiers".to_owned(),
            version,
            created_at: AT.to_owned(),
            retired_at: retired.map(str::to_owned),
        };
        let data = [data(2, None), data(1, Some(AT))];
        let page = Keys {
            shell,
            tenant,
            signing: &signing,
            data: &data,
            seal_key: "mUZ1q0cQm3yH5c4h",
            sealed_since: Some(AT),
            wrong: None,
        };
        self.add("keys", &page);
        self.add("keys-wrong", &Keys { sealed_since: None, wrong: Some(words.other), ..page });
    }

    fn api_keys(&mut self) {
        let Stage { words, shell, .. } = *self;
        let api = "http://console.localhost:8600/api/v1";
        let areas = [("tenants", "read"), ("users", "write"), ("api-keys", "none")];
        let form = ApiKeyForm { name: "", areas: &areas, expiry: "90", addresses: "" };
        let page = ApiKeys { shell, keys: &[], next: None, api, created: None, form, problems: &[] };
        self.add("api-keys-empty", &page);
        let scopes = ["tenants:read".to_owned(), "users:write".to_owned()];
        let addresses = ["192.0.2.0/24".to_owned(), "2001:db8::/32".to_owned()];
        let key = ApiKey {
            id: "1",
            name: words.application,
            scopes: &scopes,
            all: true,
            addresses: &[],
            created_at: AT,
            last_used_at: Some(AT),
            expires_at: None,
            expired: false,
            revoked_at: None,
        };
        let narrow = ApiKey { last_used_at: None, all: false, addresses: &addresses, expires_at: Some(AT), ..key };
        let keys = [key, narrow, ApiKey { expired: true, ..narrow }, ApiKey { revoked_at: Some(AT), ..key }];
        let one = ApiKeyPage { shell, key: narrow, form: ApiKeyForm { expiry: "keep", ..form }, problems: &[] };
        self.add("api-key", &one);
        self.add("api-key-revoked", &ApiKeyPage { key: keys[3], ..one });
        let created = Some("polder_4fGh7Jk2Lm9Np3Qr8St5Vw6Xy1Zb0Cd");
        self.add("api-keys", &ApiKeys { keys: &keys, created, ..page });
        let problems = [
            problem("name", Problem::Required),
            problem("scopes", Problem::Nothing),
            problem("addresses", Problem::Networks),
        ];
        let form = ApiKeyForm { name: words.other, addresses: words.other, ..form };
        self.add("api-keys-wrong", &ApiKeys { keys: &keys, next: Some("x"), form, problems: &problems, ..page });
        self.add("api-key-wrong", &ApiKeyPage { form, problems: &problems, ..one });
        for (name, notice) in [
            ("deleted", Notice::ApplicationDeleted),
            ("added", Notice::UserAdded),
            ("invited", Notice::UserInvited),
            ("enabled", Notice::UserEnabled),
            ("revoked", Notice::KeyRevoked),
            ("rotated", Notice::KeysRotated),
            ("reset", Notice::FactorsReset),
        ] {
            let shell = Shell { notice: Some(notice), member: Member { name: "", ..shell.member }, ..shell };
            self.add(
                &format!("notice-{name}"),
                &TenantList { shell, tenants: &[], asked: ListAsked::default(), next: None },
            );
        }
    }
}

const fn problem<'a>(field: &'a str, problem: Problem<'a>) -> FieldProblem<'a> {
    FieldProblem { field, problem }
}

fn settings(words: Words<'_>) -> Settings {
    Settings {
        name: words.tenant.to_owned(),
        sign_up: SignUp::Open,
        default_locale: Locale::En,
        passkey_models: Vec::new(),
        session_limit: 0,
        at_session_limit: AtSessionLimit::default(),
        proof_of_work: ProofOfWork::default(),
        sign_up_domains: Vec::new(),
        passkeys: PasskeyPolicy::Preferred,
        second_factor: SecondFactorPolicy::Optional,
        session_idle_seconds: policies::SESSION_IDLE_SECONDS,
        session_absolute_seconds: policies::SESSION_ABSOLUTE_SECONDS,
        recovery_wait_hours: policies::RECOVERY_WAIT_HOURS,
        registration: false,
        registration_limit: REGISTRATION_LIMIT,
        require_pushed_authorization_requests: false,
    }
}

fn connection(words: Words<'_>, provider: Provider) -> OutsideConnection {
    let configuration = ConnectionConfiguration {
        issuer: (provider == Provider::Oidc).then(|| words.url.to_owned()),
        directory: (provider == Provider::Microsoft).then(|| words.other.to_owned()),
        ..ConnectionConfiguration::default()
    };
    OutsideConnection {
        id: Id::from_bytes([3; 16]),
        provider,
        name: words.application.to_owned(),
        client_id: "1234-abcd.apps.example.org".to_owned(),
        has_secret: true,
        hosts: vec!["accounts.example.org".to_owned(), words.other.to_owned()],
        configuration,
        redirect_uri: format!("{ISSUER}/signin/callback/019a0000-0000-7000-8000-000000000003"),
        disabled: false,
        created_at: AT.to_owned(),
        updated_at: AT.to_owned(),
    }
}

pub fn application(words: Words<'_>, kind: ApplicationType) -> Application {
    let public = matches!(kind, ApplicationType::Spa | ApplicationType::Native);
    Application {
        client_id: Id::from_bytes([7; 16]),
        name: words.application.to_owned(),
        profile: Profile::Default,
        kind,
        token_endpoint_auth_method: if public {
            TokenEndpointAuthMethod::None
        } else {
            TokenEndpointAuthMethod::ClientSecretBasic
        },
        jwks: None,
        redirect_uris: if kind == ApplicationType::Machine { vec![] } else { vec![words.url.to_owned()] },
        post_logout_redirect_uris: vec![words.url.to_owned(), words.other.to_owned()],
        grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
        third_party: false,
        access: Access::Role { role: words.other.to_owned() },
        preferences: Preferences::default(),
        disabled: false,
        registered_with: (kind == ApplicationType::Native).then(|| words.other.to_owned()),
        created_at: AT.to_owned(),
        updated_at: AT.to_owned(),
    }
}

pub fn events(words: Words<'_>) -> [AuditEvent; 3] {
    let started = AuditEvent {
        id: "a-3".to_owned(),
        at: AT.to_owned(),
        action: "session.started".to_owned(),
        actor_kind: "user".to_owned(),
        actor_id: Id::<()>::from_bytes([8; 16]).to_string(),
        user_id: Some(Id::<()>::from_bytes([8; 16]).to_string()),
        application_id: Some(Id::<()>::from_bytes([7; 16]).to_string()),
        session_id: None,
        request_id: None,
        details: Some(words.other.into()),
        hash: String::new(),
    };
    let created = AuditEvent {
        action: "application.created".to_owned(),
        actor_kind: "member".to_owned(),
        user_id: None,
        details: None,
        ..started.clone()
    };
    let strange = AuditEvent {
        action: words.other.to_owned(),
        actor_kind: words.other.to_owned(),
        actor_id: words.other.to_owned(),
        user_id: Some(words.other.to_owned()),
        application_id: Some(words.other.to_owned()),
        ..started.clone()
    };
    [started, created, strange]
}
