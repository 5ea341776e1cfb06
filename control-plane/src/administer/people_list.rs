//! The list of a tenant's people as a file, written while it is read.

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::Method;
use polder_tenant_api::{Page, User, UserFilter, UsersExport};
use serde_json::Value;

use super::{On, Part, Refused, profile_fields, users};
use crate::sheet::Sheet;

/// People asked for in one go. The tenant gives fewer where what they can fill in is long.
const PART: u32 = 200;
/// The most parts: a tenant that was taken over must not talk for ever.
const MOST_PARTS: u32 = 40_000;

/// Writes everybody who is wanted as comma-separated values, a line each. The tenant's own log and ours say who took the
/// list, and which, before the first line leaves.
pub async fn csv(on: On, wanted: UserFilter) -> Result<Body, Refused> {
    let fields: Vec<String> = profile_fields::list(&on).await?.items.into_iter().map(|field| field.name).collect();
    let first = part(&on, &wanted, None).await?;
    taken(&on, &wanted).await?;
    let state = State { on, wanted, sheet: begun(&fields), fields, next: Some(first), parts: 0 };
    Ok(Body::from_stream(stream::try_unfold(state, State::go_on)))
}

/// Both logs say who took which list.
async fn taken(on: &On, wanted: &UserFilter) -> Result<(), Refused> {
    let export = UsersExport {
        searched: wanted.q.is_some() || wanted.email.is_some(),
        role: wanted.role.clone(),
        disabled: wanted.disabled,
        unverified: wanted.unverified,
    };
    on.tell((Method::POST, "/users/exports"), &export).await?;
    let facts = [
        ("searched", Some(yes_or_no(export.searched))),
        ("by_role", export.role.as_ref().map(|_| "yes")),
        ("disabled", export.disabled.map(yes_or_no)),
        ("unverified", export.unverified.map(yes_or_no)),
    ];
    let facts: Vec<_> = facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    on.record(on.event_with("users.exported", &facts)).await
}

/// The columns before the tenant's own fields.
const HEADER: [&str; 9] =
    ["id", "email", "email_verified", "name", "locale", "roles", "disabled", "created_at", "last_sign_in_at"];

struct State {
    on: On,
    wanted: UserFilter,
    fields: Vec<String>,
    next: Option<Page<User>>,
    parts: u32,
    sheet: Sheet,
}

impl State {
    async fn go_on(mut self) -> Result<Option<(Bytes, Self)>, Refused> {
        let Some(page) = self.next.take() else { return Ok(None) };
        let mut sheet = std::mem::replace(&mut self.sheet, Sheet::of_lines());
        for user in &page.items {
            put(&mut sheet, user, &self.fields);
        }
        self.parts += 1;
        if let Some(cursor) = page.next.filter(|_| self.parts < MOST_PARTS) {
            self.next = Some(part(&self.on, &self.wanted, Some(cursor)).await?);
        }
        Ok(Some((sheet.into_bytes(), self)))
    }
}

async fn part(on: &On, wanted: &UserFilter, cursor: Option<String>) -> Result<Page<User>, Refused> {
    users::list(on, wanted, &Part { cursor, limit: Some(PART) }).await
}

/// A sheet that names its columns.
fn begun(fields: &[String]) -> Sheet {
    let mut sheet = Sheet::of_lines();
    sheet.row(HEADER.into_iter().chain(fields.iter().map(String::as_str)));
    sheet
}

fn put(sheet: &mut Sheet, user: &User, fields: &[String]) {
    let own = fields.iter().map(|name| match user.fields.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(value)) => yes_or_no(*value).to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    });
    let known = [
        user.id.to_string(),
        user.email.clone(),
        yes_or_no(user.email_verified).to_owned(),
        user.name.clone().unwrap_or_default(),
        user.locale.map(|locale| locale.tag().to_owned()).unwrap_or_default(),
        user.roles.join(" "),
        yes_or_no(user.disabled).to_owned(),
        user.created_at.clone(),
        user.last_sign_in_at.clone().unwrap_or_default(),
    ];
    let cells: Vec<String> = known.into_iter().chain(own).collect();
    sheet.row(cells.iter().map(String::as_str));
}

const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn k17_a_list_of_people_calculates_nothing_in_a_spreadsheet() {
        let cells = ["=HYPERLINK(\"https://evil.example\")", "+1", "-1", "@x", "\tx", "Ann, \"the\" Smit", "a=b", ""];
        let mut sheet = Sheet::of_lines();
        sheet.row(cells);
        let text = String::from_utf8(sheet.into_bytes().to_vec()).unwrap();
        assert_eq!(
            text,
            "\"'=HYPERLINK(\"\"https://evil.example\"\")\",'+1,'-1,'@x,'\tx,\"Ann, \"\"the\"\" Smit\",a=b,\n"
        );
    }

    /// The same file is imported by a test of the tenant.
    #[test]
    fn k17_a_list_of_people_is_written_as_an_import_reads_it() {
        const AT: &str = "2026-11-21T08:00:00.000Z";
        let person = |n: u32, name: Value, more: Value| {
            let mut user = json!({
                "id": format!("019a0000-0000-7000-8000-00000000000{n}"), "email": format!("p{n}@example.test"),
                "email_verified": true, "name": name, "locale": "nl", "roles": ["coach", "staff"], "disabled": false,
                "created_at": AT, "updated_at": AT, "last_sign_in_at": AT
            });
            user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<User>(user).unwrap()
        };
        let fields = ["team", "size", "keen", "since"].map(str::to_owned);
        let own = |team: &str| json!({"team": team, "size": -1.5, "keen": true, "since": "2026-11-21"});
        let nothing = json!({"locale": null, "roles": [], "disabled": true, "last_sign_in_at": null});
        let mut sheet = begun(&fields);
        for person in [
            person(1, json!("=Ann, \"the\" Smit"), json!({"fields": own("+31 6")})),
            person(2, Value::Null, nothing),
            person(3, json!("'=Bo"), json!({"fields": own("|pipe")})),
            person(4, json!("'t Hart"), json!({"fields": own("%x")})),
        ] {
            put(&mut sheet, &person, &fields);
        }
        let written = String::from_utf8(sheet.into_bytes().to_vec()).unwrap();
        assert_eq!(written, include_str!("../../../crates/tenant-api/tests/people.csv"));
    }
}
