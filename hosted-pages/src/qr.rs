//! QR codes as one SVG path, drawn here: no other site ever sees what they hold.

use qrcode::{Color, EcLevel, QrCode};

/// The light border that readers need, in squares (ISO/IEC 18004, 9.1).
const BORDER: usize = 4;

/// A QR code to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width and height in squares, border included.
    pub size: usize,
    /// The dark squares, as the `d` of a path: runs of each row.
    pub dots: String,
}

/// The picture of `text`; `None` when it is too long for one.
pub fn picture(text: &str) -> Option<Picture> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut dots = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                dots.push_str(&format!("M{} {}h{run}v1h-{run}z", x + BORDER, y + BORDER));
            }
            x += run.max(1);
        }
    }
    Some(Picture { size: width + 2 * BORDER, dots })
}

/// What a picture holds, to be typed by hand: in groups of four, which people can follow with a finger.
pub fn spaced(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d15_a_picture_has_its_border_and_three_corners() {
        let picture = picture("otpauth://totp/Practice:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert!(picture.size > 29);
        let right = picture.size - BORDER - 7;
        for corner in ["M4 4h7".to_owned(), format!("M{right} 4h7"), format!("M4 {right}h7")] {
            assert!(picture.dots.contains(&corner), "{corner}");
        }
        assert!(picture.dots.chars().all(|c| c.is_ascii_digit() || "Mhvz -".contains(c)), "nothing but a path");
        assert_eq!(super::picture(&"x".repeat(5000)), None);
    }
}
