//! Turns `locales/*.toml` into typed texts, `countries/*.toml` into names of countries and `assets/*` into
//! content-hashed names.
//!
//! A key that one language lacks, or a placeholder that differs, ends the build with a line that
//! names it.

use std::error::Error;

mod assets;
mod countries;
mod texts;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build");
    texts::generate()?;
    countries::generate()?;
    assets::generate()
}
