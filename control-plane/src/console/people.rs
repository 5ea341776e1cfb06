//! A tenant's people: the list, and adding one.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use polder_hosted_pages::console::{FieldProblem, Problem, Sorting, Users};
use polder_kernel::Email;
use polder_tenant_api::{FieldValues, NewUser, Page, User};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::InTenant;
use super::people_search::{Asked, Search};
use super::person::to_person;
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, Part, people_list, users};

/// The fields of the form.
const FIELDS: [&str; 3] = ["email", "name", "roles"];

/// Which part of the list, and what just happened.
#[derive(Debug, Default, Deserialize)]
pub struct Place {
    cursor: Option<String>,
    notice: Option<String>,
}

/// `GET /tenants/{slug}/users`.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
    Query(place): Query<Place>,
) -> Result<Response, Fault> {
    let search = Search::opened(&on, asked);
    let part = Part { cursor: place.cursor, limit: None };
    let found = users::list(&on, &search.filter(), &part).await?;
    let sorting = search.sorting(&on);
    let page = page(&member, &on, (&search, &sorting, &found), place.notice.as_deref());
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `POST /tenants/{slug}/users/find`: leads to the list of those who fit. What was typed is posted, since an address
/// line is remembered by browsers and written down by proxies.
pub async fn find(InTenant { on, .. }: InTenant, fields: Fields) -> Response {
    Search::typed(&fields).lead(&on)
}

/// `GET /tenants/{slug}/users/export`: the same list as a file.
pub async fn export(InTenant { on, .. }: InTenant, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let wanted = Search::exactly(&on, asked).ok_or(Fault::NotFound)?.filter();
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"people.csv\""),
    ];
    Ok((headers, people_list::csv(on, wanted).await?).into_response())
}

/// `POST /tenants/{slug}/users`.
pub async fn create(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let search = Search::default();
    let found = users::list(&on, &search.filter(), &Part::default()).await?;
    let sorting = search.sorting(&on);
    let invite = !fields.get("invite").is_empty();
    let refuse = |problems: &[FieldProblem<'_>]| {
        let form = (fields.get("email"), fields.get("name"), fields.get("roles"));
        let page = Users { form, invite, problems, ..page(&member, &on, (&search, &sorting, &found), None) };
        let page = show::page(&member.visit, &page, &[console.provider.issuer()]);
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let email = fields.get("email");
    if email.is_empty() {
        return refuse(&[FieldProblem { field: "email", problem: Problem::Required }]);
    }
    if email.parse::<Email>().is_err() {
        return refuse(&[FieldProblem { field: "email", problem: Problem::Invalid }]);
    }
    let name = Some(fields.get("name")).filter(|name| !name.is_empty());
    let new = NewUser {
        email: email.to_owned(),
        name: name.map(str::to_owned),
        locale: None,
        roles: fields.words("roles"),
        fields: FieldValues::new(),
        invite,
    };
    match users::create(&on, &new).await {
        Ok(made) => Ok(to_person(&on, made.id, if new.invite { "user-invited" } else { "user-added" })),
        Err(refused) => refuse(&Problems::of(refused, &FIELDS)?.shown()),
    }
}

fn page<'a>(
    member: &'a SignedIn,
    on: &'a On,
    (search, sorting, found): (&'a Search, &'a Sorting, &'a Page<User>),
    notice: Option<&str>,
) -> Users<'a> {
    Users {
        shell: member.shell_saying(notice),
        sorting,
        tenant: head(&on.tenant),
        users: &found.items,
        next: found.next.as_deref(),
        looked_for: search.shown(),
        form: ("", "", ""),
        invite: true,
        problems: &[],
    }
}
