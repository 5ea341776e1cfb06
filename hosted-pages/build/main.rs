//! Turns `locales/*.toml` into typed texts, `countries/*.toml` into names of countries, `assets/*` into
//! content-hashed names, and the tokens of `assets/polder.css` into colours that mails and branding know.
//!
//! A key that one language lacks, or a placeholder that differs, ends the build with a line that
//! names it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

mod assets;
mod countries;
mod texts;
mod tokens;

fn main() -> Result<(), Box<dyn Error>> {
    for source in ["build", "locales", "assets"] {
        println!("cargo::rerun-if-changed={source}");
    }
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    fs::write(out_dir.join("texts.rs"), texts::generate(Path::new("locales"))?)?;
    fs::write(out_dir.join("tokens.rs"), tokens::generate(&fs::read_to_string("assets/polder.css")?)?)?;
    countries::generate()?;
    assets::generate(&out_dir)
}
