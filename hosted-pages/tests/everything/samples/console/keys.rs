//! Keys: those of a tenant, and those of the API.

use polder_hosted_pages::console::{
    ApiKey, ApiKeyForm, ApiKeyPage, ApiKeys, Keys, ListAsked, Member, Notice, Problem, Shell, Sorting, TenantList,
};
use polder_tenant_api::{DataKey, Key, KeyAlgorithm, KeyState};

use super::{AT, Stage, problem};

impl Stage<'_> {
    pub fn keys(&mut self) {
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

    pub fn api_keys(&mut self) {
        let Stage { words, shell, .. } = *self;
        let api = "http://console.localhost:8600/api/v1";
        let areas = [("tenants", "read"), ("users", "write"), ("api-keys", "none")];
        let form = ApiKeyForm { name: "", areas: &areas, expiry: "90", addresses: "" };
        let sorting = &Sorting { path: "/api-keys".to_owned(), query: String::new(), by: "name" };
        let page = ApiKeys { shell, sorting, keys: &[], next: None, api, created: None, form, problems: &[] };
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
        let one = ApiKeyPage {
            shell,
            key: narrow,
            made_by: Some(("/members/1", words.person)),
            form: ApiKeyForm { expiry: "keep", ..form },
            problems: &[],
        };
        self.add("api-key", &one);
        self.add("api-key-revoked", &ApiKeyPage { key: keys[3], made_by: None, ..one });
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
                &TenantList {
                    shell,
                    sorting: &Sorting::default(),
                    tenants: &[],
                    asked: ListAsked::default(),
                    next: None,
                },
            );
        }
    }
}
