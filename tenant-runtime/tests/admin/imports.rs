//! Many people at once (K17).

use polder_db::args;
use polder_kernel::Email;
use polder_tenant_api::UserImportId;
use polder_tenant_runtime::imports::work;
use polder_tenant_runtime::store::user_imports;
use serde_json::{Value, json};

use super::caller::call;
use crate::tenant::{Tenant, person};

const PEOPLE: &str = "SELECT COUNT(*) AS n FROM user_account";

async fn begin(tenant: &Tenant, more: Value, content: &str) -> (u16, Value) {
    let mut body = json!({ "content": content });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(tenant, "POST", "/users/imports", Some(body)).await
}

async fn seen(tenant: &Tenant, import: &Value) -> Value {
    let (status, now) = call(tenant, "GET", &format!("/users/imports/{}", import["id"].as_str().unwrap()), None).await;
    assert_eq!(status, 200, "{now}");
    now
}

fn many(people: usize) -> String {
    let lines = (0..people).map(|n| format!("p{n}@example.test,Person {n}\n"));
    std::iter::once("email,name\n".to_owned()).chain(lines).collect()
}

#[tokio::test]
async fn k17_a_file_of_people_is_imported_and_can_be_sent_again() {
    let tenant = Tenant::start().await;
    assert!(call(&tenant, "PUT", "/profile-fields/team", Some(json!({ "type": "text" }))).await.0 < 300);
    let bo = tenant.person(person("bo@example.test", Some("Bo"), &["old"])).await;
    let file =
        "email;name;locale;roles;team\nann@example.test;Ánn;nl;staff coach;Blue\nBO@example.test;Bob;;staff;Red\n";
    let (status, import) = begin(&tenant, json!({}), file).await;
    assert_eq!((status, &import["state"], &import["total"]), (202, &json!("running"), &json!(2)), "{import}");
    assert_eq!(tenant.count(PEOPLE).await, 1, "nothing is done while somebody waits for the answer");
    assert_eq!(begin(&tenant, json!({}), file).await.1["code"], json!("import_under_way"), "one at a time");
    work::round(&tenant.app).await.unwrap();
    let done = seen(&tenant, &import).await;
    assert_eq!((&done["state"], &done["created"], &done["skipped"]), (&json!("done"), &json!(1), &json!(1)), "{done}");
    let (_, found) = call(&tenant, "GET", "/users?q=ann", None).await;
    let ann = &found["items"][0];
    assert_eq!(
        (&ann["name"], &ann["locale"], &ann["roles"]),
        (&json!("Ánn"), &json!("nl"), &json!(["coach", "staff"]))
    );
    assert_eq!((&ann["fields"]["team"], &ann["email_verified"]), (&json!("Blue"), &json!(false)));
    let (_, was) = call(&tenant, "GET", &format!("/users/{bo}"), None).await;
    assert_eq!((&was["name"], &was["roles"]), (&json!("Bo"), &json!(["old"])), "who is there stays");
    assert!(tenant.mails().await.is_empty(), "nobody is told");
    // Again, and then with changes.
    let (_, again) = begin(&tenant, json!({}), file).await;
    work::round(&tenant.app).await.unwrap();
    let again = seen(&tenant, &again).await;
    assert_eq!((&again["created"], &again["skipped"]), (&json!(0), &json!(2)));
    let (_, update) = begin(&tenant, json!({ "existing": "update" }), file).await;
    work::round(&tenant.app).await.unwrap();
    let update = seen(&tenant, &update).await;
    assert_eq!((&update["updated"], &update["skipped"]), (&json!(1), &json!(1)), "who is as the file says stays");
    let (_, now) = call(&tenant, "GET", &format!("/users/{bo}"), None).await;
    assert_eq!(
        (&now["name"], &now["roles"], &now["fields"]["team"]),
        (&json!("Bob"), &json!(["staff"]), &json!("Red"))
    );
    for (action, times) in
        [("user.created", 1), ("user.changed", 1), ("user_import.began", 3), ("user_import.finished", 3)]
    {
        assert_eq!(tenant.audited(action).await, times, "{action}");
    }
    let (_, list) = call(&tenant, "GET", "/users/imports?limit=2", None).await;
    assert_eq!((list["items"].as_array().map(Vec::len), list["next"].is_string()), (Some(2), true));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_import WHERE rows_sealed IS NOT NULL").await, 0);
}

#[tokio::test]
async fn k17_one_wrong_line_and_nothing_is_written_unless_it_is_to_be_left_out() {
    let tenant = Tenant::start().await;
    let file = "email,name\nann@example.test,Ann\nhunter2,Bo\n";
    for (more, status) in [(json!({}), 200), (json!({ "check_only": true, "skip_wrong": true }), 200)] {
        let (answered, import) = begin(&tenant, more, file).await;
        assert_eq!((answered, &import["state"], &import["id"]), (status, &json!("checked"), &Value::Null));
        assert_eq!(import["problems"], json!([{ "line": 3, "column": "email", "detail": "is not an e-mail address" }]));
        assert!(!import.to_string().contains("hunter2"));
    }
    work::round(&tenant.app).await.unwrap();
    assert_eq!((tenant.count(PEOPLE).await, tenant.count("SELECT COUNT(*) AS n FROM user_import").await), (0, 0));
    let (status, import) = begin(&tenant, json!({ "skip_wrong": true }), file).await;
    assert_eq!((status, &import["wrong"]), (202, &json!(1)));
    work::round(&tenant.app).await.unwrap();
    assert_eq!(tenant.count(PEOPLE).await, 1);
    for wrong in [json!({ "existing": "erase" }), json!({ "admin": true }), json!({ "format": "xml" })] {
        assert_eq!(begin(&tenant, wrong, file).await.0, 422);
    }
    let lines = "{\"email\":\"x@example.test\",\"roles\":[\"a\"],\"fields\":{\"nothing\":1}}\n";
    let (_, import) = begin(&tenant, json!({ "format": "jsonl" }), lines).await;
    assert_eq!(import["problems"][0]["detail"], "names a field that the tenant does not have");
}

#[tokio::test]
async fn k17_an_import_goes_on_where_a_restart_found_it() {
    let mut tenant = Tenant::start().await;
    let (_, import) = begin(&tenant, json!({}), &many(120)).await;
    let first = work::once(&tenant.app).await.unwrap().expect("there is work");
    assert_eq!((first.done, tenant.count(PEOPLE).await), (50, 50));
    tenant.restart().await;
    let now = seen(&tenant, &import).await;
    assert_eq!((&now["state"], &now["done"], &now["created"]), (&json!("running"), &json!(50), &json!(50)));
    work::round(&tenant.app).await.unwrap();
    let done = seen(&tenant, &import).await;
    assert_eq!((&done["state"], &done["created"], tenant.count(PEOPLE).await), (&json!("done"), &json!(120), 120));
    assert_eq!(tenant.audited("user.created").await, 120, "each once");
}

#[tokio::test]
async fn k17_an_import_that_is_ended_leaves_the_rest_alone() {
    let tenant = Tenant::start().await;
    let (_, import) = begin(&tenant, json!({}), &many(120)).await;
    work::once(&tenant.app).await.unwrap();
    let path = format!("/users/imports/{}", import["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    }
    assert_eq!(tenant.audited("user_import.cancelled").await, 1);
    work::round(&tenant.app).await.unwrap();
    let now = seen(&tenant, &import).await;
    assert_eq!((&now["state"], &now["done"], tenant.count(PEOPLE).await), (&json!("cancelled"), &json!(50), 50));
    let nothing = "/users/imports/019a0000-0000-7000-8000-00000000dead";
    assert_eq!(
        (call(&tenant, "GET", nothing, None).await.0, call(&tenant, "DELETE", nothing, None).await.0),
        (404, 404)
    );
}

#[tokio::test]
async fn k17_whoever_is_added_is_invited_where_that_is_asked_for() {
    let tenant = Tenant::start().await;
    tenant.person(person("p0@example.test", None, &[])).await;
    let (_, import) = begin(&tenant, json!({ "invite": true, "existing": "update" }), &many(3)).await;
    work::round(&tenant.app).await.unwrap();
    assert_eq!(seen(&tenant, &import).await["created"], json!(2));
    let mut told: Vec<String> = tenant.mails().await.iter().map(|mail| mail.to.as_str().to_owned()).collect();
    told.sort();
    assert_eq!(told, ["p1@example.test", "p2@example.test"], "who was there is not");
    assert_eq!(tenant.audited("user.invited").await, 2);
}

/// Gives the text that an import holds its lines in, and puts another in its place.
async fn lines(tenant: &Tenant, other: Option<String>) -> String {
    let mut tx = tenant.app.db.read().await.unwrap();
    let sql = "SELECT rows_sealed AS text FROM user_import";
    let held = tx.optional(sql, &[], |row| row.text("text")).await.unwrap().unwrap();
    drop(tx);
    if let Some(other) = other {
        let put = tenant.app.db.write(move |tx| {
            Box::pin(async move { tx.execute("UPDATE user_import SET rows_sealed = $1", &args![other]).await })
        });
        put.await.unwrap();
    }
    held
}

#[tokio::test]
async fn h04_who_is_erased_while_an_import_is_under_way_is_not_brought_back_by_it() {
    let tenant = Tenant::start().await;
    let ann = tenant.person(person("ann@example.test", Some("Ann"), &[])).await;
    let file = format!("{}ann@example.test,Ann\n", many(60));
    let (_, import) = begin(&tenant, json!({ "existing": "update", "invite": true }), &file).await;
    let id: UserImportId = import["id"].as_str().unwrap().parse().unwrap();
    work::once(&tenant.app).await.unwrap();
    let before = lines(&tenant, None).await;
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{ann}"), None).await.0, 204);
    let held = user_imports::rows(&mut tenant.app.db.read().await.unwrap(), &tenant.app.keyring, id).await.unwrap();
    assert_eq!((held.len(), held.iter().flatten().count()), (61, 60), "a place is left where they were");
    let ann: Email = "ann@example.test".parse().unwrap();
    assert!(held.iter().flatten().all(|row| row.email != ann.as_str()));
    // Who deals with the lines may have read them before.
    lines(&tenant, Some(before)).await;
    work::round(&tenant.app).await.unwrap();
    let done = seen(&tenant, &import).await;
    assert_eq!(
        (&done["state"], &done["done"], &done["created"], &done["skipped"]),
        (&json!("done"), &json!(61), &json!(60), &json!(1)),
        "{done}"
    );
    let (_, found) = call(&tenant, "GET", "/users?email=ann@example.test", None).await;
    assert_eq!(found["items"], json!([]));
    assert!(tenant.mails().await.iter().all(|mail| mail.to.as_str() != ann.as_str()));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_import WHERE forgotten IS NOT NULL").await, 0);
}

/// As the public API writes them: a test there writes this file.
const EXPORTED: &str = include_str!("../../../crates/tenant-api/tests/people.csv");

#[tokio::test]
async fn k17_what_was_exported_is_imported_as_it_was() {
    let tenant = Tenant::start().await;
    for (name, kind) in [("team", "text"), ("size", "number"), ("keen", "boolean"), ("since", "date")] {
        let field = json!({ "type": kind });
        assert!(call(&tenant, "PUT", &format!("/profile-fields/{name}"), Some(field)).await.0 < 300, "{name}");
    }
    let (status, import) = begin(&tenant, json!({}), EXPORTED).await;
    assert_eq!(status, 202, "{import}");
    work::round(&tenant.app).await.unwrap();
    let own = |team: &str| json!({ "team": team, "size": -1.5, "keen": true, "since": "2026-11-21" });
    for (n, name, locale, roles, fields) in [
        (1, json!("=Ann, \"the\" Smit"), json!("nl"), json!(["coach", "staff"]), own("+31 6")),
        (2, Value::Null, Value::Null, json!([]), json!({})),
        (3, json!("'=Bo"), json!("nl"), json!(["coach", "staff"]), own("|pipe")),
        (4, json!("'t Hart"), json!("nl"), json!(["coach", "staff"]), own("%x")),
    ] {
        let (_, found) = call(&tenant, "GET", &format!("/users?email=p{n}@example.test"), None).await;
        let person = &found["items"][0];
        assert_eq!((&person["name"], &person["locale"], &person["roles"]), (&name, &locale, &roles), "{n}");
        assert_eq!(person["fields"], fields, "{n}");
    }
    // No field has the name of a column of that file.
    for name in ["id", "email", "name", "roles", "created_at", "last_sign_in_at"] {
        let (status, problem) =
            call(&tenant, "PUT", &format!("/profile-fields/{name}"), Some(json!({ "type": "text" }))).await;
        let why = json!([{ "pointer": "/name", "detail": "is a column that every list of people has" }]);
        assert_eq!((status, &problem["errors"]), (422, &why), "{name}");
    }
}

#[tokio::test]
async fn k17_the_log_says_which_list_was_taken_and_not_who_was_looked_for() {
    let tenant = Tenant::start().await;
    let which = json!({ "searched": true, "role": "staff", "disabled": false });
    assert_eq!(call(&tenant, "POST", "/users/exports", Some(which)).await.0, 204);
    assert_eq!(call(&tenant, "POST", "/users/exports", Some(json!({ "role": "ann@example.test" }))).await.0, 204);
    assert_eq!(call(&tenant, "POST", "/users/exports", None).await.0, 204, "as of before");
    assert_eq!(call(&tenant, "POST", "/users/exports", Some(json!([1]))).await.0, 422);
    let (_, log) = call(&tenant, "GET", "/audit-events?action=users.exported", None).await;
    let said: Vec<&Value> = log["items"].as_array().unwrap().iter().map(|event| &event["details"]).collect();
    let nothing = json!({ "searched": false, "role": null, "disabled": null, "unverified": null });
    let which = json!({ "searched": true, "role": "staff", "disabled": false, "unverified": null });
    assert_eq!(said, [&nothing, &nothing, &which]);
}

#[tokio::test]
async fn p16_who_is_restricted_is_neither_changed_by_an_import_nor_invited() {
    let tenant = Tenant::start().await;
    let ann = tenant.person(person("ann@example.test", Some("Ann"), &["old"])).await;
    tenant.disable(ann).await;
    let file = "email,name,roles\nann@example.test,Somebody else,admin\n";
    let (_, import) = begin(&tenant, json!({ "existing": "update", "invite": true }), file).await;
    work::round(&tenant.app).await.unwrap();
    let done = seen(&tenant, &import).await;
    assert_eq!((&done["updated"], &done["skipped"]), (&json!(0), &json!(1)), "{done}");
    let (_, now) = call(&tenant, "GET", &format!("/users/{ann}"), None).await;
    assert_eq!((&now["name"], &now["roles"]), (&json!("Ann"), &json!(["old"])));
    let path = format!("/users/{ann}/invitation");
    let (status, problem) = call(&tenant, "POST", &path, None).await;
    assert_eq!((status, &problem["code"]), (409, &json!("user_disabled")));
    assert!(tenant.mails().await.is_empty());
    let allowed = json!({ "disabled": false });
    assert_eq!(call(&tenant, "PATCH", &format!("/users/{ann}"), Some(allowed)).await.0, 200);
    assert_eq!(call(&tenant, "POST", &path, None).await.0, 204, "and again once that is lifted");
}

#[tokio::test]
async fn k17_the_log_says_what_an_import_set_of_whom_and_which_roles_they_have() {
    let tenant = Tenant::start().await;
    assert!(call(&tenant, "PUT", "/profile-fields/team", Some(json!({ "type": "text" }))).await.0 < 300);
    let bo = tenant.person(person("bo@example.test", Some("Bo"), &["old"])).await;
    let file = "email,name,roles,team\nann@example.test,Ann,staff coach,Blue\nbo@example.test,Bo,admin,\n";
    begin(&tenant, json!({ "existing": "update" }), file).await;
    work::round(&tenant.app).await.unwrap();
    let details = async |action: &str| {
        let (_, log) = call(&tenant, "GET", &format!("/audit-events?action={action}"), None).await;
        log["items"][0].clone()
    };
    let created = details("user.created").await["details"].clone();
    assert_eq!(
        (&created["fields"], &created["roles"], created["import"].is_string()),
        (&json!(["name", "roles", "fields.team"]), &json!(["coach", "staff"]), true)
    );
    let changed = details("user.changed").await;
    assert_eq!(changed["user_id"], json!(bo.to_string()));
    assert_eq!(
        (&changed["details"]["fields"], &changed["details"]["roles"]),
        (&json!(["roles"]), &json!(["admin"])),
        "what is as it was is not said"
    );
    assert!(!changed.to_string().contains("Bo") && !created.to_string().contains("Ann"));
    let new = json!({ "email": "cas@example.test", "roles": ["coach"] });
    assert_eq!(call(&tenant, "POST", "/users", Some(new)).await.0, 201);
    assert_eq!(details("user.created").await["details"]["roles"], json!(["coach"]));
}
