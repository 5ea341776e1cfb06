//! Pages as typed structs, and the styles they link.

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};

use crate::model::Engagement;
use crate::store::engagements::CoachOfClient;

/// A template as an answer.
pub struct Page<T: Template>(pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(html) => Html(html).into_response(),
            Err(error) => {
                tracing::error!(%error, "a template did not render");
                axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// The front door.
#[derive(Template)]
#[template(path = "home.html")]
pub struct Home;

/// A coach's clients, and the form that invites one.
#[derive(Template)]
#[template(path = "clients.html")]
pub struct Clients<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub csrf: &'a str,
    pub clients: &'a [Engagement],
    pub notice: Option<&'a str>,
    pub error: Option<&'a str>,
    pub form_email: &'a str,
    pub form_name: &'a str,
}

impl Clients<'_> {
    fn linked(&self) -> usize {
        self.clients.iter().filter(|c| c.linked_at.is_some()).count()
    }
}

/// A client's coaches.
#[derive(Template)]
#[template(path = "portal.html")]
pub struct Portal<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub csrf: &'a str,
    pub coaches: &'a [CoachOfClient],
}

/// Where a mailed invitation leads.
#[derive(Template)]
#[template(path = "invitation.html")]
pub struct Invitation<'a> {
    pub coach: &'a str,
    pub email: &'a str,
    pub token: &'a str,
}

/// After signing out.
#[derive(Template)]
#[template(path = "signed-out.html")]
pub struct SignedOut;

/// Something to tell, such as an error.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message<'a> {
    pub title: &'a str,
    pub text: &'a str,
    pub sign_in: bool,
}

/// The mail that invites a client.
#[derive(Template)]
#[template(path = "invitation-mail.html")]
pub struct InvitationMail<'a> {
    pub coach: &'a str,
    pub name: &'a str,
    pub link: &'a str,
}

/// A day, such as `21 November 2026`.
fn day(at: &polder_kernel::Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let text = at.rfc3339();
    let mut parts = text.split(['-', 'T']);
    let (year, month, day) = (parts.next().unwrap_or(""), parts.next().unwrap_or("1"), parts.next().unwrap_or(""));
    let month = month.parse::<usize>().ok().and_then(|m| MONTHS.get(m.wrapping_sub(1))).unwrap_or(&"");
    format!("{} {month} {year}", day.trim_start_matches('0'))
}

/// The first letters of a name, for the round badge.
fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).take(2).flat_map(char::to_uppercase).collect()
}

/// The styles, for ever under this name's version.
pub async fn styles() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, include_str!("../assets/coaching.css")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_badges_read_well() {
        assert_eq!(day(&polder_kernel::Timestamp::from_millis(1_795_248_000_000)), "21 November 2026");
        assert_eq!(initials("anna van den berg"), "AV");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn f18_a_hostile_name_is_inert() {
        let clients = [];
        let page = Clients {
            name: "<script>alert(1)</script>",
            email: "a@b.test",
            csrf: "x",
            clients: &clients,
            notice: None,
            error: Some("\"><img>"),
            form_email: "\"'><",
            form_name: "",
        };
        let html = page.render().unwrap();
        assert!(!html.contains("<script>alert") && !html.contains("\"><img>"));
    }
}
