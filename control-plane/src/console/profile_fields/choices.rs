//! The values of a choice as lines of text: `gold | en: Gold | nl: Goud`. A backslash stands before a bar or a
//! backslash that belongs to a text.

use std::collections::BTreeMap;

use polder_kernel::Locale;
use polder_tenant_api::FieldChoice;

/// The lines.
pub(super) fn written(choices: &[FieldChoice]) -> String {
    let line = |choice: &FieldChoice| {
        let labels = choice.labels.iter().map(|(locale, label)| format!(" | {locale}: {}", escaped(label)));
        escaped(&choice.value) + &labels.collect::<String>()
    };
    choices.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What the lines say; `None` where a label names no language that we know.
pub(super) fn read(text: &str) -> Option<Vec<FieldChoice>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut parts = parts(line).into_iter();
            let value = parts.next()?;
            let labels = parts.map(|part| {
                let (locale, label) = part.split_once(':')?;
                Some((locale.trim().parse::<Locale>().ok()?, label.trim().to_owned()))
            });
            Some(FieldChoice { value, labels: labels.collect::<Option<BTreeMap<_, _>>>()? })
        })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

/// What stands between bars, without the backslashes.
fn parts(line: &str) -> Vec<String> {
    let (mut parts, mut letters) = (vec![String::new()], line.chars());
    while let Some(letter) = letters.next() {
        let plain = match letter {
            '|' => {
                parts.push(String::new());
                continue;
            }
            '\\' => letters.next().unwrap_or('\\'),
            other => other,
        };
        if let Some(last) = parts.last_mut() {
            last.push(plain);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k09_choices_are_read_the_way_people_write_them() {
        let read = read("gold|en: Gold | nl:Goud\n\n silver \n").unwrap();
        assert_eq!(read.iter().map(|choice| choice.value.as_str()).collect::<Vec<_>>(), ["gold", "silver"]);
        assert_eq!(read[0].labels.values().collect::<Vec<_>>(), ["Gold", "Goud"]);
        assert!(super::read("gold | xx: Or").is_none() && super::read("gold | Gold").is_none());
    }
}
