//! Fields that a tenant adds to the profile of its people, as forms show them (K9).

use crate::texts::Texts;

/// A field in a form.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldInput {
    /// Names it; forms post it as [`FieldInput::form_name`].
    pub name: String,
    /// What people read.
    pub label: String,
    /// What it takes.
    pub kind: FieldKind,
    /// What it holds: `yes` and `no` for those, and the value of a choice.
    pub value: String,
    /// Whether it has to be filled in.
    pub required: bool,
    /// Whether it is only shown.
    pub fixed: bool,
    /// What was wrong with it.
    pub wrong: Option<FieldWrong>,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// A line of text of so many characters.
    Text {
        /// The most.
        longest: u16,
    },
    /// A number.
    Number,
    /// Yes or no.
    YesNo,
    /// A day.
    Date,
    /// One of these, as value and label.
    Choice(Vec<(String, String)>),
}

/// Why a value was not accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldWrong {
    /// Nothing was filled in.
    Missing,
    /// It breaks or turns the line it stands in.
    NotPlain,
    /// It is longer than this many characters.
    TooLong(u16),
    /// It is no number.
    NotANumber,
    /// It is below this.
    TooSmall(f64),
    /// It is above this.
    TooLarge(f64),
    /// It is no day.
    NotADate,
    /// It is none of the choices.
    NotAChoice,
}

impl FieldInput {
    /// What a form calls the field of this name.
    pub fn form_name(name: &str) -> String {
        format!("field_{name}")
    }

    pub(crate) fn id(&self) -> String {
        Self::form_name(&self.name)
    }

    pub(crate) fn problem(&self, t: &Texts) -> Option<String> {
        self.wrong.map(|wrong| wrong.text(t))
    }

    /// The label, saying so where nothing has to be filled in.
    pub(crate) fn shown_label(&self, t: &Texts) -> String {
        if self.required || self.fixed { self.label.clone() } else { t.fields.optional(&self.label) }
    }

    /// Value and label of everything that can be chosen; `None` where something is typed.
    pub(crate) fn options(&self, t: &Texts) -> Option<Vec<(String, String)>> {
        match &self.kind {
            FieldKind::YesNo => Some([("yes", t.fields.yes), ("no", t.fields.no)].map(owned).into()),
            FieldKind::Choice(options) => Some(options.clone()),
            _ => None,
        }
    }

    /// The value as people read it.
    pub(crate) fn shown_value(&self, t: &Texts) -> String {
        let chosen = self.options(t).and_then(|all| all.into_iter().find(|(value, _)| *value == self.value));
        match chosen {
            Some((_, label)) => label,
            None if self.value.is_empty() => t.fields.none.to_owned(),
            None => self.value.clone(),
        }
    }

    pub(crate) const fn is_date(&self) -> bool {
        matches!(self.kind, FieldKind::Date)
    }

    pub(crate) const fn is_number(&self) -> bool {
        matches!(self.kind, FieldKind::Number)
    }

    pub(crate) const fn longest(&self) -> u16 {
        match self.kind {
            FieldKind::Text { longest } => longest,
            _ => 32,
        }
    }
}

/// Whether something is wrong with any of them.
pub(crate) fn any_wrong(fields: &[FieldInput]) -> bool {
    fields.iter().any(|field| field.wrong.is_some())
}

fn owned((value, label): (&str, &str)) -> (String, String) {
    (value.to_owned(), label.to_owned())
}

impl FieldWrong {
    fn text(self, t: &Texts) -> String {
        let t = &t.fields;
        match self {
            Self::Missing => t.missing.to_owned(),
            Self::NotPlain => t.not_plain.to_owned(),
            Self::TooLong(most) => t.too_long(most),
            Self::NotANumber => t.not_a_number.to_owned(),
            Self::TooSmall(least) => t.too_small(least),
            Self::TooLarge(most) => t.too_large(most),
            Self::NotADate => t.not_a_date.to_owned(),
            Self::NotAChoice => t.not_a_choice.to_owned(),
        }
    }
}
