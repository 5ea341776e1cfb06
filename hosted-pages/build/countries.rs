//! `countries/*.toml` become one table per language of what countries are called, sorted by code.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The language that a country is named in where another has no file.
const REFERENCE: &str = "en";

pub(crate) fn generate() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=countries");
    let mut out = String::new();
    let mut arms = String::new();
    for entry in fs::read_dir(Path::new("countries"))? {
        let path = entry?.path();
        let Some(tag) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let names: BTreeMap<String, String> = basic_toml::from_str(&fs::read_to_string(&path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if let Some(code) = names.keys().find(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase())) {
            return Err(format!("{}: {code} is no country's code", path.display()).into());
        }
        let pairs: String = names.iter().map(|(code, name)| format!("({code:?}, {name:?}),")).collect();
        writeln!(out, "static {}: [(&str, &str); {}] = [{pairs}];", tag.to_uppercase(), names.len())?;
        if tag != REFERENCE {
            write!(arms, "{tag:?} => &{},", tag.to_uppercase())?;
        }
    }
    writeln!(
        out,
        "fn names(tag: &str) -> &'static [(&'static str, &'static str)] {{ match tag {{ {arms} _ => &{} }} }}",
        REFERENCE.to_uppercase()
    )?;
    fs::write(PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("countries.rs"), out)?;
    Ok(())
}
