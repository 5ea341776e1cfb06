//! The texts of `locales/*.toml` as typed values, made by the build script.

use std::fmt::{Display, Write as _};

use polder_kernel::Locale;

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

impl Texts {
    /// How long to wait, in words: seconds below a minute and a half, minutes above.
    pub(crate) fn wait(&self, seconds: u64) -> String {
        match seconds {
            0 | 1 => self.time.second_one.to_owned(),
            2..90 => self.time.second_many(seconds),
            _ => self.minutes(u32::try_from(seconds.div_ceil(60)).unwrap_or(u32::MAX)),
        }
    }

    /// A number of minutes in words.
    pub(crate) fn minutes(&self, minutes: u32) -> String {
        if minutes == 1 { self.time.minute_one.to_owned() } else { self.time.minute_many(minutes) }
    }

    /// A number of hours in words; whole days from two on.
    pub(crate) fn hours(&self, hours: u32) -> String {
        match hours {
            1 => self.time.hour_one.to_owned(),
            days if days >= 48 && days.is_multiple_of(24) => self.time.day_many(days / 24),
            hours => self.time.hour_many(hours),
        }
    }
}

/// Puts values in the place of `{name}`. One pass: a value that looks like a placeholder stays text.
fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else { break };
        if let Some((_, value)) = values.iter().find(|(n, _)| *n == name) {
            // Writing to a string does not fail.
            let _ = write!(filled, "{value}");
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn values_are_filled_in_once() {
        let filled = fill("{a} and {b}.", &[("a", &"{b}"), ("b", &2)]);
        assert_eq!(filled, "{b} and 2.");
    }
}
