//! The list of a tenant's people as a file, written while it is read.

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::Method;
use polder_tenant_api::{Page, User, UserFilter};
use serde_json::Value;

use super::{On, Part, Refused, profile_fields, users};

/// People asked for in one go: with all that they can fill in, an answer stays one that is read.
const PART: u32 = 50;
/// The most parts: a tenant that was taken over must not talk for ever.
const MOST_PARTS: u32 = 40_000;

/// Writes everybody who is wanted as comma-separated values, a line each. The tenant's own log and ours say who took the
/// list, before the first line leaves.
pub async fn csv(on: On, wanted: UserFilter) -> Result<Body, Refused> {
    let fields: Vec<String> = profile_fields::list(&on).await?.items.into_iter().map(|field| field.name).collect();
    let first = part(&on, &wanted, None).await?;
    on.act(Method::POST, "/users/exports").await?;
    on.record(on.event("users.exported")).await?;
    let header = line(HEADER.iter().map(|name| (*name).to_owned()).chain(fields.iter().cloned()));
    let state = State { on, wanted, fields, next: Some(first), parts: 0, before: header };
    Ok(Body::from_stream(stream::try_unfold(state, State::go_on)))
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
    before: Vec<u8>,
}

impl State {
    async fn go_on(mut self) -> Result<Option<(Bytes, Self)>, Refused> {
        let Some(page) = self.next.take() else { return Ok(None) };
        let mut text = std::mem::take(&mut self.before);
        for user in &page.items {
            text.extend(row(user, &self.fields));
        }
        self.parts += 1;
        if let Some(cursor) = page.next.filter(|_| self.parts < MOST_PARTS) {
            self.next = Some(part(&self.on, &self.wanted, Some(cursor)).await?);
        }
        Ok(Some((text.into(), self)))
    }
}

async fn part(on: &On, wanted: &UserFilter, cursor: Option<String>) -> Result<Page<User>, Refused> {
    users::list(on, wanted, &Part { cursor, limit: Some(PART) }).await
}

fn row(user: &User, fields: &[String]) -> Vec<u8> {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let own = fields.iter().map(|name| match user.fields.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(value)) => yes(*value),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    });
    let known = [
        user.id.to_string(),
        user.email.clone(),
        yes(user.email_verified),
        user.name.clone().unwrap_or_default(),
        user.locale.map(|locale| locale.tag().to_owned()).unwrap_or_default(),
        user.roles.join(" "),
        yes(user.disabled),
        user.created_at.clone(),
        user.last_sign_in_at.clone().unwrap_or_default(),
    ];
    line(known.into_iter().chain(own))
}

/// A line. What a spreadsheet would calculate gets an apostrophe before it: people choose their own names.
fn line(cells: impl IntoIterator<Item = String>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let safe = cells
        .into_iter()
        .map(|cell| if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell });
    // Writing to memory does not fail.
    let written = writer.write_record(safe);
    written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k17_a_list_of_people_calculates_nothing_in_a_spreadsheet() {
        let cells = ["=HYPERLINK(\"https://evil.example\")", "+1", "-1", "@x", "\tx", "Ann, \"the\" Smit", "a=b", ""];
        let text = String::from_utf8(line(cells.map(str::to_owned))).unwrap();
        assert_eq!(
            text,
            "\"'=HYPERLINK(\"\"https://evil.example\"\")\",'+1,'-1,'@x,'\tx,\"Ann, \"\"the\"\" Smit\",a=b,\n"
        );
    }
}
