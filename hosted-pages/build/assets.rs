//! `assets/*` become content-hashed names, so that every byte may be cached for ever (K20).

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tokens;

pub(crate) fn generate(out_dir: &Path) -> Result<(), Box<dyn Error>> {
    let mut files: Vec<PathBuf> = fs::read_dir("assets")?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut rows = String::new();
    let mut names = String::new();
    for file in files {
        let name = file.file_name().and_then(|n| n.to_str()).ok_or("an asset's name is not text")?;
        let (stem, extension) = name.rsplit_once('.').ok_or("an asset has no extension")?;
        let bytes = squeezed(&file, extension)?;
        let hash = fnv1a(bytes.as_bytes());
        fs::write(out_dir.join(name), &bytes)?;
        let path = format!("/assets/{stem}.{hash:016x}.{extension}");
        writeln!(names, "pub(crate) const {}: &str = {path:?};", constant_name(stem, extension))?;
        writeln!(
            rows,
            "Asset {{ path: {path:?}, bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\")), content_type: {:?}, etag: \"\\\"{hash:016x}\\\"\" }},",
            content_type(extension)?
        )?;
    }
    fs::write(out_dir.join("assets.rs"), format!("{names}\npub(crate) static ASSETS: &[Asset] = &[\n{rows}];\n"))?;
    Ok(())
}

fn content_type(extension: &str) -> Result<&'static str, String> {
    match extension {
        "css" => Ok("text/css; charset=utf-8"),
        "js" => Ok("text/javascript; charset=utf-8"),
        "svg" => Ok("image/svg+xml"),
        other => Err(format!("no content type for .{other}")),
    }
}

/// The file's text; for styles without comments and indentation, which is most of what there is to win.
fn squeezed(file: &Path, extension: &str) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    if extension != "css" {
        return Ok(text);
    }
    let text = if text.contains("light-dark(") { tokens::lowered(&text)? } else { text };
    let mut out = String::with_capacity(text.len());
    for part in text.split("/*") {
        let kept = part.split_once("*/").map_or(part, |(_, after)| after);
        out.extend(kept.lines().map(|line| format!("{}\n", line.trim())).filter(|line| line != "\n"));
    }
    Ok(out.replace(" {\n", "{").replace(";\n", ";").replace(",\n", ",").replace(": ", ":").replace("\n}", "}"))
}

/// FNV-1a, 64 bit: names change with the content. Nothing rests on it being hard to collide.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn constant_name(stem: &str, extension: &str) -> String {
    format!("{stem}_{extension}").replace('-', "_").to_uppercase()
}
