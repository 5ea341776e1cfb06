//! What a tenant found wrong with a form, for the fields of that form.

use bytes::Bytes;
use polder_hosted_pages::console::{FieldProblem, Problem};
use serde::Deserialize;

use super::Fault;
use crate::administer::Refused;

/// What was wrong, in the tenant's words.
#[derive(Debug, Default)]
pub struct Problems(Vec<(&'static str, String)>);

#[derive(Deserialize)]
struct Document {
    code: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    pointer: String,
    detail: String,
}

/// Stands for [`Problem::Taken`], which has words of its own in every language.
const TAKEN: &str = "\u{0}taken";

impl Problems {
    /// Reads the tenant's problem document. What fits no field of the form is said at the first.
    ///
    /// # Errors
    /// Every refusal that is not about the input.
    pub fn of(refused: Refused, fields: &[&'static str]) -> Result<Self, Fault> {
        Self::of_renamed(refused, fields, &[])
    }

    /// The same, for a form whose fields are not all called as the tenant calls them: of each pair the tenant's word
    /// comes first.
    ///
    /// # Errors
    /// Every refusal that is not about the input.
    pub fn of_renamed(
        refused: Refused,
        fields: &[&'static str],
        renamed: &[(&str, &'static str)],
    ) -> Result<Self, Fault> {
        let (Refused::Said(status, body), Some(first)) = (&refused, fields.first()) else { return Err(refused.into()) };
        if !matches!(status.as_u16(), 400 | 409 | 422) {
            return Err(refused.into());
        }
        let document = read(body)?;
        if document.code.as_deref() == Some("email_taken") && fields.contains(&"email") {
            return Ok(Self(vec![("email", TAKEN.to_owned())]));
        }
        let of = |name: &str| fields.iter().copied().find(|field| *field == name).unwrap_or(first);
        let mut found: Vec<_> = document
            .errors
            .into_iter()
            .map(|member| {
                // `/access/role` is the field `role`, `/redirect_uris/0` the field `redirect_uris`.
                let own = |part: &str| renamed.iter().find(|(theirs, _)| *theirs == part).map(|(_, ours)| *ours);
                let mut parts = member.pointer.split('/').rev().map(|part| own(part).unwrap_or(part));
                (of(parts.find(|part| fields.contains(part)).unwrap_or_default()), member.detail)
            })
            .collect();
        if let (true, Some(detail)) = (found.is_empty(), document.detail) {
            found.push((of(detail.split(' ').next().unwrap_or_default()), detail));
        }
        if found.is_empty() { Err(refused.into()) } else { Ok(Self(found)) }
    }

    /// For the page.
    pub fn shown(&self) -> Vec<FieldProblem<'_>> {
        let shown = |(field, said): &'_ (&'static str, String)| -> (&'static str, bool) { (*field, said == TAKEN) };
        self.0
            .iter()
            .map(|entry| {
                let (field, taken) = shown(entry);
                FieldProblem { field, problem: if taken { Problem::Taken } else { Problem::Said(&entry.1) } }
            })
            .collect()
    }
}

fn read(body: &Bytes) -> Result<Document, Fault> {
    serde_json::from_slice(body).map_err(|_| Fault::Internal("the tenant's problem document cannot be read".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn problems(status: StatusCode, body: &str) -> Result<Vec<(&'static str, String)>, Fault> {
        let refused = Refused::Said(status, Bytes::from(body.to_owned()));
        Problems::of(refused, &["name", "redirect_uris", "role", "email"]).map(|problems| problems.0)
    }

    #[test]
    fn what_the_tenant_says_stands_at_its_field() {
        let said = problems(
            StatusCode::UNPROCESSABLE_ENTITY,
            r#"{"errors":[{"pointer":"/redirect_uris/0","detail":"a"},{"pointer":"/access/role","detail":"b"},{"pointer":"/grant_types","detail":"c"}]}"#,
        );
        let text = |field, detail: &str| (field, detail.to_owned());
        assert_eq!(said.unwrap(), [text("redirect_uris", "a"), text("role", "b"), text("name", "c")]);
        let said = problems(StatusCode::UNPROCESSABLE_ENTITY, r#"{"detail":"email is not an e-mail address"}"#);
        assert_eq!(said.unwrap(), [text("email", "email is not an e-mail address")]);
        let taken = problems(StatusCode::CONFLICT, r#"{"code":"email_taken","detail":"x"}"#).unwrap();
        assert!(matches!(Problems(taken).shown()[..], [FieldProblem { field: "email", problem: Problem::Taken }]));
    }

    #[test]
    fn what_is_not_about_the_input_is_no_problem_of_a_form() {
        assert!(matches!(problems(StatusCode::NOT_FOUND, "{}"), Err(Fault::NotFound)));
        assert!(matches!(problems(StatusCode::UNPROCESSABLE_ENTITY, "x"), Err(Fault::Internal(_))));
    }
}
