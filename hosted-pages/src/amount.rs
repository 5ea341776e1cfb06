//! Numbers as people read them.

use polder_kernel::Locale;

use crate::texts::texts;

/// With a sign between thousands: `12,480` in English, `12.480` in Dutch.
pub fn amount(locale: Locale, number: u64) -> String {
    let sign = texts(locale).usage.thousands;
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push_str(sign);
        }
        grouped.push(digit);
    }
    grouped
}

/// A share in whole percents, rounded; `None` of nothing.
pub fn percent(part: u64, whole: u64) -> Option<u64> {
    part.saturating_mul(200).saturating_add(whole).checked_div(whole.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_numbers_are_grouped_and_shares_rounded() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_480, "12,480"), (1_234_567, "1,234,567")]
        {
            assert_eq!(amount(Locale::En, number), expected);
            assert_eq!(amount(Locale::Nl, number), expected.replace(',', "."));
        }
        assert_eq!(
            [percent(1, 3), percent(2, 3), percent(0, 5), percent(5, 5), percent(0, 0)],
            [Some(33), Some(67), Some(0), Some(100), None]
        );
    }
}
