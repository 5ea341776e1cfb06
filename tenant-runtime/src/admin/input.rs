//! What callers send: ids, cursors and limits, and the problems that say what is wrong with them.

use axum::extract::FromRequestParts;
use http::request::Parts;
use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Id, Timestamp};
use polder_service::Problem;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::ProblemError;

/// The most items of one page.
const MOST: i64 = 200;
/// The items of a page where the caller names no number.
const USUAL: i64 = 50;

/// The query of a call; a malformed one is a problem like any other.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ProblemError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemError> {
        let query = serde_urlencoded::from_str(parts.uri.query().unwrap_or_default());
        query.map(Self).map_err(|_| Problem::bad_request("the query is not understood").into())
    }
}

/// Where an item stands in a list ordered by creation.
pub type Place<K> = (Timestamp, Id<K>);

/// Which part of a list is asked for, where nothing else can be asked.
#[derive(Debug, Deserialize)]
pub struct Part {
    cursor: Option<String>,
    limit: Option<i64>,
}

impl Part {
    /// What a caller asked for among other things.
    pub const fn new(cursor: Option<String>, limit: Option<i64>) -> Self {
        Self { cursor, limit }
    }

    /// The cursor, where there is one.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref().filter(|cursor| !cursor.is_empty())
    }

    /// How many items are wanted at most.
    pub fn limit(&self) -> usize {
        usize::try_from(limit(self.limit)).unwrap_or(1)
    }

    /// Where it begins, and how many items are wanted.
    pub fn place<K>(&self) -> Result<(Option<Place<K>>, i64), ProblemError> {
        Ok((cursor::<K>(self.cursor.as_deref())?, limit(self.limit)))
    }

    /// That part of a list that is short enough to be in memory: newest first, and where the next part begins.
    pub fn of<T, K>(
        &self,
        mut all: Vec<T>,
        place: impl Fn(&T) -> (Timestamp, Id<K>),
    ) -> Result<(Vec<T>, Option<String>), ProblemError> {
        let cursor = cursor::<K>(self.cursor.as_deref())?;
        all.sort_by_key(|item| std::cmp::Reverse(place(item)));
        all.retain(|item| cursor.is_none_or(|cursor| place(item) < cursor));
        Ok(cut(all, limit(self.limit), place))
    }
}

/// 422 with what is wrong.
pub fn invalid(detail: &'static str) -> ProblemError {
    Problem::invalid(Vec::new()).detail(detail).into()
}

/// 400 for a cursor that no list gave out.
pub fn not_ours() -> ProblemError {
    Problem::bad_request("the cursor is not one of ours").into()
}

/// 404: there is no such thing.
pub fn not_found() -> ProblemError {
    Problem::not_found().into()
}

/// An id in a path. What is none names nothing: 404.
pub fn id<K>(text: &str) -> Result<Id<K>, ProblemError> {
    text.parse().map_err(|_| not_found())
}

/// How many items are wanted: 1 to 200, 50 unless given.
pub fn limit(asked: Option<i64>) -> i64 {
    asked.unwrap_or(USUAL).clamp(1, MOST)
}

/// The cursor of a list ordered by creation: opaque to callers.
pub fn cursor<K>(text: Option<&str>) -> Result<Option<(Timestamp, Id<K>)>, ProblemError> {
    let Some(text) = text.filter(|t| !t.is_empty()) else { return Ok(None) };
    decode(text).map(Some).ok_or_else(not_ours)
}

fn decode<K>(text: &str) -> Option<(Timestamp, Id<K>)> {
    let text = String::from_utf8(from_base64url(text)?).ok()?;
    let (at, id) = text.split_once('.')?;
    Some((Timestamp::from_millis(at.parse().ok()?), id.parse().ok()?))
}

/// The cursor that continues after this item.
pub fn cursor_after<K>(at: Timestamp, id: Id<K>) -> String {
    base64url(format!("{}.{id}", at.millis()).as_bytes())
}

/// Cuts a list that was asked for with one item too many, and says where the next page begins.
pub fn cut<T, K>(mut items: Vec<T>, limit: i64, place: impl Fn(&T) -> (Timestamp, Id<K>)) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(0);
    if items.len() <= limit {
        return (items, None);
    }
    items.truncate(limit);
    let next = items.last().map(|item| {
        let (at, id) = place(item);
        cursor_after(at, id)
    });
    (items, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polder_tenant_api::{UserId, UserKind};

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let (at, id) = (Timestamp::from_millis(17), UserId::from_bytes([3; 16]));
        let text = cursor_after(at, id);
        assert_eq!(cursor::<UserKind>(Some(&text)).unwrap(), Some((at, id)));
        assert_eq!(cursor::<UserKind>(None).unwrap(), None);
        assert!(cursor::<UserKind>(Some("nonsense")).is_err());
    }

    #[test]
    fn limits_stay_within_bounds() {
        assert_eq!(
            [limit(None), limit(Some(0)), limit(Some(-5)), limit(Some(7)), limit(Some(9999))],
            [50, 1, 1, 7, 200]
        );
    }
}
