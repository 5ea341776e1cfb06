//! A colour, and how well it can be told from another.

use std::fmt;
use std::str::FromStr;

/// An opaque colour: red, green and blue of sRGB. Its text is `#rrggbb` and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl Colour {
    /// White.
    pub const WHITE: Self = Self([255; 3]);
    /// Black.
    pub const BLACK: Self = Self([0; 3]);

    /// The contrast of two colours, 1 to 21 (WCAG 2.2).
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// This colour with `percent` of another in it, 0 to 100.
    #[must_use]
    pub fn mixed(self, other: Self, percent: u8) -> Self {
        let share = u16::from(percent.min(100));
        let mix = |a: u8, b: u8| {
            let sum = u16::from(a) * (100 - share) + u16::from(b) * share;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self([mix(self.0[0], other.0[0]), mix(self.0[1], other.0[1]), mix(self.0[2], other.0[2])])
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0[0]) + 0.7152 * linear(self.0[1]) + 0.0722 * linear(self.0[2])
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The text is not `#` and six hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAColour;

impl FromStr for Colour {
    type Err = NotAColour;
    fn from_str(text: &str) -> Result<Self, NotAColour> {
        let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).ok_or(NotAColour)?;
        let [_, red, green, blue] = value.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f03_a_colour_is_six_digits_and_nothing_that_a_style_could_be() {
        assert_eq!("#0E6b5e".parse::<Colour>().map(|c| c.to_string()), Ok("#0e6b5e".to_owned()));
        for hostile in [
            "",
            "#",
            "#fff",
            "red",
            "0e6b5e",
            "#0e6b5",
            "#0e6b5e ",
            "#0e6b5e;",
            "#0e6b5g",
            "#+e6b5e",
            "url(//evil)",
            "#0e6b5e}body{background:url(//evil)",
            "var(--x)",
            "#0e6b5é",
            "rgb(0,0,0)",
            "#0e6b5e/*",
            "\u{ff03}0e6b5e",
        ] {
            assert_eq!(hostile.parse::<Colour>(), Err(NotAColour), "{hostile}");
        }
    }

    #[test]
    fn wcag_contrast_is_that_of_the_standard() {
        let ratio = |a: Colour, b: Colour| (a.contrast(b) * 100.0).round() / 100.0;
        assert_eq!(ratio(Colour::WHITE, Colour::BLACK), 21.0);
        assert_eq!(ratio(Colour::BLACK, Colour::BLACK), 1.0);
        assert_eq!(ratio(Colour([0x76; 3]), Colour::WHITE), 4.54);
        assert_eq!(Colour::WHITE.mixed(Colour::BLACK, 50), Colour([128; 3]));
    }
}
