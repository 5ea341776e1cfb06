//! The language files themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use polder_kernel::Locale;

type Sections = BTreeMap<String, BTreeMap<String, String>>;

fn language(locale: Locale) -> Sections {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("locales/{locale}.toml"));
    basic_toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn keys(sections: &Sections) -> Vec<String> {
    sections.iter().flat_map(|(s, keys)| keys.keys().map(move |k| format!("{s}.{k}"))).collect()
}

#[test]
fn k21_languages_have_the_same_keys() {
    for locale in Locale::ALL {
        assert_eq!(keys(&language(locale)), keys(&language(Locale::En)), "{locale}");
    }
}

#[test]
fn k21_nothing_long_is_left_untranslated() {
    let (english, dutch) = (language(Locale::En), language(Locale::Nl));
    for (section, keys) in &english {
        for (key, text) in keys {
            let words = text.split_whitespace().filter(|w| !w.starts_with('{')).count();
            let same = &dutch[section][key] == text;
            assert!(!same || words < 3, "{section}.{key} is the same in both languages: {text}");
        }
    }
}

#[test]
fn texts_are_clean() {
    for locale in Locale::ALL {
        for (section, keys) in language(locale) {
            for (key, text) in keys {
                let name = format!("{locale}: {section}.{key}");
                assert!(!text.is_empty() && !text.contains("  ") && !text.contains(['<', '>', '\n']), "{name}");
                assert!(!text.contains('\''), "{name}: use the typographic apostrophe");
                let edges = text.trim() != text && key != "error_prefix";
                assert!(!edges, "{name}: spaces around");
            }
        }
    }
}
