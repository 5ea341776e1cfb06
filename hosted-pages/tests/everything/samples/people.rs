//! The console's pages about people: the list, one of them, imports, messages.

use polder_hosted_pages::Page;
use polder_hosted_pages::console::{
    FieldProblem, ImportTrouble, LookedFor, May, Member, Messages, Notice, Person, PersonField, PersonUndo, Problem,
    Shell, Sorting, TenantHead, TenantState, UserErase, UserImportPage, UserImports, Users,
};
use polder_kernel::{Id, Locale};
use polder_tenant_api::connections::ConnectedAccount;
use polder_tenant_api::{
    AuthenticatorApp, Factors, ImportProblem, Message, MessageState, Passkey, RecoveryCodes, Session, User,
    UserApplication, UserImport, UserImportState,
};

use super::console::events;
use super::{Sample, Words};

const AT: &str = "2026-11-21T08:00:00.000Z";

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
    let mut pages = Vec::new();
    list(&mut pages, words, (shell, tenant));
    person(&mut pages, words, (shell, tenant));
    imports(&mut pages, words, (shell, tenant));
    messages(&mut pages, words, (shell, tenant));
    pages
}

fn add(pages: &mut Vec<Sample>, name: &str, page: &impl Page) {
    pages.push(Sample { name: format!("console-{name}"), html: page.render() });
}

fn list<'a>(pages: &mut Vec<Sample>, words: Words<'a>, (shell, tenant): (Shell<'a>, TenantHead<'a>)) {
    let (form, nobody) = (("", "", ""), LookedFor::default());
    let sorting = &Sorting { path: "/tenants/acme/users".to_owned(), query: String::new(), by: "-created_at" };
    let page =
        Users { shell, sorting, tenant, users: &[], next: None, looked_for: nobody, form, invite: true, problems: &[] };
    add(pages, "users-empty", &page);
    let looked_for = LookedFor { text: words.address, role: words.other, state: "pending", query: "found=x" };
    add(pages, "users-none", &Users { looked_for, ..page });
    let ann = user(words);
    let stopped = User { disabled: true, email_verified: false, last_sign_in_at: None, name: None, ..ann.clone() };
    let users = [ann, stopped];
    let problems = [FieldProblem { field: "email", problem: Problem::Taken }];
    let form = (words.address, words.person, words.other);
    add(pages, "users", &Users { users: &users, next: Some(words.other), ..page });
    let by_sign_in = &Sorting { by: "-last_sign_in_at", ..sorting.clone() };
    add(pages, "users-by-sign-in", &Users { users: &users, sorting: by_sign_in, ..page });
    add(pages, "users-found", &Users { users: &users, next: Some(words.other), looked_for, ..page });
    add(pages, "users-wrong", &Users { users: &users, form, problems: &problems, ..page });
}

fn person<'a>(pages: &mut Vec<Sample>, words: Words<'a>, (shell, tenant): (Shell<'a>, TenantHead<'a>)) {
    let ann = user(words);
    let stopped = User { disabled: true, email_verified: false, last_sign_in_at: None, name: None, ..ann.clone() };
    let locales: Vec<(&str, &str, bool)> =
        Locale::ALL.iter().map(|one| (one.tag(), one.own_name(), *one == Locale::Nl)).collect();
    let none = Factors { passkeys: 0, authenticator_app: None, recovery_codes: None };
    let some = Factors {
        passkeys: 2,
        authenticator_app: Some(AuthenticatorApp { created_at: AT.to_owned(), last_used_at: None }),
        recovery_codes: Some(RecoveryCodes { left: 9, created_at: AT.to_owned() }),
    };
    let form = (words.address, words.person, "coach");
    let events = events(words);
    let fields = fields(words);
    let problems = ["email", "name", "roles", "field-motto", "field-colour"]
        .map(|field| FieldProblem { field, problem: Problem::Said(words.other) });
    let plain = Person {
        shell,
        tenant,
        user: &stopped,
        undo: None,
        form,
        locales: &locales,
        fields: &[],
        problems: &[],
        factors: &none,
        passkeys: &[],
        sessions: &[],
        applications: &[],
        accounts: &[],
        messages: &[],
        events: &[],
        next: None,
    };
    let passkeys = passkeys(words);
    let (sessions, applications) = (sessions(words), [application(words, None), application(words, Some(AT))]);
    let (accounts, sent) = (accounts(words), sent(words));
    let full = Person {
        user: &ann,
        fields: &fields,
        factors: &some,
        passkeys: &passkeys,
        sessions: &sessions,
        applications: &applications,
        accounts: &accounts,
        messages: &sent,
        events: &events,
        next: Some(words.other),
        ..plain
    };
    add(pages, "person", &full);
    add(pages, "person-wrong", &Person { problems: &problems, ..full });
    let may = May { change_people: false, ..May::ALL };
    add(pages, "person-seen", &Person { shell: Shell { may, ..shell }, ..full });
    // Roles are words: what stands between spaces is one each.
    let roles = words.other.replace(char::is_whitespace, "-");
    let roles = Some(PersonUndo::Roles(&roles));
    add(pages, "person-roles", &Person { shell: Shell { notice: Some(Notice::Saved), ..shell }, undo: roles, ..full });
    let said = Shell { notice: Some(Notice::UserDisabled), ..shell };
    add(pages, "person-stopped", &Person { shell: said, undo: Some(PersonUndo::Disabled), ..plain });
    for (name, notice) in [
        ("invited", Notice::InvitationSent),
        ("invited-just-now", Notice::InvitedJustNow),
        ("sessions-ended", Notice::SessionsEnded),
        ("passkey-removed", Notice::PasskeyRemoved),
        ("app-removed", Notice::AppRemoved),
        ("withdrawn", Notice::AccessWithdrawn),
        ("disconnected", Notice::AccountDisconnected),
        ("erased", Notice::UserErased),
        ("session-ended", Notice::SessionEnded),
    ] {
        let shell = Shell { notice: Some(notice), ..shell };
        add(pages, &format!("person-{name}"), &Person { shell, ..plain });
    }
    add(pages, "user-erase", &UserErase { shell, tenant, user: &ann });
}

fn imports<'a>(pages: &mut Vec<Sample>, words: Words<'a>, (shell, tenant): (Shell<'a>, TenantHead<'a>)) {
    let running = UserImport {
        id: Some(Id::from_bytes([6; 16])),
        state: UserImportState::Running,
        total: 250,
        done: 100,
        created: 90,
        updated: 4,
        skipped: 6,
        wrong: 2,
        problems: vec![
            ImportProblem { line: 3, column: Some("email".to_owned()), detail: words.other.to_owned() },
            ImportProblem { line: 7, column: None, detail: words.other.to_owned() },
        ],
        created_at: Some(AT.to_owned()),
        finished_at: None,
    };
    let done = UserImport { state: UserImportState::Done, finished_at: Some(AT.to_owned()), ..running.clone() };
    let cancelled = UserImport { state: UserImportState::Cancelled, wrong: 0, problems: vec![], ..done.clone() };
    let checked = UserImport { id: None, state: UserImportState::Checked, created_at: None, ..running.clone() };
    let fields = [words.other.to_owned(), "motto".to_owned()];
    let page = UserImports { shell, tenant, fields: &[], checked: None, problem: None, imports: &[] };
    add(pages, "imports-empty", &page);
    let all = [running.clone(), done.clone(), cancelled.clone()];
    add(pages, "imports", &UserImports { fields: &fields, imports: &all, ..page });
    add(pages, "imports-wrong", &UserImports { checked: Some(&checked), ..page });
    for (name, trouble) in [
        ("no-file", ImportTrouble::NoFile),
        ("not-utf8", ImportTrouble::NotUtf8),
        ("under-way", ImportTrouble::UnderWay),
    ] {
        add(pages, &format!("imports-{name}"), &UserImports { problem: Some(trouble), ..page });
    }
    add(pages, "import-running", &UserImportPage { shell, tenant, import: &running });
    add(pages, "import-done", &UserImportPage { shell, tenant, import: &done });
    add(pages, "import-cancelled", &UserImportPage { shell, tenant, import: &cancelled });
}

fn messages<'a>(pages: &mut Vec<Sample>, words: Words<'a>, (shell, tenant): (Shell<'a>, TenantHead<'a>)) {
    let sorting = &Sorting { path: "/tenants/acme/messages".to_owned(), query: String::new(), by: "created_at" };
    let page = Messages { shell, sorting, tenant, messages: &[], next: None, state: None, user_id: "" };
    add(pages, "messages-empty", &page);
    add(pages, "messages-none", &Messages { state: Some(MessageState::Failed), user_id: words.other, ..page });
    add(pages, "messages", &Messages { messages: &sent(words), next: Some(words.other), ..page });
}

fn fields(words: Words<'_>) -> [PersonField; 4] {
    let field = |name: &str, kind| PersonField {
        input: format!("field-{name}"),
        label: words.other.to_owned(),
        kind,
        value: words.other.to_owned(),
        choices: vec![],
    };
    let choices = vec![
        ("red".to_owned(), words.other.to_owned(), true),
        (words.other.to_owned(), words.tenant.to_owned(), false),
    ];
    [
        field("motto", "text"),
        field("age", "text"),
        field("born", "date"),
        PersonField { choices, ..field("colour", "choice") },
    ]
}

fn passkeys(words: Words<'_>) -> [Passkey; 2] {
    let synced = Passkey {
        id: Id::from_bytes([4; 16]),
        name: words.other.to_owned(),
        model: Some(words.application.to_owned()),
        aaguid: String::new(),
        synced: true,
        backed_up: true,
        transports: vec![],
        created_at: AT.to_owned(),
        last_used_at: Some(AT.to_owned()),
    };
    let bound = Passkey { model: None, synced: false, last_used_at: None, ..synced.clone() };
    [synced, bound]
}

fn application(words: Words<'_>, consented_at: Option<&str>) -> UserApplication {
    UserApplication {
        application_id: Id::from_bytes([7; 16]),
        name: words.application.to_owned(),
        since: AT.to_owned(),
        scopes: vec!["openid".to_owned(), words.other.to_owned()],
        consented_at: consented_at.map(str::to_owned),
    }
}

fn accounts(words: Words<'_>) -> [ConnectedAccount; 2] {
    let named = ConnectedAccount {
        id: Id::from_bytes([5; 16]),
        connection_id: Id::from_bytes([3; 16]),
        account: Some(words.other.to_owned()),
        tokens_kept: false,
        connected_at: AT.to_owned(),
        last_used_at: Some(AT.to_owned()),
    };
    let unnamed = ConnectedAccount { account: None, last_used_at: None, ..named.clone() };
    [named, unnamed]
}

fn sent(words: Words<'_>) -> [Message; 4] {
    let code = Message {
        id: Id::from_bytes([2; 16]),
        kind: "sign_in_code".to_owned(),
        user_id: None,
        to: words.address.to_owned(),
        locale: Locale::En,
        subject: Some(words.other.to_owned()),
        state: MessageState::Sent,
        attempts: 1,
        created_at: AT.to_owned(),
        expires_at: AT.to_owned(),
        next_attempt_at: None,
        sent_at: Some(AT.to_owned()),
        failed_at: None,
        failure: None,
        answer: None,
    };
    let notice = Message {
        kind: "security_notice".to_owned(),
        user_id: Some(Id::from_bytes([8; 16])),
        state: MessageState::Failed,
        failure: Some(words.other.to_owned()),
        answer: Some(words.other.to_owned()),
        ..code.clone()
    };
    let invitation = Message {
        kind: "invitation".to_owned(),
        subject: None,
        state: MessageState::Waiting,
        attempts: 3,
        next_attempt_at: Some(AT.to_owned()),
        ..notice.clone()
    };
    let strange = Message { kind: words.other.to_owned(), ..code.clone() };
    [code, notice, invitation, strange]
}

pub fn user(words: Words<'_>) -> User {
    User {
        id: Id::from_bytes([8; 16]),
        email: words.address.to_owned(),
        email_verified: true,
        name: Some(words.person.to_owned()),
        locale: Some(Locale::Nl),
        roles: vec!["coach".to_owned(), words.other.to_owned()],
        fields: Default::default(),
        disabled: false,
        created_at: AT.to_owned(),
        updated_at: AT.to_owned(),
        last_sign_in_at: Some(AT.to_owned()),
    }
}

fn sessions(words: Words<'_>) -> [Session; 2] {
    let open = Session {
        id: Id::from_bytes([9; 16]),
        user_id: Id::from_bytes([8; 16]),
        ip: Some("203.0.113.7".to_owned()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned()),
        country: Some("NL".to_owned()),
        amr: vec!["otp".to_owned()],
        created_at: AT.to_owned(),
        last_seen_at: AT.to_owned(),
        expires_at: AT.to_owned(),
        ended_at: None,
        ended_reason: None,
        applications: vec![],
    };
    let ended = Session {
        user_agent: Some(words.other.to_owned()),
        ip: None,
        ended_at: Some(AT.to_owned()),
        ended_reason: Some(words.other.to_owned()),
        ..open.clone()
    };
    [open, ended]
}
