//! Light or dark, where somebody chose it (R7).

use crate::texts::Texts;

/// How pages look, whatever the device prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Look {
    /// Every choice.
    pub const ALL: &[Self] = &[Self::Light, Self::Dark];

    /// As forms and the cookie carry it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads what [`Look::as_str`] gave; anything else is no choice.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|look| look.as_str() == text)
    }

    pub(crate) const fn label(self, t: &Texts) -> &'static str {
        match self {
            Self::Light => t.preferences.look_light,
            Self::Dark => t.preferences.look_dark,
        }
    }
}
