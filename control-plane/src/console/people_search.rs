//! Who is looked for, in the address of the list: filters as they are, and what was typed sealed. So the list can be
//! paged, reloaded and kept, and no name or address stands in a browser's history or a proxy's log.

use axum::response::{IntoResponse, Redirect, Response};
use polder_crypto::Category;
use polder_hosted_pages::console::{LookedFor, Sorting};
use polder_tenant_api::{UserFilter, UserOrder};
use serde::Deserialize;

use super::address::query_of;
use super::fields::Fields;
use crate::administer::On;

/// The longest text that is looked for, in characters.
const LONGEST: usize = 200;
/// The longest role.
const ROLE: usize = 64;

/// The query of a list of people.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    found: Option<String>,
    role: Option<String>,
    state: Option<String>,
    sort: Option<String>,
}

/// Who is looked for.
#[derive(Debug, Default)]
pub struct Search {
    text: String,
    role: String,
    state: &'static str,
    sort: UserOrder,
    query: String,
}

impl Search {
    /// From the form.
    pub fn typed(fields: &Fields) -> Self {
        let cut = |name: &str, most: usize| fields.get(name).chars().take(most).collect::<String>();
        Self::of(cut("q", LONGEST), cut("role", ROLE), (fields.get("state"), fields.get("sort")))
    }

    /// From the address. What does not open, since it is another tenant's or long ago, is not looked for.
    pub fn opened(on: &On, asked: Asked) -> Self {
        let text = asked.found.as_deref().filter(|found| !found.is_empty());
        let text = text.and_then(|found| on.app.keyring.unseal_text(Category::Flow, &context(on), found).ok());
        let (state, sort) = (asked.state.unwrap_or_default(), asked.sort.unwrap_or_default());
        let role = asked.role.unwrap_or_default().chars().take(ROLE).collect();
        let mut search = Self::of(text.unwrap_or_default(), role, (&state, &sort));
        search.query = search.query_with(asked.found.as_deref().filter(|_| !search.text.is_empty()));
        search
    }

    /// From the address, for a file: `None` where what is looked for does not open, since everybody is not what was meant.
    pub fn exactly(on: &On, asked: Asked) -> Option<Self> {
        let looked_for = asked.found.as_deref().is_some_and(|found| !found.is_empty());
        let search = Self::opened(on, asked);
        (!looked_for || !search.text.is_empty()).then_some(search)
    }

    fn of(text: String, role: String, (state, sort): (&str, &str)) -> Self {
        let state = ["pending", "disabled"].into_iter().find(|known| *known == state).unwrap_or_default();
        let looked_for = !(text.is_empty() && role.is_empty() && state.is_empty());
        let sort = UserOrder::named(sort);
        // Those who are looked for are sorted by their creation alone.
        let sort = if looked_for && sort.by_creation().is_none() { UserOrder::default() } else { sort };
        Self { text, role, state, sort, query: String::new() }
    }

    /// To the list of those who fit.
    pub fn lead(&self, on: &On) -> Response {
        let sealed =
            (!self.text.is_empty()).then(|| on.app.keyring.seal_text(Category::Flow, &context(on), &self.text));
        let query = self.query_with(sealed.as_deref());
        let sort = query_of(&[("sort", self.sort.asked().unwrap_or_default())]);
        let whole = [query, sort].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
        let mark = if whole.is_empty() { "" } else { "?" };
        Redirect::to(&format!("/tenants/{}/users{mark}{whole}", on.tenant.slug)).into_response()
    }

    /// For the tenant.
    pub fn filter(&self) -> UserFilter {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        UserFilter {
            email: None,
            q: given(&self.text),
            role: given(&self.role),
            disabled: (self.state == "disabled").then_some(true),
            unverified: (self.state == "pending").then_some(true),
            sort: self.sort,
        }
    }

    /// For the headings of the page.
    pub fn sorting(&self, on: &On) -> Sorting {
        let path = format!("/tenants/{}/users", on.tenant.slug);
        Sorting { path, query: self.query.clone(), by: self.sort.as_str() }
    }

    /// For the page.
    pub fn shown(&self) -> LookedFor<'_> {
        LookedFor { text: &self.text, role: &self.role, state: self.state, query: &self.query }
    }

    /// Who is looked for, as a query without the order.
    fn query_with(&self, sealed: Option<&str>) -> String {
        query_of(&[("found", sealed.unwrap_or_default()), ("role", &self.role), ("state", self.state)])
    }
}

fn context(on: &On) -> String {
    format!("console.users.found:{}", on.tenant.id)
}
