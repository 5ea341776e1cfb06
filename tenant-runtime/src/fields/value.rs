//! What a field may hold: from JSON, from a form, and back to text.

use polder_tenant_api::{FieldDefinition, FieldType};
use serde_json::Value;

use crate::account::name;

/// The longest text where a field says nothing, in characters.
const USUAL_LENGTH: u16 = 200;
/// As forms and pages say yes and no.
pub const YES: &str = "yes";
/// See [`YES`].
pub const NO: &str = "no";

/// Why a value is not taken.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Wrong {
    /// There has to be one.
    #[error("is required")]
    Missing,
    /// It is of another type.
    #[error("is not of the field's type")]
    Type,
    /// It breaks or turns the line it stands in.
    #[error("is plain text on one line")]
    NotPlain,
    /// It is longer than this many characters.
    #[error("is longer than {0} characters")]
    TooLong(u16),
    /// It is no number.
    #[error("is a number")]
    NotANumber,
    /// It is below this.
    #[error("is {0} or more")]
    TooSmall(f64),
    /// It is above this.
    #[error("is {0} or less")]
    TooLarge(f64),
    /// It is no day of the calendar.
    #[error("is a day such as 2026-11-21")]
    NotADate,
    /// It is none of the choices.
    #[error("is none of the field's choices")]
    NotAChoice,
}

/// The longest text a field takes, in characters.
pub fn longest(definition: &FieldDefinition) -> u16 {
    definition.max_length.unwrap_or(USUAL_LENGTH)
}

/// A value as it is stored, from JSON.
///
/// # Errors
/// Why not.
pub fn check(definition: &FieldDefinition, value: &Value) -> Result<Value, Wrong> {
    match (definition.kind, value) {
        (FieldType::Boolean, Value::Bool(_)) => Ok(value.clone()),
        (FieldType::Number, Value::Number(number)) => bounded(definition, number.as_f64()).map(|()| value.clone()),
        (FieldType::Text | FieldType::Date | FieldType::Choice, Value::String(text)) => {
            read(definition, text)?.ok_or(Wrong::Missing)
        }
        _ => Err(Wrong::Type),
    }
}

/// A value as it is stored, from what somebody typed or chose; `None` for nothing.
///
/// # Errors
/// Why not.
pub fn read(definition: &FieldDefinition, typed: &str) -> Result<Option<Value>, Wrong> {
    if typed.chars().any(name::misleads) {
        return Err(Wrong::NotPlain);
    }
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Ok(None);
    }
    let value = match definition.kind {
        FieldType::Text if text.chars().count() > usize::from(longest(definition)) => {
            return Err(Wrong::TooLong(longest(definition)));
        }
        FieldType::Text => Value::from(text),
        FieldType::Number => number(definition, &text)?,
        FieldType::Boolean if text == YES => Value::Bool(true),
        FieldType::Boolean if text == NO => Value::Bool(false),
        FieldType::Boolean => return Err(Wrong::Type),
        FieldType::Date if is_day(&text) => Value::from(text),
        FieldType::Date => return Err(Wrong::NotADate),
        FieldType::Choice if definition.choices.iter().any(|choice| choice.value == text) => Value::from(text),
        FieldType::Choice => return Err(Wrong::NotAChoice),
    };
    Ok(Some(value))
}

/// A value as forms hold it.
pub fn text(value: &Value) -> String {
    match value {
        Value::Bool(true) => YES.to_owned(),
        Value::Bool(false) => NO.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whole numbers stay whole; a comma is a point to who writes it so.
fn number(definition: &FieldDefinition, text: &str) -> Result<Value, Wrong> {
    let text = text.replacen(',', ".", 1);
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-') && text.len() <= 32;
    let value = match text.parse::<i64>() {
        Ok(whole) => Value::from(whole),
        Err(_) => {
            text.parse::<f64>().ok().filter(|n| plain && n.is_finite()).map(Value::from).ok_or(Wrong::NotANumber)?
        }
    };
    bounded(definition, value.as_f64())?;
    Ok(value)
}

fn bounded(definition: &FieldDefinition, number: Option<f64>) -> Result<(), Wrong> {
    let number = number.filter(|number| number.is_finite()).ok_or(Wrong::NotANumber)?;
    match (definition.minimum, definition.maximum) {
        (Some(least), _) if number < least => Err(Wrong::TooSmall(least)),
        (_, Some(most)) if number > most => Err(Wrong::TooLarge(most)),
        _ => Ok(()),
    }
}

/// `YYYY-MM-DD`, a day that there is.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.as_bytes()[4] == b'-' && text.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use polder_tenant_api::FieldChoice;
    use serde_json::json;

    use super::*;

    fn of(kind: FieldType) -> FieldDefinition {
        let choice = |value: &str| FieldChoice { value: value.to_owned(), labels: Default::default() };
        FieldDefinition {
            kind,
            labels: Default::default(),
            required: false,
            editable_by: Default::default(),
            at_sign_up: false,
            choices: vec![choice("basic"), choice("full member")],
            max_length: Some(10),
            minimum: Some(-5.0),
            maximum: Some(120.5),
            claim: None,
        }
    }

    #[test]
    fn k9_values_are_of_their_type() {
        for (kind, typed, expected) in [
            (FieldType::Text, "  a   b ", json!("a b")),
            (FieldType::Number, "42", json!(42)),
            (FieldType::Number, "1,5", json!(1.5)),
            (FieldType::Number, "-5", json!(-5)),
            (FieldType::Boolean, "yes", json!(true)),
            (FieldType::Boolean, "no", json!(false)),
            (FieldType::Date, "2024-02-29", json!("2024-02-29")),
            (FieldType::Choice, "full member", json!("full member")),
        ] {
            assert_eq!(read(&of(kind), typed), Ok(Some(expected.clone())), "{typed}");
            assert_eq!(check(&of(kind), &expected), Ok(expected.clone()), "{typed}");
            assert_eq!(read(&of(kind), &text(&expected)), Ok(Some(expected)), "it comes back as it went");
            assert_eq!(read(&of(kind), "  "), Ok(None));
        }
    }

    #[test]
    fn k9_values_of_another_kind_are_refused() {
        for (kind, typed, wrong) in [
            (FieldType::Text, "elf letters", Wrong::TooLong(10)),
            (FieldType::Text, "a\u{202e}b", Wrong::NotPlain),
            (FieldType::Text, "a\nb", Wrong::NotPlain),
            (FieldType::Number, "NaN", Wrong::NotANumber),
            (FieldType::Number, "inf", Wrong::NotANumber),
            (FieldType::Number, "1e3", Wrong::NotANumber),
            (FieldType::Number, "1.2.3", Wrong::NotANumber),
            (FieldType::Number, "-6", Wrong::TooSmall(-5.0)),
            (FieldType::Number, "121", Wrong::TooLarge(120.5)),
            (FieldType::Boolean, "true", Wrong::Type),
            (FieldType::Date, "2023-02-29", Wrong::NotADate),
            (FieldType::Date, "2023-2-9", Wrong::NotADate),
            (FieldType::Date, "2023-02-09T00:00", Wrong::NotADate),
            (FieldType::Date, "20230209", Wrong::NotADate),
            (FieldType::Choice, "BASIC", Wrong::NotAChoice),
        ] {
            assert_eq!(read(&of(kind), typed), Err(wrong), "{typed}");
        }
        for (kind, value) in [
            (FieldType::Text, json!(1)),
            (FieldType::Number, json!("1")),
            (FieldType::Boolean, json!("yes")),
            (FieldType::Date, json!(null)),
            (FieldType::Choice, json!(["basic"])),
            (FieldType::Text, json!({ "a": "b" })),
        ] {
            assert_eq!(check(&of(kind), &value), Err(Wrong::Type), "{value}");
        }
    }
}
