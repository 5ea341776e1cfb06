//! Bank account numbers (ISO 13616) and VAT numbers, told by country and length.

use super::redact::Redaction;

/// An IBAN from `start`, in any case, with or without spaces, dots and hyphens.
pub(super) fn iban(bytes: &[u8], start: usize) -> Option<Redaction> {
    let head = bytes.get(start..start + 4)?;
    if !head[..2].iter().all(u8::is_ascii_alphabetic) || !head[2..].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length = iban_length([head[0].to_ascii_uppercase(), head[1].to_ascii_uppercase()]);
    let end = match length {
        Some(length) => spaced(bytes, start, length)?.0,
        None => unknown_country(bytes, start)?,
    };
    Redaction::new(start..end, "[iban]")
}

/// A VAT number from `start`: a country, then its usual number of characters, nearly all digits.
pub(super) fn vat(bytes: &[u8], start: usize) -> Option<Redaction> {
    let country = bytes.get(start..start + 2)?;
    let lengths = vat_lengths([country[0].to_ascii_uppercase(), country[1].to_ascii_uppercase()]);
    let number = start + 2 + usize::from(matches!(bytes.get(start + 2), Some(b' ' | b'.' | b'-')));
    lengths.iter().rev().find_map(|&length| {
        let (end, digits) = spaced(bytes, number, length)?;
        (digits + 3 >= length && digits >= 6).then_some(Redaction { span: start..end, mark: "[vat]" })
    })
}

/// Where `length` letters and digits from `start` end, and how many are digits. Single separators
/// between them are skipped; what follows must not be one more letter or digit.
fn spaced(bytes: &[u8], start: usize, length: usize) -> Option<(usize, usize)> {
    let (mut found, mut digits, mut separated) = (0, 0, true);
    for (at, &b) in bytes.iter().enumerate().skip(start) {
        if found == length {
            return (!b.is_ascii_alphanumeric()).then_some((at, digits));
        }
        if b.is_ascii_alphanumeric() {
            (found, separated) = (found + 1, false);
            digits += usize::from(b.is_ascii_digit());
        } else if b" .-".contains(&b) && !separated {
            separated = true;
        } else {
            return None;
        }
    }
    (found == length).then_some((bytes.len(), digits))
}

/// A country whose length we do not know: 15 to 34 capitals and digits on end.
fn unknown_country(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes[start..].iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
    let end = start + length;
    let runs_on = bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    ((15..=34).contains(&length) && !runs_on).then_some(end)
}

const fn iban_length(country: [u8; 2]) -> Option<usize> {
    Some(match &country {
        b"NO" => 15,
        b"BE" => 16,
        b"DK" | b"FI" | b"FO" | b"GL" | b"NL" => 18,
        b"MK" | b"SI" => 19,
        b"AT" | b"BA" | b"EE" | b"LT" | b"LU" | b"XK" => 20,
        b"CH" | b"HR" | b"LI" | b"LV" => 21,
        b"BG" | b"DE" | b"GB" | b"GE" | b"IE" | b"ME" | b"RS" => 22,
        b"GI" | b"IL" | b"AE" => 23,
        b"AD" | b"CZ" | b"ES" | b"MD" | b"RO" | b"SA" | b"SE" | b"SK" | b"TN" => 24,
        b"PT" => 25,
        b"IS" | b"TR" => 26,
        b"FR" | b"GR" | b"IT" | b"MC" | b"SM" => 27,
        b"AL" | b"AZ" | b"CY" | b"HU" | b"LB" | b"PL" => 28,
        b"MT" => 31,
        _ => return None,
    })
}

/// Characters after the country, shortest first (VIES).
const fn vat_lengths(country: [u8; 2]) -> &'static [usize] {
    match &country {
        b"DK" | b"FI" | b"HU" | b"LU" | b"MT" | b"SI" => &[8],
        b"IE" => &[8, 9],
        b"AT" | b"CY" | b"DE" | b"EE" | b"EL" | b"ES" | b"PT" => &[9],
        b"CZ" => &[8, 9, 10],
        b"BG" => &[9, 10],
        b"BE" | b"PL" | b"SK" => &[10],
        b"FR" | b"HR" | b"IT" | b"LV" => &[11],
        b"NL" | b"SE" => &[12],
        b"GB" | b"LT" | b"XI" => &[9, 12],
        b"RO" => &[6, 7, 8, 9, 10],
        _ => &[],
    }
}
