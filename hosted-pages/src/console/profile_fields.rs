//! What is known of each person, beyond name and address.

use askama::Template;
use polder_kernel::Locale;
use polder_tenant_api::{FieldEditor, FieldType, ProfileField};

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead};

/// The fields that a tenant adds to the profile of its people.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/profile_fields.html")]
pub struct ProfileFields<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The fields, in the order in which people see them.
    pub fields: &'a [ProfileField],
}

/// One field, or a new one: `form#field-form`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/profile_field.html")]
pub struct ProfileFieldPage<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The name of the field that is there; `None` for a new one.
    pub existing: Option<&'a str>,
    /// What the form holds.
    pub form: &'a FieldForm,
    /// What was wrong with it, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// What the form for a field holds.
#[derive(Clone, Debug, Default)]
pub struct FieldForm {
    /// `word`: what names it.
    pub word: String,
    /// `type`, as on the wire; it stays.
    pub kind: String,
    /// `label_` and a language: what people read.
    pub labels: Vec<(Locale, String)>,
    /// `required`.
    pub required: bool,
    /// `editable_by`: `person` or `administrator`.
    pub editable_by: String,
    /// `at_sign_up`.
    pub at_sign_up: bool,
    /// `choices`, one a line.
    pub choices: String,
    /// `max_length`, `minimum` and `maximum`.
    pub limits: [String; 3],
    /// `claim_name`.
    pub claim_name: String,
    /// `claim_scope`.
    pub claim_scope: String,
    /// `claim_id_token`.
    pub claim_id_token: bool,
}

/// One of several choices: its value, what it is called, whether it is chosen.
type Choice = (&'static str, &'static str, bool);

impl ProfileFields<'_> {
    const fn section(&self) -> Section {
        Section::Fields
    }

    const fn kind(&self, field: &ProfileField) -> &'static str {
        let t = &self.shell.t().profile_fields;
        match field.definition.kind {
            FieldType::Text => t.text,
            FieldType::Number => t.number,
            FieldType::Boolean => t.boolean,
            FieldType::Date => t.date,
            FieldType::Choice => t.choice,
        }
    }

    fn label<'f>(&self, field: &'f ProfileField) -> &'f str {
        field.definition.labels.get(&self.shell.locale).map_or(field.name.as_str(), String::as_str)
    }

    /// Whether there are buttons that put fields elsewhere.
    const fn can_be_moved(&self) -> bool {
        self.shell.may.change_tenants && self.fields.len() > 1
    }

    fn by_administrators(&self, field: &ProfileField) -> bool {
        field.definition.editable_by == FieldEditor::Administrator
    }
}

impl ProfileFieldPage<'_> {
    const fn section(&self) -> Section {
        Section::Fields
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    /// The type of a field that is there stays, and is shown alone.
    fn kinds(&self) -> Vec<Choice> {
        let t = &self.shell.t().profile_fields;
        let all =
            [("text", t.text), ("number", t.number), ("boolean", t.boolean), ("date", t.date), ("choice", t.choice)];
        let chosen = |value: &str| self.form.kind == value || (self.form.kind.is_empty() && value == "text");
        let offered = all.into_iter().filter(|(value, _)| self.existing.is_none() || chosen(value));
        offered.map(|(value, words)| (value, words, chosen(value))).collect()
    }

    fn editors(&self) -> [(&'static str, &'static str, &'static str, bool); 2] {
        let t = &self.shell.t().profile_fields;
        let administrator = self.form.editable_by == "administrator";
        [
            ("person", t.person, t.person_help, !administrator),
            ("administrator", t.administrator, t.administrator_help, administrator),
        ]
    }

    /// The fields of the form that are numbers: name, label and what they hold.
    fn limits(&self) -> [(&'static str, &'static str, &str); 3] {
        let t = &self.shell.t().profile_fields;
        let [length, least, most] = &self.form.limits;
        [("max_length", t.max_length, length), ("minimum", t.minimum, least), ("maximum", t.maximum, most)]
    }
}
