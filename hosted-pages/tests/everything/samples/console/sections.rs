//! What stands beside applications, people, sign-in, log and settings.

use polder_hosted_pages::console::{
    ApiForm, Apis, Attempts, BlocklistForm, Blocklists, FieldForm, General, Lockouts, Logouts, May, Notice, Problem,
    ProfileFieldPage, ProfileFields, Registration, Search, Shell, Shortcuts, Sorting, TokenWish, destinations,
};
use polder_kernel::{Id, Locale};
use polder_tenant_api::{
    Api, ApplicationType, AtSessionLimit, AttemptOutcome, Blocklist, BlocklistAction, BlocklistFormat, FieldChoice,
    FieldClaim, FieldDefinition, FieldEditor, FieldType, Lockout, LockoutKind, LogoutDelivery, LogoutDeliveryState,
    ProfileField, ProofOfWork, RegistrationToken, Settings, SignInAttempt,
};

use super::super::people::user;
use super::applications::application;
use super::sign_in::settings;
use super::{AT, Stage, problem};

/// Somebody who sees everything and changes nothing.
const SEES: May = May {
    make_tenants: false,
    change_tenants: false,
    end_tenants: false,
    change_applications: false,
    change_people: false,
    change_keys: false,
    ..May::ALL
};

impl Stage<'_> {
    pub fn sections(&mut self) {
        self.apis();
        self.registration();
        self.profile_fields();
        self.lockouts();
        self.attempts();
        self.blocklists();
        self.logouts();
        self.general();
        self.search();
    }

    fn apis(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let page = Apis { shell, tenant, apis: &[], form: ApiForm::default(), problems: &[] };
        self.add("apis-empty", &page);
        let api = Api {
            name: "orders".to_owned(),
            identifier: "https://api.example.test".to_owned(),
            title: Some(words.other.to_owned()),
            created_at: AT.to_owned(),
            updated_at: AT.to_owned(),
        };
        let untitled =
            Api { title: None, identifier: words.other.to_owned(), name: words.other.to_owned(), ..api.clone() };
        let apis = [api, untitled];
        self.add("apis", &Apis { apis: &apis, ..page });
        let form = ApiForm { word: words.other, identifier: words.other, title: words.other };
        let problems = [problem("word", Problem::Taken), problem("identifier", Problem::Said(words.other))];
        self.add("apis-wrong", &Apis { apis: &apis, form, problems: &problems, ..page });
        let page = Apis { shell: Shell { may: SEES, ..shell }, apis: &apis, ..page };
        self.add("apis-seen", &page);
    }

    fn registration(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let page = Registration {
            shell,
            tenant,
            open: false,
            limit: "100",
            tokens: &[],
            next: None,
            created: None,
            wish: TokenWish::default(),
            registered: &[],
            problems: &[],
        };
        self.add("registration-empty", &page);
        let token = RegistrationToken {
            id: Id::from_bytes([11; 16]),
            name: words.application.to_owned(),
            scopes: vec!["orders:read".to_owned(), words.other.to_owned()],
            uses: 10,
            uses_left: 7,
            created_at: AT.to_owned(),
            expires_at: AT.to_owned(),
        };
        let (tokens, registered) = ([token], [application(words, ApplicationType::Native)]);
        let page =
            Registration { open: true, tokens: &tokens, next: Some(words.other), registered: &registered, ..page };
        let created = Some("pri_4fGh7Jk2Lm9Np3Qr8St5Vw6Xy1Zb0Cd");
        self.add("registration", &page);
        self.add("registration-made", &Registration { created, ..page });
        let wish =
            TokenWish { name: words.other, uses: words.other, expires_in_seconds: "604800", scopes: words.other };
        let problems =
            ["registration_limit", "name", "uses", "scopes"].map(|at| problem(at, Problem::Said(words.other)));
        self.add("registration-wrong", &Registration { limit: words.other, wish, problems: &problems, ..page });
        self.add("registration-seen", &Registration { shell: Shell { may: SEES, ..shell }, ..page });
    }

    fn profile_fields(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        self.add("profile-fields-empty", &ProfileFields { shell, tenant, fields: &[] });
        let field = |kind, claim, editable_by| ProfileField {
            name: "member_number".to_owned(),
            definition: FieldDefinition {
                kind,
                labels: Locale::ALL.map(|locale| (locale, words.other.to_owned())).into(),
                required: true,
                editable_by,
                at_sign_up: kind == FieldType::Text,
                choices: vec![FieldChoice { value: words.other.to_owned(), labels: Default::default() }],
                max_length: None,
                minimum: None,
                maximum: None,
                claim,
            },
            created_at: AT.to_owned(),
            updated_at: AT.to_owned(),
        };
        let claim = FieldClaim { name: words.other.to_owned(), scope: words.other.to_owned(), id_token: true };
        let fields = [
            field(FieldType::Text, None, FieldEditor::Person),
            field(FieldType::Number, Some(claim), FieldEditor::Administrator),
            field(FieldType::Boolean, None, FieldEditor::Person),
            field(FieldType::Date, None, FieldEditor::Person),
            field(FieldType::Choice, None, FieldEditor::Person),
        ];
        self.add("profile-fields", &ProfileFields { shell, tenant, fields: &fields });
        let seen = Shell { may: SEES, ..shell };
        self.add("profile-fields-seen", &ProfileFields { shell: seen, tenant, fields: &fields });
        let empty =
            FieldForm { labels: Locale::ALL.map(|locale| (locale, String::new())).to_vec(), ..FieldForm::default() };
        let page = ProfileFieldPage { shell, tenant, existing: None, form: &empty, problems: &[] };
        self.add("profile-field-new", &page);
        let other = || words.other.to_owned();
        let form = FieldForm {
            word: other(),
            kind: "choice".to_owned(),
            labels: Locale::ALL.map(|locale| (locale, other())).to_vec(),
            required: true,
            editable_by: "administrator".to_owned(),
            at_sign_up: true,
            choices: other(),
            limits: [other(), other(), other()],
            claim_name: other(),
            claim_scope: other(),
            claim_id_token: true,
        };
        self.add("profile-field", &ProfileFieldPage { existing: Some(words.other), form: &form, ..page });
        let problems = ["word", "labels", "choices", "max_length", "minimum", "claim_name", "claim_scope"]
            .map(|at| problem(at, Problem::Said(words.other)));
        self.add("profile-field-wrong", &ProfileFieldPage { form: &form, problems: &problems, ..page });
    }

    fn lockouts(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let page = Lockouts { shell, tenant, lockouts: &[], user_id: "" };
        self.add("lockouts-empty", &page);
        let one = Lockout {
            id: Id::from_bytes([12; 16]),
            kind: LockoutKind::Address,
            user_id: Some(Id::from_bytes([8; 16])),
            email: Some(words.address.to_owned()),
            ip: Some("203.0.113.7".to_owned()),
            began_at: AT.to_owned(),
            ends_at: AT.to_owned(),
        };
        let lockouts = [
            one.clone(),
            Lockout {
                id: Id::from_bytes([13; 16]),
                kind: LockoutKind::Network,
                user_id: None,
                email: None,
                ..one.clone()
            },
            Lockout {
                id: Id::from_bytes([14; 16]),
                kind: LockoutKind::SecondFactor,
                ip: None,
                email: None,
                ..one.clone()
            },
            Lockout { id: Id::from_bytes([15; 16]), user_id: None, ip: Some(words.other.to_owned()), ..one },
        ];
        self.add("lockouts", &Lockouts { lockouts: &lockouts, user_id: words.other, ..page });
        let shell = Shell { notice: Some(Notice::LockoutLifted), may: SEES, ..shell };
        self.add("lockouts-seen", &Lockouts { shell, lockouts: &lockouts, ..page });
    }

    fn attempts(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let ann = user(words);
        let sorting =
            &Sorting { path: "/tenants/acme/users/1/attempts".to_owned(), query: String::new(), by: "-last_at" };
        let page = Attempts { shell, sorting, tenant, user: &ann, attempts: &[] };
        self.add("attempts-empty", &page);
        let attempt = |outcome| SignInAttempt {
            outcome,
            count: 3,
            ip: Some(words.other.to_owned()),
            user_agent: Some(words.other.to_owned()),
            first_at: AT.to_owned(),
            last_at: AT.to_owned(),
        };
        let attempts = [
            AttemptOutcome::SignedIn,
            AttemptOutcome::CodeSent,
            AttemptOutcome::CodeWrong,
            AttemptOutcome::SecondStepWrong,
            AttemptOutcome::PasskeyRefused,
            AttemptOutcome::AskedForWork,
            AttemptOutcome::TooMany,
            AttemptOutcome::Blocked,
        ]
        .map(attempt);
        self.add("attempts", &Attempts { attempts: &attempts, ..page });
    }

    fn blocklists(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let page = Blocklists { shell, tenant, lists: &[], form: BlocklistForm::default(), problems: &[] };
        self.add("blocklists-empty", &page);
        let list = Blocklist {
            name: "drop".to_owned(),
            format: BlocklistFormat::Plain,
            action: BlocklistAction::Refuse,
            networks: 1482,
            skipped: 3,
            updated_at: AT.to_owned(),
        };
        let lists = [list.clone(), Blocklist { action: BlocklistAction::Prove, name: words.other.to_owned(), ..list }];
        let removed = Shell { notice: Some(Notice::Removed), ..shell };
        self.add("blocklists", &Blocklists { shell: removed, lists: &lists, ..page });
        let form = BlocklistForm { list: words.other, format: "crowdsec", action: "refuse", content: words.other };
        let problems = [problem("list", Problem::Invalid), problem("content", Problem::Said(words.other))];
        self.add("blocklists-wrong", &Blocklists { lists: &lists, form, problems: &problems, ..page });
        self.add("blocklists-seen", &Blocklists { shell: Shell { may: SEES, ..shell }, lists: &lists, ..page });
    }

    fn logouts(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let sorting = &Sorting { path: "/tenants/acme/logouts".to_owned(), query: String::new(), by: "-created_at" };
        let page = Logouts { shell, sorting, tenant, deliveries: &[], next: None, state: None, application_id: "" };
        self.add("logouts-empty", &page);
        self.add("logouts-none", &Logouts { state: Some(LogoutDeliveryState::Failed), ..page });
        let told = LogoutDelivery {
            id: Id::from_bytes([16; 16]),
            application_id: Id::from_bytes([7; 16]),
            user_id: Some(Id::from_bytes([8; 16])),
            sid: "pBvCTv0wEpTo1KBbYcHFPw".to_owned(),
            reason: "signed_out".to_owned(),
            state: LogoutDeliveryState::Delivered,
            attempts: 1,
            created_at: AT.to_owned(),
            last_attempt_at: Some(AT.to_owned()),
            next_attempt_at: None,
            delivered_at: Some(AT.to_owned()),
            failed_at: None,
            jti: None,
            answered: Some(200),
            failure: None,
        };
        let waits = LogoutDelivery {
            id: Id::from_bytes([17; 16]),
            state: LogoutDeliveryState::Pending,
            next_attempt_at: Some(AT.to_owned()),
            last_attempt_at: None,
            answered: None,
            user_id: None,
            ..told.clone()
        };
        let failed = LogoutDelivery {
            id: Id::from_bytes([18; 16]),
            state: LogoutDeliveryState::Failed,
            answered: Some(503),
            failure: Some(words.other.to_owned()),
            sid: words.other.to_owned(),
            ..told.clone()
        };
        let deliveries = [told, waits, failed];
        let sorting = &Sorting { path: "/tenants/acme/logouts".to_owned(), query: String::new(), by: "-created_at" };
        let page = Logouts {
            sorting,
            shell: Shell { notice: Some(Notice::Retried), ..shell },
            deliveries: &deliveries,
            next: Some(words.other),
            state: Some(LogoutDeliveryState::Pending),
            application_id: words.other,
            ..page
        };
        self.add("logouts", &page);
        let may = May { see_people: false, ..SEES };
        self.add("logouts-seen", &Logouts { shell: Shell { may, ..shell }, ..page });
    }

    fn search(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        self.add("shortcuts", &Shortcuts { shell });
        self.add("search-none", &Search { shell, query: words.other, found: &[] });
        let found = destinations(&shell, &[tenant], tenant.slug, "");
        self.add("search", &Search { shell, query: "", found: &found });
    }

    fn general(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let usual = settings(words);
        let page = General { shell, tenant, chosen: &usual, session_limit: "0", models: "", problems: &[] };
        self.add("settings", &page);
        let chosen = Settings {
            at_session_limit: AtSessionLimit::Refuse,
            proof_of_work: ProofOfWork::Never,
            require_pushed_authorization_requests: true,
            default_locale: Locale::Nl,
            ..usual.clone()
        };
        let problems = ["name", "session_limit", "passkey_models"].map(|at| problem(at, Problem::Said(words.other)));
        let wrong =
            General { chosen: &chosen, session_limit: words.other, models: words.other, problems: &problems, ..page };
        self.add("settings-wrong", &wrong);
        self.add("settings-seen", &General { shell: Shell { may: SEES, ..shell }, ..page });
    }
}
