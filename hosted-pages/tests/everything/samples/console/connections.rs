//! Outside providers, and the hosts that may be reached.

use polder_hosted_pages::console::{
    Connection as ConnectionPage, ConnectionForm, ConnectionNew, Connections, Done, Egress, EgressRule, May, Notice,
    Problem, Shell, Undo,
};
use polder_kernel::Id;
use polder_tenant_api::connections::{
    Connection as OutsideConnection, ConnectionCheck, ConnectionConfiguration, Provider,
};

use super::super::Words;
use super::{AT, ISSUER, Stage, problem};

impl Stage<'_> {
    pub fn connections(&mut self) {
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
        let page = ConnectionPage { shell, tenant, undo: None, connection: &of_issuer, check: None, problems: &[] };
        self.add("connection", &page);
        for (name, check) in [("works", &good), ("further-hosts", &more), ("works-not", &bad)] {
            self.add(&format!("connection-{name}"), &ConnectionPage { check: Some(check), ..page });
        }
        let undo = Undo { done: Done::ConnectionOff, what: "", path: "/x", sealed: "" };
        self.add("connection-undo", &ConnectionPage { undo: Some(undo), connection: &off, ..page });
        let apple = of(Provider::Apple);
        let problems = [problem("client_secret", Problem::Required), problem("connection", Problem::HostNotPublic)];
        self.add("connection-apple", &ConnectionPage { connection: &apple, problems: &problems, ..page });
        let shell = Shell { notice: Some(Notice::Saved), may: May { change_tenants: false, ..May::ALL }, ..shell };
        self.add("connection-seen", &ConnectionPage { shell, connection: &off, check: Some(&more), ..page });
        let shell = Shell { notice: Some(Notice::ConnectionRemoved), ..shell };
        self.add("connections-seen", &Connections { shell, tenant, connections: &all, next: None });
    }

    pub fn egress(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let page = Egress { shell, tenant, undo: None, rules: &[], host: "", problems: &[] };
        self.add("egress-empty", &page);
        let rule = EgressRule { id: "1", host: "accounts.example.org", created_at: AT };
        let rules = [EgressRule { host: ".example.org", ..rule }, rule, EgressRule { host: words.other, ..rule }];
        let shell = Shell { notice: Some(Notice::HostAllowed), ..shell };
        self.add("egress", &Egress { shell, rules: &rules, ..page });
        let undo = Undo { done: Done::HostRemoved, what: words.url, path: "/x", sealed: "sealed" };
        self.add("egress-undo", &Egress { rules: &rules, undo: Some(undo), ..page });
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
