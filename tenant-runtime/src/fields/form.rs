//! Fields in a form: as it shows them, and as it comes back.

use polder_db::Tx;
use polder_hosted_pages::fields::{FieldInput, FieldKind, FieldWrong};
use polder_kernel::Locale;
use polder_tenant_api::{FieldType, FieldValues, UserId};
use serde_json::Value;

use super::Field;
use super::value::{self, Wrong};
use crate::App;
use crate::error::Internal;
use crate::store::profile::{self, ValueId};

/// The longest text that is shown again, in characters.
const LONGEST_SHOWN: usize = 1200;

/// A form as it came back.
#[derive(Debug)]
pub struct Filled {
    /// The same form again, with what was wrong.
    pub inputs: Vec<FieldInput>,
    /// What was filled in, by field; `None` for nothing.
    pub values: Vec<(String, Option<Value>)>,
}

impl Filled {
    /// Whether nothing was wrong.
    pub fn is_right(&self) -> bool {
        self.inputs.iter().all(|input| input.wrong.is_none())
    }

    /// The fields whose values differ from those before.
    pub fn changes(&self, before: &FieldValues) -> Vec<(String, Option<Value>)> {
        self.values.iter().filter(|(name, value)| before.get(name) != value.as_ref()).cloned().collect()
    }
}

/// The fields as a form shows them. Those that the person may not change are shown as they are.
pub fn show<'a>(
    fields: impl Iterator<Item = &'a Field>,
    values: &FieldValues,
    (locale, last): (Locale, Locale),
) -> Vec<FieldInput> {
    let input = |field: &Field| {
        let typed = values.get(&field.name).map(value::text).unwrap_or_default();
        input(field, typed, (locale, last))
    };
    fields.map(input).collect()
}

/// Reads a form; what the person may not change is not looked at.
pub fn read<'a>(
    fields: impl Iterator<Item = &'a Field>,
    typed: impl Fn(&str) -> String,
    locales: (Locale, Locale),
) -> Filled {
    let mut filled = Filled { inputs: Vec::new(), values: Vec::new() };
    for field in fields.filter(|field| field.is_personal()) {
        let text = typed(&FieldInput::form_name(&field.name));
        let read = value::read(&field.definition, &text).and_then(|value| match value {
            None if field.definition.required => Err(Wrong::Missing),
            value => Ok(value),
        });
        let shown: String = text.chars().take(LONGEST_SHOWN).collect();
        let mut input = input(field, shown, locales);
        match read {
            Ok(value) => filled.values.push((field.name.clone(), value)),
            Err(wrong) => input.wrong = Some(said(wrong)),
        }
        filled.inputs.push(input);
    }
    filled
}

/// Stores what was filled in.
///
/// # Errors
/// When the database fails.
pub async fn store(app: &App, tx: &mut Tx, user: UserId, values: &[(String, Option<Value>)]) -> Result<(), Internal> {
    for (name, value) in values {
        let id = ValueId::new(&app.clock, &app.entropy);
        profile::set_value(tx, &app.keyring, (id, user), (name, value.as_ref()), app.clock.now()).await?;
    }
    Ok(())
}

/// Values as the audit log knows them: by name alone.
pub fn names(values: &[(String, Option<Value>)]) -> Vec<String> {
    values.iter().map(|(name, _)| format!("fields.{name}")).collect()
}

fn input(field: &Field, value: String, (locale, last): (Locale, Locale)) -> FieldInput {
    let definition = &field.definition;
    FieldInput {
        name: field.name.clone(),
        label: field.label(locale, last).to_owned(),
        kind: match definition.kind {
            FieldType::Text => FieldKind::Text { longest: value::longest(definition) },
            FieldType::Number => FieldKind::Number,
            FieldType::Boolean => FieldKind::YesNo,
            FieldType::Date => FieldKind::Date,
            FieldType::Choice => FieldKind::Choice(
                definition
                    .choices
                    .iter()
                    .map(|choice| {
                        let label = choice.labels.get(&locale).or_else(|| choice.labels.get(&last));
                        (choice.value.clone(), label.unwrap_or(&choice.value).clone())
                    })
                    .collect(),
            ),
        },
        value,
        required: definition.required,
        fixed: !field.is_personal(),
        wrong: None,
    }
}

fn said(wrong: Wrong) -> FieldWrong {
    match wrong {
        Wrong::Missing => FieldWrong::Missing,
        Wrong::TooLong(most) => FieldWrong::TooLong(most),
        Wrong::NotANumber => FieldWrong::NotANumber,
        Wrong::TooSmall(least) => FieldWrong::TooSmall(least),
        Wrong::TooLarge(most) => FieldWrong::TooLarge(most),
        Wrong::NotADate => FieldWrong::NotADate,
        Wrong::NotAChoice | Wrong::Type => FieldWrong::NotAChoice,
        Wrong::NotPlain => FieldWrong::NotPlain,
    }
}
