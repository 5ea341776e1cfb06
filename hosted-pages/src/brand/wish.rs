//! From the colours somebody wishes for to a theme that everybody can read, or to what is wrong with them.

use std::fmt;

use polder_tenant_api::BrandingChoices;

use super::theme::{CONTROL, TEXT};
use super::{Colour, Palette, Theme};

/// The roundest that fields and buttons can be, in pixels.
const ROUNDEST: u8 = 24;

/// Why a wish cannot be granted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refused {
    /// The member it is about.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a wish.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// It is no colour.
    NotAColour,
    /// It is rounder than 24 pixels.
    TooRound,
    /// It cannot be told well enough from what it is next to.
    Contrast {
        /// The one colour.
        front: Colour,
        /// The other.
        back: Colour,
        /// Their contrast.
        ratio: f64,
        /// What it has to be.
        least: f64,
        /// A colour near the wish that would do.
        better: Colour,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAColour => f.write_str("must be a colour such as #0e6b5e"),
            Self::TooRound => write!(f, "must be 0 to {ROUNDEST} pixels"),
            Self::Contrast { front, back, ratio, least, better } => write!(
                f,
                "{front} on {back} has a contrast of {:.2}:1 and needs {least}:1 (WCAG 2.2 AA): use {better}, for instance",
                // Down, so that what is too little never reads as enough.
                (ratio * 100.0).floor() / 100.0
            ),
        }
    }
}

/// The theme that these choices make. What is not chosen is ours, or follows from what is.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn theme(choices: &BrandingChoices) -> Result<Theme, Vec<Refused>> {
    let mut wrong = Vec::new();
    let mut colour = |field, text: &Option<String>| {
        let parsed = text.as_deref().map(str::parse::<Colour>).transpose();
        parsed.unwrap_or_else(|_| {
            wrong.push(Refused { field, why: Why::NotAColour });
            None
        })
    };
    let light = Wish {
        primary: ("primary_color", colour("primary_color", &choices.primary_color)),
        background: ("background_color", colour("background_color", &choices.background_color)),
        towards: Colour::BLACK,
    };
    let dark = Wish {
        primary: ("primary_color_dark", colour("primary_color_dark", &choices.primary_color_dark)),
        background: ("background_color_dark", colour("background_color_dark", &choices.background_color_dark)),
        towards: Colour::WHITE,
    };
    let radius = choices.radius.unwrap_or(Theme::PLAIN.radius);
    if radius > ROUNDEST {
        wrong.push(Refused { field: "radius", why: Why::TooRound });
    }
    let implied = light.primary.1;
    let theme = Theme {
        light: light.palette(Palette::LIGHT, None, &mut wrong),
        dark: dark.palette(Palette::DARK, implied, &mut wrong),
        radius,
    };
    if wrong.is_empty() { Ok(theme) } else { Err(wrong) }
}

/// What is wished for in one scheme.
struct Wish {
    primary: (&'static str, Option<Colour>),
    background: (&'static str, Option<Colour>),
    /// Where more contrast is.
    towards: Colour,
}

impl Wish {
    /// `implied` is the primary colour of the other scheme, which this one follows.
    fn palette(&self, plain: Palette, implied: Option<Colour>, wrong: &mut Vec<Refused>) -> Palette {
        let ground = self.background.1.unwrap_or(plain.ground);
        let plain = self.background.1.map_or(plain, |background| self.upon(background, plain));
        let surfaces = [ground, plain.surface, plain.sunk];
        if let Some(background) = self.background.1 {
            let fronts = [(plain.text, TEXT), (plain.muted, TEXT), (plain.bad, TEXT), (plain.control, CONTROL)];
            let poor = |back: Colour| {
                let upon = [back, self.upon(back, plain).surface];
                fronts.into_iter().find(|(front, least)| upon.iter().any(|back| front.contrast(*back) < *least))
            };
            if let Some((front, least)) = poor(background) {
                let better = nearest(background, plain.ground, |back| poor(back).is_none());
                wrong.push(contrast(self.background.0, (front, background), least, better));
            }
        }
        let reads = |front: Colour| surfaces.iter().all(|back| front.contrast(*back) >= TEXT);
        let accent = match (self.primary.1, implied) {
            (Some(wished), _) => {
                if let Some(back) = surfaces.into_iter().find(|back| wished.contrast(*back) < TEXT) {
                    let better = nearest(wished, self.towards, reads);
                    wrong.push(contrast(self.primary.0, (wished, back), TEXT, better));
                }
                wished
            }
            (None, Some(implied)) => nearest(implied, self.towards, reads),
            (None, None) => nearest(plain.accent, self.towards, reads),
        };
        if accent == plain.accent {
            return Palette { ground, ..plain };
        }
        let accent_strong = accent.mixed(self.towards, 22);
        let fronts = [plain.text, plain.muted, accent, accent_strong];
        let soft = |percent: u8| plain.surface.mixed(accent, percent);
        let legible = |back: Colour| fronts.iter().all(|front| front.contrast(back) >= TEXT);
        let accent_soft = (0..=12).rev().map(soft).find(|back| legible(*back)).unwrap_or(plain.surface);
        let on_accent = if Colour::WHITE.contrast(accent) >= TEXT { Colour::WHITE } else { Colour::BLACK };
        let focus = if self.towards == Colour::BLACK { accent } else { accent_strong };
        Palette { ground, accent, accent_strong, accent_soft, on_accent, focus, ..plain }
    }
}

impl Wish {
    /// What lies upon a background. In the dark a card is a little lighter than the page, in its own shade;
    /// by day it is white as ever.
    fn upon(&self, background: Colour, plain: Palette) -> Palette {
        if self.towards == Colour::BLACK {
            return plain;
        }
        let lighter = |percent| background.mixed(self.towards, percent);
        Palette { surface: lighter(5), sunk: lighter(2), line: lighter(15), ..plain }
    }
}

fn contrast(field: &'static str, (front, back): (Colour, Colour), least: f64, better: Colour) -> Refused {
    Refused { field, why: Why::Contrast { front, back, ratio: front.contrast(back), least, better } }
}

/// The first colour on the way from `from` to `to` that will do.
fn nearest(from: Colour, to: Colour, will_do: impl Fn(Colour) -> bool) -> Colour {
    (0..=100).map(|percent| from.mixed(to, percent)).find(|colour| will_do(*colour)).unwrap_or(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn primary(colour: &str) -> BrandingChoices {
        BrandingChoices { primary_color: Some(colour.to_owned()), ..BrandingChoices::default() }
    }

    #[test]
    fn f03_without_wishes_it_is_our_own_look() {
        assert_eq!(theme(&BrandingChoices::default()), Ok(Theme::PLAIN));
        assert_eq!(theme(&primary("#0e6b5e")).map(|theme| theme.light), Ok(Palette::LIGHT));
    }

    #[test]
    fn wcag_every_theme_that_is_granted_can_be_read_in_both_schemes() {
        let mut granted = 0;
        for red in (0..=255).step_by(51) {
            for green in (0..=255).step_by(51) {
                for blue in (0..=255).step_by(51) {
                    let wish = primary(&Colour([red, green, blue]).to_string());
                    let Ok(theme) = theme(&wish) else { continue };
                    granted += 1;
                    for p in [theme.light, theme.dark] {
                        for back in [p.ground, p.surface, p.sunk, p.accent_soft] {
                            for front in [p.text, p.muted, p.accent, p.accent_strong] {
                                assert!(front.contrast(back) >= TEXT, "{wish:?}: {front} on {back}");
                            }
                            assert!(p.focus.contrast(back) >= CONTROL, "{wish:?}");
                        }
                        assert!(p.on_accent.contrast(p.accent) >= TEXT, "{wish:?}");
                        assert!(p.on_accent.contrast(p.accent_strong) >= TEXT, "{wish:?}");
                    }
                }
            }
        }
        assert!(granted > 50, "{granted} colours are dark enough");
    }

    #[test]
    fn wcag_a_refusal_says_the_ratio_and_a_colour_that_is_granted() {
        let refused = theme(&primary("#ffcc00")).unwrap_err();
        let [Refused { field: "primary_color", why: why @ Why::Contrast { better, .. } }] = refused[..] else {
            panic!("{refused:?}")
        };
        let said = why.to_string();
        assert!(said.starts_with("#ffcc00 on #f5f7f6 has a contrast of 1.4"), "{said}");
        assert!(said.contains("needs 4.5:1") && said.contains(&better.to_string()), "{said}");
        assert!(theme(&primary(&better.to_string())).is_ok(), "{better}");
    }

    #[test]
    fn wcag_a_background_is_held_to_what_stands_on_it() {
        let wish = BrandingChoices { background_color: Some("#808080".to_owned()), ..BrandingChoices::default() };
        let refused = theme(&wish).unwrap_err();
        let [Refused { field: "background_color", why: Why::Contrast { better, .. } }] = refused[..] else {
            panic!("{refused:?}")
        };
        let wish = BrandingChoices { background_color: Some(better.to_string()), ..BrandingChoices::default() };
        assert!(theme(&wish).is_ok());
    }

    #[test]
    fn f03_everything_wrong_is_said_at_once() {
        let wish = BrandingChoices {
            primary_color: Some("red".to_owned()),
            background_color_dark: Some("url(//evil)".to_owned()),
            radius: Some(25),
            ..BrandingChoices::default()
        };
        let fields: Vec<_> = theme(&wish).unwrap_err().into_iter().map(|refused| refused.field).collect();
        assert_eq!(fields, ["primary_color", "background_color_dark", "radius"]);
    }
}
