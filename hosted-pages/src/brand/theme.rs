//! Colours and radius as pages and mails take them, and the style sheet that says so.

use std::fmt::Write as _;

use polder_tenant_api::BrandContrast;

use super::Colour;

include!(concat!(env!("OUT_DIR"), "/tokens.rs"));

/// The look of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Where light is preferred.
    pub light: Palette,
    /// Where dark is.
    pub dark: Palette,
    /// How round fields and buttons are, in pixels.
    pub radius: u8,
}

/// The least contrast of text (WCAG 2.2, 1.4.3).
pub(super) const TEXT: f64 = 4.5;
/// The least contrast of what shows that there is a field (WCAG 2.2, 1.4.11).
pub(super) const CONTROL: f64 = 3.0;

impl Theme {
    /// Ours.
    pub const PLAIN: Self = Self { light: Palette::LIGHT, dark: Palette::DARK, radius: 10 };

    /// How round cards are, in pixels.
    pub const fn card_radius(&self) -> u8 {
        self.radius + self.radius * 3 / 5
    }

    /// How well what branding changes can be told from what it stands on.
    pub fn contrasts(&self) -> Vec<BrandContrast> {
        let scheme = |name: &'static str, p: &Palette| {
            let pairs = [
                ("primary", p.accent, "page", p.ground),
                ("primary", p.accent, "card", p.surface),
                ("primary", p.accent, "panel", p.sunk),
                ("button_text", p.on_accent, "button", p.accent),
            ];
            pairs.map(|(front, front_color, back, back_color)| BrandContrast {
                scheme: name.to_owned(),
                front: front.to_owned(),
                front_color: front_color.to_string(),
                back: back.to_owned(),
                back_color: back_color.to_string(),
                ratio: (front_color.contrast(back_color) * 100.0).floor() / 100.0,
                needs: TEXT,
            })
        };
        [scheme("light", &self.light), scheme("dark", &self.dark)].concat()
    }

    /// The style sheet that makes pages look so, put after our own; `None` for our own look. It is made of
    /// numbers and names of ours alone (F03).
    pub fn style_sheet(&self) -> Option<String> {
        if *self == Self::PLAIN {
            return None;
        }
        let (mut light, dark) = (colours(&self.light), colours(&self.dark));
        // Writing to a String cannot fail.
        let _ = write!(light, "--radius:{}px;--card-radius:{}px;", self.radius, self.card_radius());
        Some(format!(
            ":root{{{light}}}@media (prefers-color-scheme:dark){{:root:not([data-look=\"light\"]){{{dark}}}}}\
             :root[data-look=\"dark\"]{{{dark}}}\n"
        ))
    }
}

/// The tokens that branding changes.
fn colours(p: &Palette) -> String {
    [
        ("ground", p.ground),
        ("surface", p.surface),
        ("sunk", p.sunk),
        ("line", p.line),
        ("accent", p.accent),
        ("accent-strong", p.accent_strong),
        ("accent-soft", p.accent_soft),
        ("on-accent", p.on_accent),
        ("focus", p.focus),
    ]
    .map(|(name, colour)| format!("--{name}:{colour};"))
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f03_the_style_sheet_holds_numbers_and_our_own_names_alone() {
        assert_eq!(Theme::PLAIN.style_sheet(), None);
        let theme = Theme { radius: 24, ..Theme::PLAIN };
        let sheet = theme.style_sheet().unwrap();
        assert!(
            sheet.starts_with(
                ":root{--ground:#f5f7f6;--surface:#ffffff;--sunk:#f0f3f2;--line:#e0e5e3;--accent:#0e6b5e;"
            ) && sheet.contains("--radius:24px;--card-radius:38px;")
        );
        let harmless = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || " :;-#{}()@[]=\"\n".contains(c);
        assert!(sheet.chars().all(harmless), "{sheet}");
        assert!(!sheet.contains("url") && !sheet.contains("import"));
    }
}
