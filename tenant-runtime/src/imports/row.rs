//! One person of a file, checked.

use std::collections::BTreeMap;

use polder_kernel::{Email, Locale};
use polder_tenant_api::FieldValues;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::name::{self as names, NameProblem};
use crate::admin::users::{MOST_ROLES, is_role};
use crate::fields::{Field, value};

/// A person as the file has them; what is absent is not said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The address they are known by.
    pub email: String,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// Their roles, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Values of the tenant's own fields.
    #[serde(default, skip_serializing_if = "FieldValues::is_empty")]
    pub fields: FieldValues,
}

/// A line of JSON, before it is checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    email: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    roles: Option<Vec<String>>,
    #[serde(default)]
    fields: BTreeMap<String, Value>,
}

/// What is wrong with a column of a line.
#[derive(Debug)]
pub struct Wrong {
    /// The column.
    pub column: String,
    /// What is wrong.
    pub detail: String,
}

/// What a line says so far, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Reading {
    email: Option<String>,
    name: Option<String>,
    locale: Option<Locale>,
    roles: Option<Vec<String>>,
    fields: FieldValues,
    wrong: Vec<Wrong>,
}

impl Reading {
    /// Takes one cell. An empty one says nothing.
    pub fn cell(&mut self, column: &str, text: &str, fields: &[Field]) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        match column {
            "email" => self.email(text),
            "name" => self.name(text),
            "locale" => self.locale(text),
            "roles" => self.roles(text.split([' ', ',', ';']).filter(|r| !r.is_empty()).map(str::to_owned).collect()),
            own => {
                let Some(field) = fields.iter().find(|field| field.name == own) else { return };
                match value::read(&field.definition, text) {
                    Ok(Some(value)) => drop(self.fields.insert(own.to_owned(), value)),
                    Ok(None) => {}
                    Err(why) => self.wrong(own, why.to_string()),
                }
            }
        }
    }

    /// Takes a line of JSON.
    pub fn line(&mut self, line: Line, fields: &[Field]) {
        self.email(line.email.trim());
        if let Some(name) = line.name.as_deref().filter(|name| !name.trim().is_empty()) {
            self.name(name);
        }
        if let Some(locale) = line.locale.as_deref() {
            self.locale(locale);
        }
        if let Some(roles) = line.roles {
            self.roles(roles);
        }
        for (own, given) in line.fields.into_iter().filter(|(_, given)| !given.is_null()) {
            let Some(field) = fields.iter().find(|field| field.name == own) else {
                self.wrong("fields", "names a field that the tenant does not have".to_owned());
                continue;
            };
            match value::check(&field.definition, &given) {
                Ok(value) => drop(self.fields.insert(own, value)),
                Err(why) => self.wrong(&own, why.to_string()),
            }
        }
    }

    /// The person, or what is wrong.
    ///
    /// # Errors
    /// What is wrong, by column.
    pub fn done(mut self) -> Result<Row, Vec<Wrong>> {
        if self.email.is_none() && self.wrong.iter().all(|wrong| wrong.column != "email") {
            self.wrong("email", "is missing".to_owned());
        }
        let Self { email, name, locale, roles, fields, wrong } = self;
        match email {
            Some(email) if wrong.is_empty() => Ok(Row { email, name, locale, roles, fields }),
            _ => Err(wrong),
        }
    }

    fn email(&mut self, text: &str) {
        match text.parse::<Email>() {
            Ok(email) => self.email = Some(email.as_str().to_owned()),
            Err(_) => self.wrong("email", "is not an e-mail address".to_owned()),
        }
    }

    fn name(&mut self, text: &str) {
        match names::checked(text) {
            Ok(name) => self.name = Some(name),
            Err(NameProblem::Empty) => {}
            Err(NameProblem::TooLong) => self.wrong("name", "is longer than 100 characters".to_owned()),
            Err(NameProblem::Invalid) => self.wrong("name", "has characters that are no part of a name".to_owned()),
        }
    }

    fn locale(&mut self, text: &str) {
        match text.parse() {
            Ok(locale) => self.locale = Some(locale),
            Err(_) => {
                let tags: Vec<&str> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
                self.wrong("locale", format!("is none of {}", tags.join(", ")));
            }
        }
    }

    fn roles(&mut self, mut roles: Vec<String>) {
        if roles.len() > MOST_ROLES || !roles.iter().all(|role| is_role(role)) {
            let detail = "are up to 32 words of letters, digits, '-', '_', '.' and ':'";
            return self.wrong("roles", detail.to_owned());
        }
        roles.sort();
        roles.dedup();
        self.roles = Some(roles);
    }

    fn wrong(&mut self, column: &str, detail: String) {
        self.wrong.push(Wrong { column: column.to_owned(), detail });
    }
}
