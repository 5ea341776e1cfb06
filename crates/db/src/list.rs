//! Lists in statements: `IN ($2, $3, $4, $5)` with a fixed number of places, so that the SQL stays
//! one literal text on both databases.

use crate::Value;

/// The values in groups of `N`, for a statement with `N` places. The last group is filled up by
/// repeating its last value, which changes nothing for `IN`. No values, no groups.
///
/// ```
/// use polder_db::{Value, list};
/// let groups = list::groups::<4, _>(["a", "b", "c", "d", "e"]);
/// assert_eq!(groups.len(), 2);
/// assert_eq!(groups[1], ["e", "e", "e", "e"].map(Value::from));
/// ```
pub fn groups<const N: usize, T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Vec<[Value; N]> {
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    values
        .chunks(N.max(1))
        .map(|group| std::array::from_fn(|place| group[place.min(group.len() - 1)].clone()))
        .collect()
}
