//! A field, as the form of its page has it and as the tenant takes it.

use std::collections::BTreeMap;

use polder_hosted_pages::console::FieldForm;
use polder_kernel::Locale;
use polder_tenant_api::{FieldClaim, FieldDefinition, FieldEditor, FieldType, ProfileField};

use super::choices;
use crate::console::fields::Fields;

/// A form for a new field.
pub(super) fn empty() -> FieldForm {
    FieldForm { labels: Locale::ALL.map(|locale| (locale, String::new())).to_vec(), ..FieldForm::default() }
}

/// The form as it was filled in.
pub(super) fn read(fields: &Fields) -> FieldForm {
    let text = |name: &str| fields.get(name).to_owned();
    let ticked = |name: &str| !fields.get(name).is_empty();
    FieldForm {
        word: text("word"),
        kind: text("type"),
        labels: Locale::ALL.map(|locale| (locale, text(&format!("label_{locale}")))).to_vec(),
        required: ticked("required"),
        editable_by: text("editable_by"),
        at_sign_up: ticked("at_sign_up"),
        choices: text("choices"),
        limits: ["max_length", "minimum", "maximum"].map(text),
        claim_name: text("claim_name"),
        claim_scope: text("claim_scope"),
        claim_id_token: ticked("claim_id_token"),
    }
}

/// The form for a field that is there.
pub(super) fn of(field: &ProfileField) -> FieldForm {
    let definition = &field.definition;
    let label = |locale: Locale| (locale, definition.labels.get(&locale).cloned().unwrap_or_default());
    let claim = definition.claim.as_ref();
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    FieldForm {
        word: field.name.clone(),
        kind: kind_name(definition.kind).to_owned(),
        labels: Locale::ALL.map(label).to_vec(),
        required: definition.required,
        editable_by: match definition.editable_by {
            FieldEditor::Person => "person".to_owned(),
            FieldEditor::Administrator => "administrator".to_owned(),
        },
        at_sign_up: definition.at_sign_up,
        choices: choices::written(&definition.choices),
        limits: [
            definition.max_length.map(|length| length.to_string()).unwrap_or_default(),
            number(definition.minimum),
            number(definition.maximum),
        ],
        claim_name: claim.map(|claim| claim.name.clone()).unwrap_or_default(),
        claim_scope: claim.map(|claim| claim.scope.clone()).unwrap_or_default(),
        claim_id_token: claim.is_some_and(|claim| claim.id_token),
    }
}

/// What the form says; or the field of it that cannot be read.
pub(super) fn definition(form: &FieldForm) -> Result<FieldDefinition, &'static str> {
    let [length, least, most] = &form.limits;
    let labels: BTreeMap<Locale, String> = form.labels.iter().filter(|(_, label)| !label.is_empty()).cloned().collect();
    let claimed = !form.claim_name.is_empty() || !form.claim_scope.is_empty();
    let claim = claimed.then(|| FieldClaim {
        name: form.claim_name.clone(),
        scope: form.claim_scope.clone(),
        id_token: form.claim_id_token,
    });
    Ok(FieldDefinition {
        kind: kind(&form.kind),
        labels,
        required: form.required,
        editable_by: if form.editable_by == "administrator" { FieldEditor::Administrator } else { FieldEditor::Person },
        at_sign_up: form.at_sign_up,
        choices: choices::read(&form.choices).ok_or("choices")?,
        max_length: number(length).ok_or("max_length")?,
        minimum: number(least).filter(is_finite).ok_or("minimum")?,
        maximum: number(most).filter(is_finite).ok_or("maximum")?,
        claim,
    })
}

/// A number, or none where nothing is filled in; `None` for what is no number.
fn number<T: std::str::FromStr>(text: &str) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

fn is_finite(number: &Option<f64>) -> bool {
    number.is_none_or(f64::is_finite)
}

fn kind(word: &str) -> FieldType {
    match word {
        "number" => FieldType::Number,
        "boolean" => FieldType::Boolean,
        "date" => FieldType::Date,
        "choice" => FieldType::Choice,
        _ => FieldType::Text,
    }
}

const fn kind_name(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "text",
        FieldType::Number => "number",
        FieldType::Boolean => "boolean",
        FieldType::Date => "date",
        FieldType::Choice => "choice",
    }
}

#[cfg(test)]
mod tests {
    use polder_tenant_api::FieldChoice;

    use super::*;

    #[test]
    fn k09_a_field_goes_through_its_form_unchanged() {
        let label = |text: &str| Locale::ALL.map(|locale| (locale, format!("{text} {locale}"))).into();
        let definition = FieldDefinition {
            kind: FieldType::Choice,
            labels: label("Plan"),
            required: true,
            editable_by: FieldEditor::Administrator,
            at_sign_up: false,
            choices: vec![
                FieldChoice { value: "a | b".to_owned(), labels: label("A") },
                FieldChoice { value: "c\\d".to_owned(), labels: BTreeMap::new() },
            ],
            max_length: None,
            minimum: Some(-0.5),
            maximum: Some(1000.0),
            claim: Some(FieldClaim { name: "plan".to_owned(), scope: "shop".to_owned(), id_token: true }),
        };
        let field = ProfileField {
            name: "plan".to_owned(),
            definition: definition.clone(),
            created_at: String::new(),
            updated_at: String::new(),
        };
        assert_eq!(super::definition(&of(&field)), Ok(definition));
    }

    #[test]
    fn k09_what_is_no_number_is_said_at_its_field() {
        for (at, field) in ["max_length", "minimum", "maximum"].into_iter().enumerate() {
            for wrong in ["many", "1e999", "99999999999999999999999"] {
                let mut form = empty();
                wrong.clone_into(&mut form.limits[at]);
                let said = super::definition(&form);
                assert!(said == Err(field) || (said.is_ok() && wrong.starts_with("999") && at > 0), "{field} {wrong}");
            }
        }
    }
}
