//! What may be defined as a field: names and claims that mean nothing else.

use std::collections::BTreeSet;

use polder_protocol::claims::reserved;
use polder_protocol::scope;
use polder_service::Problem;
use polder_service::problem::FieldError;
use polder_tenant_api::{FieldClaim, FieldDefinition, FieldEditor, FieldType};

use super::Field;
use crate::account::name;
use crate::error::ProblemError;
use crate::imports::file::is_column;

/// The most fields of a tenant.
pub const MOST_FIELDS: usize = 50;
/// The most values of a choice.
const MOST_CHOICES: usize = 100;
/// The longest label, in characters.
const LONGEST_LABEL: usize = 100;
/// The longest text that a field can allow, in characters.
const LONGEST_TEXT: u16 = 1000;

/// Checks a definition against itself and the tenant's other fields.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn check(name: &str, definition: &FieldDefinition, others: &[Field]) -> Result<(), ProblemError> {
    let mut wrong = Wrongs::default();
    if !is_name(name) {
        wrong.add("/name", "1 to 32 small letters, digits and underscores, a letter first");
    }
    // Lists of people as files have a column for each: two of one name could not be told apart. One of before stays.
    if is_column(name) && others.iter().all(|other| other.name != name) {
        wrong.add("/name", "is a column that every list of people has");
    }
    wrong.labels("/labels", definition.labels.values());
    choices(definition, &mut wrong);
    numbers(definition, &mut wrong);
    if definition.at_sign_up && definition.editable_by == FieldEditor::Administrator {
        wrong.add("/at_sign_up", "people cannot be asked for what only administrators may change");
    }
    if let Some(of) = &definition.claim {
        claim(of, definition, &mut wrong);
        let taken =
            |other: &Field| other.name != name && other.definition.claim.as_ref().is_some_and(|c| c.name == of.name);
        if others.iter().any(taken) {
            wrong.add("/claim/name", "another field has this claim");
        }
    }
    if wrong.0.is_empty() { Ok(()) } else { Err(Problem::invalid(wrong.0).into()) }
}

/// Whether this can name a field.
pub fn is_name(name: &str) -> bool {
    let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(rest)
}

fn choices(definition: &FieldDefinition, wrong: &mut Wrongs) {
    let choices = &definition.choices;
    if (definition.kind == FieldType::Choice) == choices.is_empty() {
        wrong.add("/choices", "a choice has some, and nothing else has any");
    }
    let values: BTreeSet<_> = choices.iter().map(|choice| choice.value.as_str()).collect();
    if choices.len() > MOST_CHOICES || values.len() < choices.len() {
        wrong.add("/choices", "up to 100, each once");
    }
    let is_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ") == text && is_label(text);
    if !values.into_iter().all(is_line) {
        wrong.add("/choices", "values are 1 to 100 characters of plain text");
    }
    wrong.labels("/choices", choices.iter().flat_map(|choice| choice.labels.values()));
}

fn numbers(definition: &FieldDefinition, wrong: &mut Wrongs) {
    let (least, most) = (definition.minimum, definition.maximum);
    let number = definition.kind == FieldType::Number;
    if !number && (least.is_some() || most.is_some()) {
        wrong.add("/minimum", "only numbers have a minimum and a maximum");
    }
    if matches!((least, most), (Some(least), Some(most)) if least > most) {
        wrong.add("/minimum", "is above the maximum");
    }
    match definition.max_length {
        Some(_) if definition.kind != FieldType::Text => wrong.add("/max_length", "only texts have one"),
        Some(length) if !(1..=LONGEST_TEXT).contains(&length) => wrong.add("/max_length", "1 to 1000 characters"),
        _ => {}
    }
}

/// Claims are read by programs that trust what they know: no field can pose as one of them, least of all
/// one that people fill in themselves.
fn claim(claim: &FieldClaim, definition: &FieldDefinition, wrong: &mut Wrongs) {
    let byte = |b: u8| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b);
    if claim.name.is_empty() || claim.name.len() > 128 || !claim.name.bytes().all(byte) {
        wrong.add("/claim/name", "1 to 128 letters, digits and any of _-.:/");
    } else if reserved::is_reserved(&claim.name) {
        wrong.add("/claim/name", "is reserved: tokens and applications have a meaning for it");
    }
    let own =
        scope::is_token(&claim.scope) && claim.scope.len() <= 64 && !scope::STANDARD.contains(&claim.scope.as_str());
    if claim.scope != scope::PROFILE && !own {
        wrong.add("/claim/scope", "is profile, or a scope of your own");
    }
    // ID tokens travel through browsers and logs: a long text has no place there.
    if claim.id_token && definition.kind == FieldType::Text && super::value::longest(definition) > 200 {
        wrong.add("/claim/id_token", "texts longer than 200 characters are for userinfo alone");
    }
}

fn is_label(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= LONGEST_LABEL && !text.chars().any(name::misleads)
}

#[derive(Default)]
struct Wrongs(Vec<FieldError>);

impl Wrongs {
    fn add(&mut self, pointer: &str, detail: &str) {
        self.0.push(FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() });
    }

    fn labels<'a>(&mut self, pointer: &str, mut labels: impl Iterator<Item = &'a String>) {
        if !labels.all(|label| is_label(label)) {
            self.add(pointer, "labels are 1 to 100 characters of plain text");
        }
    }
}
