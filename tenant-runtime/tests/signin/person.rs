//! Everything that is kept about a person: theirs to have, and gone with them (H01, H02, H04).

use polder_crypto::Category;
use polder_db::Value as Argument;
use polder_kernel::{Id, Locale};
use polder_tenant_api::{Access, ApplicationType, NewApplication, NewUser};
use polder_tenant_runtime::account::data;
use polder_tenant_runtime::account::kept::{IN_THE_FILE, LEFT_OUT};
use polder_tenant_runtime::connections::identity::Profile;
use polder_tenant_runtime::startup::MIGRATIONS;
use polder_tenant_runtime::store;
use polder_tenant_runtime::store::factor_recoveries::{Recovery, RecoveryId};
use serde_json::{Value, json};

use crate::admin::caller::call;
use crate::browser::{Browser, form, has_form};
use crate::tenant::{CALLBACK, Tenant, web};

const ANN: &str = "ann@example.test";
const DOCUMENTED: &str = include_str!("../../../docs/personal-data.md");

/// A column as the migrations declare it.
struct Column {
    name: String,
    number: bool,
    references: Option<String>,
    /// What it may hold, where that is a list.
    first_of: Option<String>,
}

struct Table {
    name: String,
    columns: Vec<Column>,
}

impl Table {
    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.name == column)
    }

    /// Whether it says something about people: it names one, or their session, or holds what is sealed or
    /// found by keyed hash.
    fn about_people(&self) -> bool {
        let tells = |name: &str| name.ends_with("_sealed") || name.ends_with("_index");
        let theirs = ["user_id", "session_id"].iter().any(|column| self.has(column));
        self.name != "signing_key" && (theirs || self.columns.iter().any(|column| tells(&column.name)))
    }
}

/// Every table of the schema.
fn schema() -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for migration in MIGRATIONS {
        let lines = migration.sql.lines().filter(|line| !line.trim_start().starts_with("--"));
        let sql = lines.collect::<Vec<_>>().join(" ");
        for statement in sql.split(';').map(str::trim) {
            if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
                let (name, body) = rest.split_once('(').unwrap();
                let body = body.rsplit_once(')').unwrap().0;
                let columns = parts(body).iter().filter_map(|part| column(part)).collect();
                tables.push(Table { name: name.trim().to_owned(), columns });
            } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
                let (name, rest) = rest.split_once(" ADD COLUMN ").unwrap();
                let table = tables.iter_mut().find(|table| table.name == name.trim()).unwrap();
                table.columns.extend(column(rest));
            }
        }
    }
    assert!(tables.len() > 20, "the schema was not read");
    tables
}

/// What stands between commas outside brackets.
fn parts(body: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in body.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 { parts.push(String::new()) } else { parts.last_mut().unwrap().push(c) }
    }
    parts
}

fn column(part: &str) -> Option<Column> {
    let mut words = part.split_whitespace();
    let (name, kind) = (words.next()?, words.next()?);
    let number = match kind {
        "BIGINT" => true,
        "TEXT" => false,
        _ => return None,
    };
    let references = part.split_once("REFERENCES ").map(|(_, rest)| rest.split([' ', '(']).next().unwrap().to_owned());
    let first_of = part.split_once(" IN ('").map(|(_, rest)| rest.split('\'').next().unwrap().to_owned());
    Some(Column { name: name.to_owned(), number, references, first_of })
}

#[test]
fn h04_every_table_about_people_is_in_their_file_or_on_the_list_of_exceptions() {
    let tables: Vec<Table> = schema().into_iter().filter(Table::about_people).collect();
    let told: Vec<&str> = IN_THE_FILE.iter().flat_map(|(_, tables)| tables.iter().copied()).collect();
    for table in &tables {
        let name = table.name.as_str();
        let places =
            told.iter().filter(|told| **told == name).count() + LEFT_OUT.iter().filter(|(t, _)| *t == name).count();
        assert_eq!(places, 1, "{name} holds something about people: put it into the file, or say why not");
        assert!(DOCUMENTED.contains(&format!("`{name}`")), "docs/personal-data.md does not know {name}");
    }
    for (member, _) in IN_THE_FILE {
        let documented = [format!("`{member}`"), format!("`{member}[]`"), format!("`{member}.")];
        assert!(documented.iter().any(|name| DOCUMENTED.contains(name.as_str())), "{member} is not documented");
    }
    for known in told.into_iter().chain(LEFT_OUT.iter().map(|(table, _)| *table)) {
        assert!(tables.iter().any(|table| table.name == known), "{known} is no table about people");
    }
}

/// Somebody of whom there is something in every table of their file.
async fn somebody(tenant: &Tenant) -> (Browser, polder_tenant_api::UserId) {
    let roles = vec!["coach".to_owned()];
    let (email, name, fields) = (ANN.to_owned(), Some("Ann".to_owned()), Default::default());
    let new = NewUser { email, name, locale: Some(Locale::En), roles, fields, invite: true };
    let id = tenant.person(new).await;
    assert!(call(tenant, "PUT", "/profile-fields/motto", Some(json!({ "type": "text" }))).await.0 < 300);
    let motto = json!({ "fields": { "motto": "onwards" } });
    assert_eq!(call(tenant, "PATCH", &format!("/users/{id}"), Some(motto)).await.0, 200);
    let other = NewApplication { third_party: true, ..web("Weather", Access::Everyone) };
    let other = tenant.application(other).await.client_id.to_string();
    let target = format!("/applications/{other}/invitees/{id}");
    assert!(call(tenant, "PUT", &target, None).await.0 < 300);
    let (mut ann, _) = crate::passkeys::with_passkey(tenant, ANN).await;
    account_elsewhere(tenant, id).await;
    let page = ann.authorize_at(tenant, &other, "").await;
    assert!(has_form(&page, "consent-form"), "{}", page.body);
    ann.post(tenant, &form(&page, "consent-form"), &[]).await;
    (ann, id)
}

/// She has an account at an outside provider.
async fn account_elsewhere(tenant: &Tenant, id: polder_tenant_api::UserId) {
    let google = json!({ "provider": "google", "client_id": "a", "client_secret": "b" });
    let (status, made) = call(tenant, "POST", "/connections", Some(google)).await;
    assert_eq!(status, 201, "{made}");
    let (app, connection) = (std::sync::Arc::clone(&tenant.app), made["id"].as_str().unwrap().parse().unwrap());
    let work = tenant.app.db.write(move |tx| {
        Box::pin(async move {
            let profile = Profile { issuer: "https://x.example".into(), subject: "7".into(), email: None, name: None };
            let account = store::connected_accounts::NewAccount {
                id: Id::new(&app.clock, &app.entropy),
                connection_id: connection,
                user_id: id,
                subject_index: "index",
                profile: &profile,
                tokens: None,
            };
            store::connected_accounts::add(tx, &app.keyring, &account, app.clock.now()).await
        })
    });
    assert!(work.await.unwrap());
}

/// An application that needs no secret gets a token for her.
async fn token(tenant: &Tenant, ann: &mut Browser) {
    let spa = NewApplication { kind: ApplicationType::Spa, ..web("Diary", Access::Everyone) };
    let spa = tenant.application(spa).await.client_id.to_string();
    let answer = ann.authorize_at(tenant, &spa, "").await;
    let code = answer.location().split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", spa.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ];
    let request = Browser::default()
        .request(tenant, "POST", "/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(serde_urlencoded::to_string(fields).unwrap()));
    let answer = tenant.public(request.unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// One made-up row for this person in every table that names people, whatever else it needs.
async fn fill(tenant: &Tenant, user: &str, except: &[&str]) {
    let mut tx = tenant.app.db.read().await.unwrap();
    let session = "SELECT id FROM session WHERE user_id = $1";
    let session = tx.optional(session, &[Argument::from(user)], |row| row.text("id")).await.unwrap().unwrap();
    let connection = "SELECT id FROM connection ORDER BY id LIMIT 1";
    let connection = tx.optional(connection, &[], |row| row.text("id")).await.unwrap().unwrap();
    drop(tx);
    let place = "address_change.old_address_sealed:address_change-undo_hash-made-up";
    let former = tenant.app.keyring.seal_text(Category::Identifiers, place, "former@example.test");
    for table in schema().into_iter().filter(|table| !except.contains(&table.name.as_str())) {
        if !table.has("user_id") && !table.has("session_id") {
            continue;
        }
        let values: Vec<Argument> = table
            .columns
            .iter()
            .map(|column| match (column.name.as_str(), column.references.as_deref()) {
                ("user_id", _) => Argument::from(user),
                ("session_id", _) => Argument::from(session.as_str()),
                (_, Some("application")) => Argument::from(tenant.client_id.as_str()),
                (_, Some("connection")) => Argument::from(connection.as_str()),
                (_, Some("profile_field")) => Argument::from("motto"),
                _ if column.number => Argument::from(1_i64),
                // Erasing reads this one: what is kept under a hash of a former address goes, too.
                ("old_address_sealed", _) => Argument::from(former.as_str()),
                (name, _) => {
                    let made_up = format!("{}-{name}-made-up", table.name);
                    Argument::from(column.first_of.clone().unwrap_or(made_up).as_str())
                }
            })
            .collect();
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let places: Vec<String> = (1..=names.len()).map(|n| format!("${n}")).collect();
        let (name, names, places) = (table.name.clone(), names.join(", "), places.join(", "));
        let sql = format!("INSERT INTO {name} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING");
        let filled = tenant.app.db.write(move |tx| Box::pin(async move { tx.execute_composed(sql, &values).await }));
        filled.await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let column = if table.has("user_id") { ("user_id", user) } else { ("session_id", session.as_str()) };
        let sql = format!("SELECT COUNT(*) AS n FROM {name} WHERE {} = $1", column.0);
        assert!(count(tenant, sql, column.1).await > 0, "nothing of theirs is in {name}");
    }
}

async fn count(tenant: &Tenant, sql: String, argument: &str) -> i64 {
    let sql: &'static str = Box::leak(sql.into_boxed_str());
    let mut tx = tenant.app.db.read().await.unwrap();
    tx.optional(sql, &[Argument::from(argument)], |row| row.int("n")).await.unwrap().unwrap()
}

async fn ask_for_a_way_back(tenant: &Tenant, user: polder_tenant_api::UserId) {
    let now = tenant.clock.now();
    let recovery = Recovery { requested_at: now, ready_at: now, expires_at: now };
    let id = RecoveryId::from_bytes([7; 16]);
    let asked = tenant.app.db.write(move |tx| {
        Box::pin(async move { store::factor_recoveries::ask(tx, id, user, "made-up", recovery).await })
    });
    assert!(asked.await.unwrap());
}

#[tokio::test]
async fn h01_h04_the_file_says_something_of_everything_there_is() {
    let tenant = Tenant::start().await;
    let (mut ann, id) = somebody(&tenant).await;
    // What takes more than a visit: a key, an app, codes and a former address.
    token(&tenant, &mut ann).await;
    crate::address::change(&tenant, &mut ann).await;
    crate::address::add_app_and_codes(&tenant, id).await;
    ask_for_a_way_back(&tenant, id).await;
    let user = id.to_string();
    let app = &tenant.app;
    let mut tx = app.db.read().await.unwrap();
    let person = store::users::by_id(&mut tx, &app.keyring, id).await.unwrap().unwrap();
    let file = data::collect(app, &mut tx, &person).await.unwrap();
    drop(tx);
    for (member, tables) in IN_THE_FILE {
        // Found by the person's number; attempts are found by their address.
        let numbered = |table: &str| !["user_account", "session_application", "sign_in_attempt"].contains(&table);
        for table in tables.iter().filter(|table| numbered(table)) {
            let rows = count(&tenant, format!("SELECT COUNT(*) AS n FROM {table} WHERE user_id = $1"), &user).await;
            assert!(rows > 0, "this test has nothing in {table}");
        }
        let empty = match &file[member] {
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => *member == "second_factors" && members.values().any(Value::is_null),
            other => panic!("{member} is {other}"),
        };
        assert!(!empty, "{member} of the file is empty: {}", file[member]);
    }
    assert_eq!(file["former_addresses"][0]["address"], json!(ANN));
    assert_eq!(file["consents"][0]["ip"], json!("192.0.2.1"));
}

#[tokio::test]
async fn h02_after_deletion_nothing_is_left_but_what_the_table_names() {
    let tenant = Tenant::start().await;
    let (mut ann, id) = somebody(&tenant).await;
    let user = id.to_string();
    let index = {
        let mut tx = tenant.app.db.read().await.unwrap();
        let sql = "SELECT email_index FROM user_account WHERE id = $1";
        tx.optional(sql, &[Argument::from(user.as_str())], |row| row.text("email_index")).await.unwrap().unwrap()
    };
    // The chain of the audit log is not made up, and of the others there are real rows.
    fill(&tenant, &user, &["audit_event", "user_account", "session", "session_application", "user_role"]).await;
    // An app that was made up asks her for codes she has not: an administrator does it, in the same way.
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{id}"), None).await.0, 204);
    assert_eq!(ann.get(&tenant, "/account").await.status, 303);
    let mut searched = 0;
    for table in schema() {
        for column in table.columns.iter().filter(|column| !column.number) {
            let (table, column) = (table.name.as_str(), column.name.as_str());
            let sql = || format!("SELECT COUNT(*) AS n FROM {table} WHERE {column} = $1");
            let stays = matches!((table, column), ("user_account", "id") | ("audit_event", "user_id" | "actor_id"));
            let left = count(&tenant, sql(), &user).await;
            assert!(left == 0 || stays, "{table}.{column} still names the person");
            assert_eq!(count(&tenant, sql(), &index).await, 0, "{table}.{column} still finds their address");
            let made_up = format!("{table}-{column}-made-up");
            assert_eq!(count(&tenant, sql(), &made_up).await, 0, "{table} keeps a row of theirs");
            searched += 1;
        }
    }
    assert!(searched > 100, "{searched}");
    for table in ["outbox", "one_time_code", "session"] {
        let all = count(&tenant, format!("SELECT COUNT(*) AS n FROM {table} WHERE $1 <> ''"), "x").await;
        assert_eq!(all, 0, "nobody else was here: {table}");
    }
    let kept = "SELECT COUNT(*) AS n FROM user_account WHERE erased_at IS NOT NULL AND email_index IS NULL AND \
                email_sealed IS NULL AND name_sealed IS NULL AND locale IS NULL AND audit_key_wrapped IS NULL AND \
                email_verified_at IS NULL AND last_sign_in_at IS NULL AND id = $1";
    assert_eq!(count(&tenant, kept.to_owned(), &user).await, 1, "the number, so that it is never given out again");
}
