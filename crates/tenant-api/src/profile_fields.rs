//! Fields that a tenant adds to the profile of its people.

use std::collections::BTreeMap;

use polder_kernel::Locale;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// A line of text.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day, as `2026-11-21`.
    Date,
    /// One of some values.
    Choice,
}

/// Who may change the values of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldEditor {
    /// The person, and administrators.
    #[default]
    Person,
    /// Administrators alone; the person sees it.
    Administrator,
}

/// One of the values of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChoice {
    /// The value that applications see.
    pub value: String,
    /// What people read, by language; the value where a language has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub labels: BTreeMap<Locale, String>,
}

/// Where applications see a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldClaim {
    /// The name of the claim. Names that tokens have a meaning for are refused.
    pub name: String,
    /// The scope that shows it: `profile`, or one of your own.
    pub scope: String,
    /// Whether ID tokens have it as well as userinfo.
    #[serde(default)]
    pub id_token: bool,
}

/// What a field is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldDefinition {
    /// What it holds. It cannot be changed later.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// What people read, by language; the field's name where a language has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub labels: BTreeMap<Locale, String>,
    /// Whether people have to fill it in.
    #[serde(default)]
    pub required: bool,
    /// Who may change it.
    #[serde(default)]
    pub editable_by: FieldEditor,
    /// Whether people are asked for it when they sign up; required ones also when they sign in without it.
    #[serde(default)]
    pub at_sign_up: bool,
    /// The values of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<FieldChoice>,
    /// The longest text, in characters: 200 unless given, 1000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u16>,
    /// The smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// Where applications see it; nowhere unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<FieldClaim>,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProfileField {
    /// Names it: small letters, digits and underscores.
    pub name: String,
    /// What it is.
    pub definition: FieldDefinition,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// The order in which people see the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldOrder {
    /// The names of all fields, each once, the first to be seen first.
    #[schema(max_items = 50)]
    pub names: Vec<String>,
}

/// The values of a person's fields, by name: text, number, boolean, a day as `2026-11-21`, or one of the choices.
pub type FieldValues = BTreeMap<String, serde_json::Value>;
