//! Styles and scripts: hashed names, one origin, colours that can be read.

use std::collections::HashMap;

use polder_hosted_pages::{asset, assets};

fn text(extension: &str) -> String {
    assets::all().iter().filter(|a| a.path.ends_with(extension)).map(|a| String::from_utf8_lossy(a.bytes)).collect()
}

#[test]
fn k20_f24_assets_are_found_under_hashed_names_only() {
    for one in assets::all() {
        let parts: Vec<&str> = one.path.trim_start_matches("/assets/").split('.').collect();
        assert!(parts.len() == 3 && parts[1].len() == 16, "{}", one.path);
        assert!(one.etag.contains(parts[1]) && !one.bytes.is_empty(), "{}", one.path);
        assert_eq!(asset(one.path).unwrap().bytes, one.bytes);
        assert!(asset(&one.path.replace(parts[1], "0000000000000000")).is_none());
    }
    for wrong in ["", "/assets/", "/assets/../Cargo.toml", "/assets/polder.css"] {
        assert!(asset(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn k18_assets_reach_no_other_origin() {
    let all: String = [text("css"), text("js")].concat();
    for wrong in ["http:", "https:", "url(", "@import", "eval(", "innerHTML", "document.write", "localStorage"] {
        assert!(!all.contains(wrong), "{wrong}");
    }
}

/// Light, dark because the device prefers it, dark because the person does.
const SCHEMES: [&str; 3] = ["\n:root{", ":root:not([data-look=\"light\"]){", ":root[data-look=\"dark\"]{"];

/// The colours of one scheme: the custom properties behind its selector.
fn colours(scheme: &str) -> HashMap<String, [f64; 3]> {
    let css = format!("\n{}", text("css"));
    let block = css.split(scheme).nth(1).unwrap().split('}').next().unwrap().to_owned();
    let colour = |value: &str| {
        let hex = value.strip_prefix('#')?;
        let channel = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).ok().map(|v| f64::from(v) / 255.0);
        Some([channel(0)?, channel(2)?, channel(4)?])
    };
    block
        .split(';')
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(':'))
        .filter_map(|(name, value)| Some((name.to_owned(), colour(value.trim())?)))
        .collect()
}

/// WCAG 2.2 contrast ratio.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let linear = |c: f64| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    let luminance = |c: [f64; 3]| 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
    let (high, low) = (luminance(a).max(luminance(b)), luminance(a).min(luminance(b)));
    (high + 0.05) / (low + 0.05)
}

#[test]
fn wcag_colours_have_contrast_in_both_schemes() {
    assert_eq!(colours(SCHEMES[1]), colours(SCHEMES[2]), "dark is dark");
    for scheme in SCHEMES {
        let colours = colours(scheme);
        let check = |front: &str, back: &str, least: f64| {
            let ratio = contrast(colours[front], colours[back]);
            assert!(ratio >= least, "scheme {scheme}: {front} on {back} is {ratio:.2}");
        };
        for back in ["ground", "surface", "sunk"] {
            for front in ["text", "muted", "accent", "accent-strong", "bad"] {
                check(front, back, 4.5);
            }
            check("control", back, 3.0);
            check("focus", back, 3.0);
        }
        for (front, back) in [
            ("on-accent", "accent"),
            ("on-accent", "accent-strong"),
            ("text", "accent-soft"),
            ("muted", "accent-soft"),
            ("accent", "accent-soft"),
            ("bad", "bad-soft"),
            ("warn", "warn-soft"),
            ("surface", "bad"),
        ] {
            check(front, back, 4.5);
        }
    }
}
