//! Fields of a tenant's own, one of each kind.

use polder_hosted_pages::fields::{FieldInput, FieldKind, FieldWrong};

use super::Words;

/// One of each kind; with everything that can be wrong where `wrong`.
pub fn all(words: Words<'_>, wrong: bool) -> Vec<FieldInput> {
    let choices = vec![("basic".to_owned(), words.other.to_owned()), (words.person.to_owned(), "Full".to_owned())];
    let kinds = [
        ("text", FieldKind::Text { longest: 40 }, words.other, FieldWrong::TooLong(40)),
        ("plain", FieldKind::Text { longest: 200 }, "", FieldWrong::NotPlain),
        ("number", FieldKind::Number, "41", FieldWrong::TooSmall(42.0)),
        ("large", FieldKind::Number, "43", FieldWrong::TooLarge(42.5)),
        ("amount", FieldKind::Number, "many", FieldWrong::NotANumber),
        ("agreed", FieldKind::YesNo, "yes", FieldWrong::Missing),
        ("born", FieldKind::Date, "2001-02-03", FieldWrong::NotADate),
        ("member", FieldKind::Choice(choices), words.person, FieldWrong::NotAChoice),
    ];
    let input = |(at, (name, kind, value, why)): (usize, (&str, FieldKind, &str, FieldWrong))| FieldInput {
        name: name.to_owned(),
        label: if at == 0 { words.application.to_owned() } else { format!("Field {name}") },
        kind,
        value: value.to_owned(),
        required: at.is_multiple_of(2),
        fixed: false,
        wrong: wrong.then_some(why),
    };
    kinds.into_iter().enumerate().map(input).collect()
}

/// The same, as they are shown to somebody who may not change them.
pub fn fixed(words: Words<'_>) -> Vec<FieldInput> {
    all(words, false)
        .into_iter()
        .map(|field| FieldInput { name: format!("{}_fixed", field.name), fixed: true, ..field })
        .collect()
}
