//! Lists that are short enough to be in memory, in any order, page by page.

use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Id, Timestamp};

use super::input::{self, Part};
use crate::error::ProblemError;

/// Which way an order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    Up,
    /// The greatest first.
    Down,
}

/// A moment as a text that sorts like it.
pub fn moment(at: Timestamp) -> String {
    format!("{:020}", at.millis().max(0))
}

/// The part of a list that is asked for, and where the next begins. `place` is what decides, and the id that decides
/// between equals.
///
/// # Errors
/// 400 for a cursor that no list gave out.
pub fn page<T, K>(
    part: &Part,
    mut all: Vec<T>,
    place: impl Fn(&T) -> (String, Id<K>),
    direction: Direction,
) -> Result<(Vec<T>, Option<String>), ProblemError> {
    let seen = part.cursor().map(|text| decode::<K>(text).ok_or_else(input::not_ours)).transpose()?;
    all.sort_by_cached_key(&place);
    if direction == Direction::Down {
        all.reverse();
    }
    if let Some(seen) = seen {
        all.retain(|item| match direction {
            Direction::Up => place(item) > seen,
            Direction::Down => place(item) < seen,
        });
    }
    let limit = part.limit();
    let more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| more).map(|last| encode(&place(last)));
    Ok((all, next))
}

fn encode<K>((key, id): &(String, Id<K>)) -> String {
    base64url(format!("{id} {key}").as_bytes())
}

fn decode<K>(text: &str) -> Option<(String, Id<K>)> {
    let text = String::from_utf8(from_base64url(text)?).ok()?;
    let (id, key) = text.split_once(' ')?;
    Some((key.to_owned(), id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use polder_tenant_api::{ApplicationId, ApplicationKind};

    use super::*;

    fn walk(direction: Direction, limit: i64) -> Vec<(&'static str, u8)> {
        let all = vec![("b", 1), ("a", 2), ("b", 3), ("c d", 4), ("a", 5)];
        let place = |item: &(&'static str, u8)| (item.0.to_owned(), ApplicationId::from_bytes([item.1; 16]));
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let part = Part::new(cursor, Some(limit));
            let (items, next) = page::<_, ApplicationKind>(&part, all.clone(), place, direction).unwrap();
            seen.extend(items);
            let Some(next) = next else { return seen };
            cursor = Some(next);
        }
    }

    #[test]
    fn k1_whatever_the_size_of_a_page_each_comes_once_and_in_order() {
        let up = [("a", 2), ("a", 5), ("b", 1), ("b", 3), ("c d", 4)];
        for limit in 1..=6 {
            assert_eq!(walk(Direction::Up, limit), up);
            let down: Vec<_> = up.into_iter().rev().collect();
            assert_eq!(walk(Direction::Down, limit), down);
        }
    }

    #[test]
    fn g21_a_cursor_of_somebody_elses_making_is_refused() {
        for cursor in ["x", "bm90aGluZw", "IA"] {
            let part = Part::new(Some(cursor.to_owned()), None);
            let place = |_: &u8| (String::new(), ApplicationId::from_bytes([0; 16]));
            assert!(page::<_, ApplicationKind>(&part, vec![1], place, Direction::Up).is_err(), "{cursor}");
        }
    }
}
