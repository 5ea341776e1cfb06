//! The colours of the design system: written once in `polder.css`, as `light-dark(LIGHT, DARK)`.

use std::error::Error;
use std::fmt::Write as _;

/// The block that holds them.
const OPENING: &str = ":root {\n";

/// Every token whose two values are plain colours, as Rust: one palette for each scheme.
pub(crate) fn generate(css: &str) -> Result<String, Box<dyn Error>> {
    let (mut fields, mut light, mut dark) = (String::new(), String::new(), String::new());
    for (name, values) in block(css)?.1.lines().filter_map(token) {
        let (Some(day), Some(night)) = (colour(values.0), colour(values.1)) else { continue };
        let name = name.replace('-', "_");
        write!(fields, "/// As in the styles.\npub {name}: Colour,")?;
        write!(light, "{name}: Colour({day:?}),")?;
        write!(dark, "{name}: Colour({night:?}),")?;
    }
    Ok(format!(
        "/// The colours of one scheme.\n#[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub struct Palette {{ {fields} }}\n\
         impl Palette {{\n/// Dark on light.\npub const LIGHT: Self = Self {{ {light} }};\n\
         /// Light on dark.\npub const DARK: Self = Self {{ {dark} }};\n}}\n"
    ))
}

/// The same styles for browsers that do not know `light-dark()`: the light ones first, the dark ones where
/// the device prefers them and where the person does.
pub(crate) fn lowered(css: &str) -> Result<String, Box<dyn Error>> {
    let (before, tokens, after) = block(css)?;
    let (mut light, mut dark) = (String::new(), String::new());
    for line in tokens.lines() {
        match token(line) {
            Some((name, (day, night))) => {
                writeln!(light, "--{name}: {day};")?;
                writeln!(dark, "--{name}: {night};")?;
            }
            None => writeln!(light, "{line}")?,
        }
    }
    Ok(format!(
        "{before}:root {{\n{light}}}\n@media (prefers-color-scheme: dark) {{\n:root:not([data-look=\"light\"]) {{\n{dark}}}\n}}\n\
         :root[data-look=\"light\"] {{\ncolor-scheme: light;\n}}\n\
         :root[data-look=\"dark\"] {{\ncolor-scheme: dark;\n{dark}}}\n{after}"
    ))
}

/// What is before, in and behind the block of tokens.
fn block(css: &str) -> Result<(&str, &str, &str), Box<dyn Error>> {
    let (before, rest) = css.split_once(OPENING).ok_or("the styles have no tokens")?;
    let (tokens, after) = rest.split_once("\n}\n").ok_or("the tokens do not end")?;
    Ok((before, tokens, after))
}

/// `--name: light-dark(a, b);`.
fn token(line: &str) -> Option<(&str, (&str, &str))> {
    let (name, value) = line.trim().strip_prefix("--")?.split_once(": ")?;
    let values = value.strip_prefix("light-dark(")?.strip_suffix(");")?;
    Some((name, values.split_once(", ")?))
}

fn colour(text: &str) -> Option<[u8; 3]> {
    let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6)?;
    let channel = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}
