//! Bodies and queries as typed values. What is wrong is said by field; what is unknown is refused, so
//! that a misspelt field never passes for one that was left out (G21).

use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Query, Request};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use hyper::body::Body as _;
use polder_service::form::{self, BodyError};
use polder_service::json::JSON_MAX;
use polder_service::problem::Problem;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};
use utoipa::IntoParams;

use super::{ApiError, objects};
use crate::administer::Part;

/// A JSON body.
pub struct Input<T>(pub T);

/// A JSON body that may be as long as a list of networks.
pub struct LargeInput<T>(pub T);

/// The query.
pub struct Params<T>(pub T);

/// The longest file of people, in bytes: 5 MiB with what JSON adds to it, and less than what a tenant takes.
pub const FILE_MAX: usize = 7 * 1024 * 1024;

/// The longest of those, in bytes: 1 MiB of text with what JSON adds to it.
pub const LARGE_MAX: usize = 1536 * 1024;

/// The most items of one page.
pub const MOST: u32 = 200;

/// Which part of a list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Listing {
    /// `next` of the page before.
    #[param(nullable = false)]
    pub cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    pub limit: Option<u32>,
}

impl Listing {
    /// For the tenant.
    ///
    /// # Errors
    /// 400 for a limit out of bounds.
    pub fn part(self) -> Result<Part, ApiError> {
        part(self.cursor, self.limit)
    }
}

/// Checks which part of a list is wanted.
///
/// # Errors
/// 400 for a limit out of bounds.
pub fn part(cursor: Option<String>, limit: Option<u32>) -> Result<Part, ApiError> {
    if limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
        return Err(Problem::bad_request("limit is 1 to 200").into());
    }
    Ok(Part { cursor, limit })
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        json(request, JSON_MAX).await.map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for LargeInput<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        json(request, LARGE_MAX).await.map(Self)
    }
}

async fn json<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, ApiError> {
    let (parts, body) = request.into_parts();
    if !form::is_content_type(&parts.headers, "application/json") {
        return Err(Problem::from(BodyError::ContentType).into());
    }
    parse(&form::read(body, most).await.map_err(Problem::from)?)
}

/// A body that may be left out.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Input<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        if request.headers().get(CONTENT_TYPE).is_none() && request.body().is_end_stream() {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(query)| Self(query)).map_err(|rejection| {
            let why = std::error::Error::source(&rejection).map_or_else(String::new, ToString::to_string);
            Problem::bad_request(format!("the query is not understood: {why}")).into()
        })
    }
}

/// A JSON value; what is wrong is said by field.
///
/// # Errors
/// 400 for what is no JSON, 422 for what is not of this shape.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| said(&error))?;
    json.end().map_err(|error| malformed(&error))?;
    if bytes.contains(&b'[') {
        // Read again where a list could stand for an object: the first reading sees members that are given twice.
        let again = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        return objects::check(again).map_err(|error| said(&error).into());
    }
    Ok(value)
}

fn said(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    match inner.classify() {
        Category::Data => fault(error.path(), &inner.to_string()),
        _ => malformed(inner),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request(format!("not JSON at line {}, column {}", error.line(), error.column()))
}

/// serde's words without the values they may quote.
fn fault(path: &Path, said: &str) -> Problem {
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let mut pointer: String = path.iter().filter_map(step).collect();
    let quoted = |prefix: &str| said.strip_prefix(prefix)?.split('`').nth(1).map(escape);
    let detail = if let Some(field) = quoted("missing field ") {
        pointer = format!("{pointer}/{field}");
        "is missing".to_owned()
    } else if let Some(field) = quoted("unknown field ") {
        // The path ends with the field already where the format could name it.
        if !pointer.ends_with(&format!("/{field}")) {
            pointer = format!("{pointer}/{field}");
        }
        "is not known here".to_owned()
    } else if let Some(field) = quoted("duplicate field ") {
        pointer = format!("{pointer}/{field}");
        "is given twice".to_owned()
    } else if let Some((_, expected)) = said.rsplit_once(", expected ") {
        format!("expected {expected}")
    } else {
        "is not valid".to_owned()
    };
    Problem::invalid(Vec::new()).error(pointer, detail)
}

fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", escape(key))),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// RFC 6901, 3.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use polder_tenant_api::NewApplication;

    fn wrong(body: &str) -> serde_json::Value {
        let problem = parse::<NewApplication>(body.as_bytes()).map(drop).expect_err("it is wrong");
        let debug = format!("{problem:?}");
        assert!(!debug.contains("hunter2"), "values are not repeated: {debug}");
        serde_json::json!([
            problem.status().as_u16(),
            debug.split("pointer: \"").nth(1).and_then(|r| r.split('"').next())
        ])
    }

    #[test]
    fn g21_every_fault_names_its_field() {
        for (body, expected) in [
            (r#"{"type":"web"}"#, serde_json::json!([422, "/name"])),
            (r#"{"name":"a","type":"web","owner":"hunter2"}"#, serde_json::json!([422, "/owner"])),
            (r#"{"name":"a","type":"hunter2"}"#, serde_json::json!([422, "/type"])),
            (r#"{"name":["hunter2"],"type":"web"}"#, serde_json::json!([422, "/name"])),
            (r#"{"name":"a","type":"web","redirect_uris":["x",1]}"#, serde_json::json!([422, "/redirect_uris/1"])),
            (r#"{"name":"a","type":"web","preferences":{"x/y":1}}"#, serde_json::json!([422, "/preferences/x~1y"])),
            (r#"{"name":"a","name":"b","type":"web"}"#, serde_json::json!([422, "/name"])),
            (r#"{"name":"a","type":"web","preferences":[null]}"#, serde_json::json!([422, "/preferences"])),
            (r#"["a","hunter2"]"#, serde_json::json!([422, "/1"])),
            (r#"{"name":"a""#, serde_json::json!([400, null])),
            (r#"{"name":"a","type":"web"} {}"#, serde_json::json!([400, null])),
        ] {
            assert_eq!(wrong(body), expected, "{body}");
        }
    }
}
