//! `locales/*.toml` become one struct per section, one field per key, and one constant per language.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// The language whose keys and placeholders the others are held to.
const REFERENCE: &str = "en";

/// The texts of every file in `folder`, as Rust.
pub(crate) fn generate(folder: &Path) -> Result<String, Box<dyn Error>> {
    let languages = read(folder)?;
    let reference = languages.get(REFERENCE).ok_or("locales/en.toml is missing")?;
    for (tag, sections) in &languages {
        same_keys(tag, reference, sections)?;
    }
    let mut out = structs(reference)?;
    for (tag, sections) in &languages {
        constant(&mut out, tag, sections)?;
    }
    lookup(&mut out, languages.keys())?;
    Ok(out)
}

fn read(folder: &Path) -> Result<BTreeMap<String, Sections>, Box<dyn Error>> {
    let mut languages = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(tag) = path.file_stem().and_then(|s| s.to_str()) else { continue };
        let sections =
            basic_toml::from_str(&fs::read_to_string(&path)?).map_err(|e| format!("{}: {e}", path.display()))?;
        languages.insert(tag.to_owned(), sections);
    }
    Ok(languages)
}

fn same_keys(tag: &str, reference: &Sections, other: &Sections) -> Result<(), String> {
    for (section, key, text) in entries(reference) {
        let there = other.get(section).and_then(|s| s.get(key)).ok_or(format!("{tag}: {section}.{key} is missing"))?;
        let (mut wanted, mut found) = (placeholders(text), placeholders(there));
        wanted.sort();
        found.sort();
        if wanted != found {
            return Err(format!("{tag}: {section}.{key} has placeholders {found:?} instead of {wanted:?}"));
        }
    }
    match entries(other).find(|(s, k, _)| reference.get(*s).is_none_or(|section| !section.contains_key(*k))) {
        Some((section, key, _)) => Err(format!("{tag}: {section}.{key} is not in {REFERENCE}")),
        None => Ok(()),
    }
}

fn entries(sections: &Sections) -> impl Iterator<Item = (&String, &String, &String)> {
    sections.iter().flat_map(|(section, keys)| keys.iter().map(move |(key, text)| (section, key, text)))
}

/// The names between braces, in the order they first occur.
fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for part in text.split('{').skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

fn structs(reference: &Sections) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    let fields: String = reference.keys().map(|s| format!("pub(crate) {s}: {},", type_name(s))).collect();
    writeln!(out, "pub(crate) struct Texts {{ {fields} }}")?;
    for (section, keys) in reference {
        let (mut fields, mut methods) = (String::new(), String::new());
        for (key, text) in keys {
            let names = placeholders(text);
            if names.is_empty() {
                write!(fields, "pub(crate) {key}: &'static str,")?;
                continue;
            }
            write!(fields, "{key}: &'static str,")?;
            let arguments: String = names.iter().map(|n| format!("{n}: impl Display,")).collect();
            let pairs: String = names.iter().map(|n| format!("({n:?}, &{n} as &dyn Display),")).collect();
            write!(methods, "pub(crate) fn {key}(&self, {arguments}) -> String {{ fill(self.{key}, &[{pairs}]) }}")?;
        }
        writeln!(out, "pub(crate) struct {} {{ {fields} }}", type_name(section))?;
        writeln!(out, "impl {} {{ {methods} }}", type_name(section))?;
    }
    Ok(out)
}

fn constant(out: &mut String, tag: &str, sections: &Sections) -> Result<(), Box<dyn Error>> {
    write!(out, "static {}: Texts = Texts {{", constant_name(tag))?;
    for (section, keys) in sections {
        let fields: String = keys.iter().map(|(key, text)| format!("{key}: {text:?},")).collect();
        write!(out, "{section}: {} {{ {fields} }},", type_name(section))?;
    }
    writeln!(out, "}};")?;
    Ok(())
}

/// One arm per file: a language of `Locale` without a file does not compile, nor a file that is no language of it.
fn lookup<'a>(out: &mut String, tags: impl Iterator<Item = &'a String>) -> Result<(), Box<dyn Error>> {
    let arms: String = tags.map(|tag| format!("Locale::{} => &{},", type_name(tag), constant_name(tag))).collect();
    writeln!(out, "pub(crate) const fn texts(locale: Locale) -> &'static Texts {{ match locale {{ {arms} }} }}")?;
    Ok(())
}

/// `pt-br` becomes `PT_BR`.
fn constant_name(tag: &str) -> String {
    tag.replace('-', "_").to_uppercase()
}

/// `sign_in` becomes `SignIn`, and `pt-br` `PtBr`.
fn type_name(key: &str) -> String {
    key.split(['_', '-']).map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
