//! Applications.

use polder_hosted_pages::console::{
    Application as ApplicationPage, ApplicationCreated, ApplicationForm, ApplicationNew, Applications, Done, May,
    Notice, Problem, Shell, Sorting, TokenForm, Undo,
};
use polder_kernel::Id;
use polder_tenant_api::{
    Access, Application, ApplicationSecret, ApplicationType, Preferences, Profile, TokenEndpointAuthMethod,
};

use super::super::Words;
use super::{AT, Stage, problem};

impl Stage<'_> {
    pub fn applications(&mut self) {
        let Stage { words, shell, tenant, .. } = *self;
        let [web, spa, native, machine] =
            [ApplicationType::Web, ApplicationType::Spa, ApplicationType::Native, ApplicationType::Machine]
                .map(|kind| application(words, kind));
        let sorting = &Sorting { path: "/tenants/acme/applications".to_owned(), query: String::new(), by: "name" };
        self.add("applications-empty", &Applications { shell, sorting, tenant, applications: &[], next: None });
        let all = [web.clone(), spa.clone(), native, machine.clone()];
        self.add("applications", &Applications { shell, sorting, tenant, applications: &all, next: Some(words.other) });
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
            jwks_uri: words.url,
            backchannel_logout_uri: words.url,
            apis: words.other,
            scopes: words.other,
            tokens: TokenForm {
                id_token_alg: "EdDSA",
                access_token_format: "opaque",
                access_token_seconds: "61",
                refresh_idle_seconds: "86400",
                refresh_absolute_seconds: words.other,
                userinfo_alg: words.other,
            },
        };
        let blank = ApplicationForm::default();
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
        let secret = |n, expires_at: Option<&str>| ApplicationSecret {
            id: Id::from_bytes([n; 16]),
            created_at: AT.to_owned(),
            expires_at: expires_at.map(str::to_owned),
            last_used_at: expires_at.map(str::to_owned),
        };
        let secrets = [secret(21, None), secret(22, Some(AT))];
        let undo = Undo { done: Done::AddressesRemoved, what: words.url, path: "/x", sealed: "sealed" };
        let page = ApplicationPage {
            shell,
            tenant,
            undo: None,
            application: &web,
            secrets: &secrets,
            form: None,
            problems: &[],
        };
        self.add("application", &page);
        self.add("application-undo", &ApplicationPage { undo: Some(undo), ..page });
        let strict = Application { profile: Profile::Fapi2, ..web.clone() };
        self.add("application-strict", &ApplicationPage { application: &strict, ..page });
        let keyed = Application {
            token_endpoint_auth_method: TokenEndpointAuthMethod::PrivateKeyJwt,
            preferences: Preferences {
                jwks_uri: Some(words.url.to_owned()),
                backchannel_logout_uri: Some(words.url.to_owned()),
                apis: vec![words.other.to_owned()],
                scopes: vec![words.other.to_owned()],
                ..Preferences::default()
            },
            ..web.clone()
        };
        self.add("application-keyed", &ApplicationPage { application: &keyed, secrets: &[], ..page });
        let may = May { change_applications: false, ..May::ALL };
        let seen = Shell { may, ..shell };
        self.add("application-seen", &ApplicationPage { shell: seen, application: &keyed, ..page });
        let disabled = Application { disabled: true, access: Access::Everyone, ..spa };
        let off = Undo { done: Done::ApplicationOff, what: "", path: "/x", sealed: "" };
        self.add("application-undo-off", &ApplicationPage { undo: Some(off), application: &disabled, ..page });
        let page = ApplicationPage { application: &disabled, form: Some(form), problems: &problems, ..page };
        self.add("application-wrong", &page);
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
