//! The language files themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use polder_kernel::Locale;

#[path = "../../build/texts.rs"]
mod texts;

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

/// A third language is a file here and a line in `kernel::locale`: everything that is made of the files
/// compiles with it, and one that lacks something is refused by name.
#[test]
fn k21_a_third_language_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let locales = folder.path().join("locales");
    fs::create_dir(&locales).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for tag in ["en", "nl"] {
        fs::copy(here.join(format!("locales/{tag}.toml")), locales.join(format!("{tag}.toml"))).unwrap();
    }
    let third = locales.join("pt-br.toml");
    let english = fs::read_to_string(locales.join("en.toml")).unwrap();
    fs::write(&third, &english).unwrap();

    let made = texts::generate(&locales).unwrap();
    let languages = "#[derive(Clone, Copy)] pub enum Locale { En, Nl, PtBr }";
    let program = format!("use std::fmt::Display;\n{languages}\n{made}\n{FILL}");
    let source = folder.path().join("third.rs");
    fs::write(&source, program).unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let built = std::process::Command::new(rustc)
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--cap-lints", "allow"])
        .arg("-o")
        .arg(folder.path().join("third.rmeta"))
        .arg(&source)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    for (changed, said) in [
        (english.replacen("secured_by = ", "secured_bye = ", 1), "pt-br: frame.secured_by is missing"),
        (english.replacen("{count} seconds", "{number} seconds", 1), "pt-br: time.second_many has placeholders"),
        (format!("{english}\nmore = \"x\"\n"), "is not in en"),
    ] {
        fs::write(&third, changed).unwrap();
        let refused = texts::generate(&locales).unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
}

/// What the texts are filled in with, in place of the library's own.
const FILL: &str = "fn fill(text: &str, _: &[(&str, &dyn Display)]) -> String { text.to_owned() }";

/// Nothing but the list of languages and the files names one: a third is at home everywhere at once.
#[test]
fn k21_no_program_names_a_language() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders: Vec<_> =
        ["crates", "hosted-pages/src", "tenant-runtime/src", "control-plane/src"].map(|folder| top.join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.to_string_lossy().contains("/tests") {
                let text = fs::read_to_string(&path).unwrap();
                let program = text.split("#[cfg(test)]").next().unwrap();
                for name in ["Locale::En", "Locale::Nl"] {
                    assert!(!program.contains(name), "{} names {name}", path.display());
                }
            }
        }
    }
}
