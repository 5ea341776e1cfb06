//! The form of a person's profile, with the tenant's own fields.

use polder_hosted_pages::console::PersonField;
use polder_kernel::Locale;
use polder_tenant_api::{FieldType, FieldValues, ProfileField, User, UserChanges};
use serde_json::Value;

use super::fields::Fields;

/// The fields whose problems have a place of their own.
pub const FIELDS: [&str; 4] = ["email", "name", "roles", "locale"];

/// What the form holds.
#[derive(Debug)]
pub struct PersonForm {
    /// The address.
    pub email: String,
    /// The name.
    pub name: String,
    /// Roles, separated by spaces.
    pub roles: String,
    /// The tag of a language, or nothing.
    pub locale: String,
    /// The tenant's own.
    pub fields: Vec<PersonField>,
}

impl PersonForm {
    /// As the person is.
    pub fn of(user: &User, own: &[ProfileField], locale: Locale) -> Self {
        let value = |field: &ProfileField| text(user.fields.get(&field.name));
        Self {
            email: user.email.clone(),
            name: user.name.clone().unwrap_or_default(),
            roles: user.roles.join(" "),
            locale: user.locale.map(|locale| locale.tag().to_owned()).unwrap_or_default(),
            fields: own.iter().map(|field| shown(field, value(field), locale)).collect(),
        }
    }

    /// As it was typed.
    pub fn typed(fields: &Fields, own: &[ProfileField], locale: Locale) -> Self {
        let get = |name: &str| fields.get(name).to_owned();
        Self {
            email: get("email"),
            name: get("name"),
            roles: get("roles"),
            locale: get("locale"),
            fields: own.iter().map(|field| shown(field, get(&input(&field.name)), locale)).collect(),
        }
    }
}

/// What is to change: what the form has, and only what is not as it was. A form without a field leaves it as it is.
pub fn changes(user: &User, own: &[ProfileField], fields: &Fields) -> UserChanges {
    let given = |name: &str| Some(fields.get(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut roles = fields.words("roles");
    roles.sort();
    roles.dedup();
    let mut values = FieldValues::new();
    for field in own.iter().filter(|field| fields.has(&input(&field.name))) {
        let typed = fields.get(&input(&field.name));
        if typed != text(user.fields.get(&field.name)) {
            values.insert(field.name.clone(), value(field, typed));
        }
    }
    UserChanges {
        email: given("email").filter(|email| *email != user.email),
        name: given("name").filter(|name| Some(name) != user.name.as_ref()),
        locale: given("locale").and_then(|tag| tag.parse().ok()).filter(|locale| Some(*locale) != user.locale),
        roles: Some(roles).filter(|roles| fields.has("roles") && *roles != user.roles),
        disabled: None,
        fields: values,
    }
}

fn input(name: &str) -> String {
    format!("field-{name}")
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        Some(other) => other.to_string(),
    }
}

/// As the tenant takes it. What is no number goes as it was typed, and the tenant says so.
fn value(field: &ProfileField, typed: &str) -> Value {
    match field.definition.kind {
        _ if typed.is_empty() => Value::Null,
        FieldType::Boolean => Value::Bool(typed == "yes"),
        FieldType::Number => {
            serde_json::from_str::<serde_json::Number>(typed).map_or_else(|_| typed.into(), Value::Number)
        }
        FieldType::Text | FieldType::Date | FieldType::Choice => typed.into(),
    }
}

fn shown(field: &ProfileField, value: String, locale: Locale) -> PersonField {
    let definition = &field.definition;
    let label = definition.labels.get(&locale).unwrap_or(&field.name).clone();
    let (kind, choices) = match definition.kind {
        FieldType::Text | FieldType::Number => ("text", Vec::new()),
        FieldType::Date => ("date", Vec::new()),
        FieldType::Boolean => {
            let words = polder_hosted_pages::console::yes_and_no(locale);
            let choice = |word: &str, words: &str| (word.to_owned(), words.to_owned(), value == word);
            ("choice", vec![choice("yes", words.0), choice("no", words.1)])
        }
        FieldType::Choice => {
            let choice = |one: &polder_tenant_api::FieldChoice| {
                let words = one.labels.get(&locale).unwrap_or(&one.value);
                (one.value.clone(), words.clone(), one.value == value)
            };
            ("choice", definition.choices.iter().map(choice).collect())
        }
    };
    PersonField { input: input(&field.name), label, kind, value, choices }
}
