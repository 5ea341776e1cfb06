//! The tenant's pages.

use polder_hosted_pages::account::{Section, Shell};
use polder_hosted_pages::tenant::{
    AccountChoice, AccountPasskey, AccountPasskeys, Asked, ChooseAccount, CodeError, ConnectAccount, Connected,
    ConnectedAccounts, ConnectedNews, Consent, ContinueAs, DeviceConfirm, DeviceDone, DeviceEnter, DeviceError,
    EmailError, ErrorKind, ErrorPage, Expired, FirstName, FormPost, Home, MakeRoom, NameError, NotAllowed,
    OfferPasskey, OnTheWay, PasskeyProblem, Person, ProveWork, ProviderButton, ProviderTrouble, RoomTaken, SignInCode,
    SignInEmail, SignOutConfirm, Signals, SignedOut, WaitingAccount,
};
use polder_hosted_pages::{ApplicationLinks, Device, Frame, Page};
use polder_kernel::Locale;

use super::{Sample, Words};

pub fn pages(locale: Locale, words: Words<'_>) -> Vec<Sample> {
    let frame = Frame {
        nonce: "c2FtcGxl",
        csrf: "csrf-sample",
        flow: "flow-sample",
        language_path: Some("/signin?flow=flow-sample"),
        ..Frame::new(locale, words.tenant)
    };
    let mut pages = Vec::new();
    home(frame, words, &mut pages);
    email(frame, words, &mut pages);
    code(frame, words, &mut pages);
    proof(frame, words, &mut pages);
    answer(frame, words, &mut pages);
    name(frame, words, &mut pages);
    passkeys(frame, words, &mut pages);
    super::factors::pages(frame, words, &mut pages);
    leaving(frame, words, &mut pages);
    stopped(frame, words, &mut pages);
    pages.extend(super::account::pages(frame, words));
    pages.extend(super::branded::pages(frame, words));
    pages
}

pub fn add(pages: &mut Vec<Sample>, name: impl Into<String>, page: &impl Page) {
    pages.push(Sample { name: name.into(), html: page.render() });
}

fn home(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = Home { frame, issuer: "http://practice.localhost:8600", people: &[] };
    add(pages, "home", &page);
    let people = people(words);
    add(pages, "home-signed-in", &Home { people: &people[..1], issuer: words.url, ..page });
    add(pages, "home-several", &Home { people: &people, issuer: words.url, ..page });
}

fn people(words: Words<'_>) -> [Person<'_>; 2] {
    let one = Person { name: words.person, address: words.address, session: words.other };
    [one, Person { name: "", address: words.other, session: words.person }]
}

fn email(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = SignInEmail {
        frame,
        application: Some(words.application),
        email: "",
        error: None,
        passkey_problem: None,
        providers: &[],
        trouble: None,
        waits: None,
        shown: "c2hvd24",
    };
    add(pages, "sign-in-email", &page);
    providers(frame, words, page, pages);
    add(pages, "sign-in-email-plain", &SignInEmail { application: None, email: words.address, ..page });
    for error in [
        EmailError::Empty,
        EmailError::Invalid,
        EmailError::TooMany { retry_after_seconds: 30 },
        EmailError::StartAgain,
    ] {
        let page = SignInEmail { email: words.address, error: Some(error), ..page };
        add(pages, format!("sign-in-email-{}", slug(error)), &page);
    }
}

fn passkeys(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let email = SignInEmail {
        frame,
        application: Some(words.application),
        email: "",
        error: None,
        passkey_problem: Some(PasskeyProblem::Refused),
        providers: &[],
        trouble: None,
        waits: None,
        shown: "c2hvd24",
    };
    add(pages, "sign-in-email-passkey-refused", &email);
    let gone = PasskeyProblem::Removed { rp_id: "practice.localhost", credential_id: words.other };
    add(pages, "sign-in-email-passkey-removed", &SignInEmail { passkey_problem: Some(gone), ..email });
    let signals = Signals { text: Some(words.other) };
    add(pages, "offer-passkey", &OfferPasskey { frame, signals: Signals::default(), failed: false });
    add(pages, "offer-passkey-failed", &OfferPasskey { frame, signals, failed: true });
    let at = polder_kernel::Timestamp::from_seconds(1_795_248_000);
    let one = AccountPasskey {
        id: "0198f3e0-0000-7000-8000-000000000001".into(),
        name: words.person.to_owned(),
        model: Some("Google Password Manager"),
        synced: true,
        backed_up: true,
        waits: false,
        created_at: at,
        last_used_at: Some(at),
    };
    let other = AccountPasskey {
        id: "0198f3e0-0000-7000-8000-000000000002".into(),
        name: words.other.to_owned(),
        model: None,
        synced: false,
        backed_up: false,
        waits: true,
        last_used_at: None,
        ..one.clone()
    };
    let both = [one.clone(), other];
    let third = [AccountPasskey { id: "0198f3e0-0000-7000-8000-000000000003".into(), ..one }];
    let page = AccountPasskeys {
        frame: Frame { flow: "", ..frame },
        address: words.address,
        passkeys: &both,
        removed: &third,
        fresh: true,
        full: false,
        keep_last: false,
        signals,
        failed: false,
        offer_end: false,
    };
    add(pages, "account-passkeys", &page);
    add(pages, "account-passkeys-changed", &AccountPasskeys { offer_end: true, ..page });
    add(pages, "account-passkeys-stale", &AccountPasskeys { fresh: false, ..page });
    let last = AccountPasskeys { passkeys: &both[..1], keep_last: true, ..page };
    add(pages, "account-passkeys-last", &last);
    add(pages, "account-passkeys-none", &AccountPasskeys { passkeys: &[], removed: &[], failed: true, ..page });
}

fn providers(frame: Frame<'_>, words: Words<'_>, email: SignInEmail<'_>, pages: &mut Vec<Sample>) {
    let providers = ["Google", words.application].map(|name| ProviderButton { name, connection: "connection-sample" });
    let page = SignInEmail { providers: &providers, ..email };
    add(pages, "sign-in-providers", &page);
    let provider = words.application;
    for (name, trouble) in [
        ("cancelled", ProviderTrouble::Cancelled { provider }),
        ("failed", ProviderTrouble::Failed { provider }),
        ("unavailable", ProviderTrouble::Unavailable { provider }),
    ] {
        add(pages, format!("sign-in-provider-{name}"), &SignInEmail { trouble: Some(trouble), ..page });
    }
    let account = WaitingAccount { provider, account: Some(words.address) };
    add(pages, "sign-in-provider-waits", &SignInEmail { waits: Some(account), ..page });
    let connect = ConnectAccount { frame, account, name: words.person, address: words.address, token: "dG9rZW4" };
    add(pages, "connect-account", &connect);
    let nameless = WaitingAccount { account: None, ..account };
    add(pages, "connect-account-nameless", &ConnectAccount { account: nameless, name: "", ..connect });
    add(pages, "on-the-way", &OnTheWay { frame, provider, href: "https://id.example/authorize?x=1&y=2" });
    let connected =
        [Some(words.address), None].map(|account| Connected { id: "id", provider, account, since: "1 mei" });
    let shell = Shell {
        frame,
        current: Section::Connections,
        sign_out_csrf: "c2lnbi1vdXQ",
        address: None,
        connections: true,
        said: None,
        offer_end: false,
    };
    let list = ConnectedAccounts { shell, accounts: &connected, providers: &providers, news: None };
    add(pages, "account-connections", &list);
    add(pages, "account-connections-none", &ConnectedAccounts { accounts: &[], providers: &[], ..list });
    for (name, news) in [
        ("connected", ConnectedNews::Connected),
        ("disconnected", ConnectedNews::Disconnected),
        ("taken", ConnectedNews::Taken),
        ("last-way", ConnectedNews::LastWay),
        ("trouble", ConnectedNews::Trouble(ProviderTrouble::Failed { provider })),
    ] {
        add(pages, format!("account-connections-{name}"), &ConnectedAccounts { news: Some(news), ..list });
    }
}

fn answer(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let fields = [
        ("code", "sample-code".to_owned()),
        ("state", words.other.to_owned()),
        ("iss", "http://practice.localhost:8600".to_owned()),
    ];
    let frame = Frame { csrf: "", flow: "", language_path: None, ..frame };
    let page = FormPost { frame, application: words.application, action: words.url, fields: &fields };
    add(pages, "form-post", &page);
}

fn proof(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = ProveWork {
        frame,
        application: Some(words.application),
        action: "/signin/email",
        email: Some(words.address),
        challenge: "e30",
        wait_seconds: 15,
        early: false,
    };
    add(pages, "prove-work", &page);
    add(pages, "prove-work-early", &ProveWork { early: true, wait_seconds: 7, ..page });
    let again = ProveWork { action: "/signin/resend", email: None, application: None, wait_seconds: 60, ..page };
    add(pages, "prove-work-again", &again);
}

fn code(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = SignInCode {
        frame,
        application: Some(words.application),
        masked_address: words.address,
        minutes: 5,
        resend_after_seconds: 30,
        resent: false,
        error: None,
    };
    add(pages, "sign-in-code", &page);
    add(
        pages,
        "sign-in-code-resent",
        &SignInCode { resent: true, application: None, resend_after_seconds: 0, minutes: 1, ..page },
    );
    for error in [
        CodeError::Empty,
        CodeError::Malformed,
        CodeError::Wrong { tries_left: 4 },
        CodeError::Wrong { tries_left: 1 },
        CodeError::Expired,
        CodeError::NoTriesLeft,
        CodeError::TooSoon { retry_after_seconds: 120 },
    ] {
        add(pages, format!("sign-in-code-{}", slug(error)), &SignInCode { error: Some(error), ..page });
    }
}

fn name(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = FirstName { frame, application: Some(words.application), name: "", error: None, fields: &[] };
    add(pages, "first-name", &page);
    let fields = super::fields::all(words, false);
    add(pages, "first-name-fields", &FirstName { fields: &fields, ..page });
    let wrong = super::fields::all(words, true);
    add(pages, "first-name-fields-wrong", &FirstName { fields: &wrong, ..page });
    for error in [NameError::Empty, NameError::TooLong, NameError::Invalid] {
        let page = FirstName { application: None, name: words.person, error: Some(error), ..page };
        add(pages, format!("first-name-{}", slug(error)), &page);
    }
    let page = ContinueAs {
        frame,
        application: words.application,
        destination: Some(words.url),
        name: words.person,
        masked_address: words.address,
        person: "cGVyc29u",
    };
    add(pages, "continue-as", &page);
    add(pages, "continue-as-nameless", &ContinueAs { destination: None, name: "", ..page });
    let one = AccountChoice { name: words.person, address: words.address, person: "cGVyc29u" };
    let page = ChooseAccount {
        frame,
        application: words.application,
        destination: Some(words.url),
        accounts: &[one, AccountChoice { name: "", address: words.other, person: words.other }],
        somebody_new: "new",
    };
    add(pages, "choose-account", &page);
    add(pages, "choose-account-one", &ChooseAccount { destination: None, accounts: &[one], ..page });
    let asked = [
        Asked::WhoYouAre,
        Asked::Profile,
        Asked::Address,
        Asked::Roles,
        Asked::Details(words.other),
        Asked::WhileAway,
        Asked::Named(words.application),
    ];
    let page = Consent {
        frame,
        application: words.application,
        destination: Some(words.url),
        name: words.person,
        masked_address: words.address,
        person: "cGVyc29u",
        asked: &asked,
    };
    add(pages, "consent", &page);
    let links = ApplicationLinks { name: words.application, terms: Some(words.url), privacy: Some(words.url) };
    add(pages, "consent-links", &Consent { frame: Frame { application: Some(links), ..frame }, ..page });
    add(pages, "device", &DeviceEnter { frame, code: "BCDF-GHJK", error: None });
    for (name, error) in [
        ("device-unknown", DeviceError::Unknown),
        ("device-too-often", DeviceError::TooOften),
        ("device-not-allowed", DeviceError::NotAllowed),
    ] {
        add(pages, name, &DeviceEnter { frame, code: words.other, error: Some(error) });
    }
    let confirm = DeviceConfirm {
        frame,
        application: words.application,
        code: "BCDF-GHJK",
        name: words.person,
        masked_address: words.address,
        asked: &asked,
    };
    add(pages, "device-confirm", &confirm);
    add(pages, "device-confirm-bare", &DeviceConfirm { name: "", asked: &[], ..confirm });
    add(pages, "device-done", &DeviceDone { frame, application: words.application, allowed: true });
    add(pages, "device-refused", &DeviceDone { frame, application: words.application, allowed: false });
    add(pages, "consent-nameless", &Consent { destination: None, name: "", asked: &asked[..1], ..page });
}

fn leaving(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    add(pages, "signed-out", &SignedOut { frame, back_to: Some((words.application, words.url)), others: false });
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let taken = |device| RoomTaken {
        id: words.other,
        device,
        country: "Netherlands",
        last_seen: "21 November 2026, 09:00 CET",
    };
    let taken = [taken(Device::from_user_agent(browser)), taken(Device::default())];
    let page = MakeRoom { frame, application: words.application, taken: &taken };
    add(pages, "make-room", &page);
    add(pages, "make-room-none", &MakeRoom { taken: &[], ..page });
    add(pages, "signed-out-plain", &SignedOut { frame, back_to: None, others: false });
    add(pages, "signed-out-one-of-several", &SignedOut { frame, back_to: None, others: true });
    let people = people(words);
    let page = SignOutConfirm {
        frame,
        application: Some(words.application),
        people: &people[..1],
        fields: &[("state", words.other), (words.other, "x")],
    };
    add(pages, "sign-out-confirm", &page);
    add(
        pages,
        "sign-out-confirm-plain",
        &SignOutConfirm { application: None, people: &people[1..], fields: &[], ..page },
    );
    add(pages, "sign-out-confirm-several", &SignOutConfirm { people: &people, ..page });
}

fn stopped(frame: Frame<'_>, words: Words<'_>, pages: &mut Vec<Sample>) {
    let page = NotAllowed { frame, application: words.application, masked_address: words.address };
    add(pages, "not-allowed", &page);
    add(pages, "expired", &Expired { frame, back_to: Some((words.application, words.url)) });
    add(pages, "expired-plain", &Expired { frame, back_to: None });
    for kind in [
        ErrorKind::BadRequest,
        ErrorKind::UnknownApplication,
        ErrorKind::Forbidden,
        ErrorKind::CookiesNeeded,
        ErrorKind::Blocked,
        ErrorKind::NotFound,
        ErrorKind::MethodNotAllowed,
        ErrorKind::TooLarge,
        ErrorKind::TooMany { retry_after_seconds: 1 },
        ErrorKind::Unavailable,
        ErrorKind::Internal,
    ] {
        let detail = matches!(kind, ErrorKind::BadRequest | ErrorKind::UnknownApplication).then_some(words.other);
        let page = ErrorPage { frame, kind, detail, request_id: words.other };
        add(pages, format!("error-{}", slug(kind)), &page);
    }
}

/// `TooMany { retry_after_seconds: 30 }` becomes `toomany-30`.
fn slug(value: impl std::fmt::Debug) -> String {
    let text = format!("{value:?}").to_lowercase().replace("retry_after_seconds", "").replace("tries_left", "");
    text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
