//! Writes every page in every language, with its assets, to a folder to be opened in a browser:
//! `cargo run -p polder-hosted-pages --example preview -- DIR`, then serve DIR or open `DIR/index.html`.

use std::path::PathBuf;
use std::{env, fs, io};

use polder_hosted_pages::assets;
use polder_kernel::Locale;

/// Stands in every place of the pages named `….long.html`, to see what gives way.
const LONG: &str = "Samenwerkingsverband Arbeidsongeschiktheidsverzekeringsmaatschappijen Noord-Holland-Noord";

#[path = "../tests/everything/samples/mod.rs"]
mod samples;

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: preview DIR");
        std::process::exit(2);
    };
    fs::create_dir_all(folder.join("assets"))?;
    fs::create_dir_all(folder.join("branding"))?;
    for asset in assets::all() {
        fs::write(folder.join(&asset.path[1..]), asset.bytes)?;
    }
    for (path, bytes) in samples::branded::files() {
        fs::write(folder.join(&path[1..]), bytes)?;
    }
    let mut index = String::from("<!doctype html><title>Preview</title><ul>");
    for locale in Locale::ALL {
        for (words, suffix) in [(samples::Words::USUAL, ""), (samples::Words::all(LONG), ".long")] {
            for sample in samples::pages(locale, words) {
                // Pages link their assets from the root; a file in a folder has no root of its own.
                let html = sample.html.replace("\"/assets/", "\"assets/").replace("\"/branding/", "\"branding/");
                write(&folder, &mut index, &format!("{}.{locale}{suffix}.html", sample.name), &html)?;
            }
        }
        for (name, mail) in samples::mails(locale, samples::Words::USUAL) {
            write(&folder, &mut index, &format!("{name}.{locale}.html"), &mail.html)?;
            write(&folder, &mut index, &format!("{name}.{locale}.txt"), &format!("{}\n\n{}", mail.subject, mail.text))?;
        }
    }
    fs::write(folder.join("index.html"), index)
}

fn write(folder: &std::path::Path, index: &mut String, name: &str, content: &str) -> io::Result<()> {
    index.push_str(&format!("<li><a href=\"{name}\">{name}</a>"));
    fs::write(folder.join(name), content)
}
