//! The routes of a tenant, read from the one page that lists them all: a new one is tried without being
//! named anywhere else.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its path, with `{name}` where something is filled in.
    pub path: String,
    /// A method it answers.
    pub method: &'static str,
    /// Whether it is the control plane's, on `admin.sock`.
    pub admin: bool,
}

const METHODS: [(&str, &str); 6] = [
    ("get", "GET"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
];

/// Every route of a tenant.
///
/// # Errors
/// When one is written in a way that this does not read: then it would not be tried.
pub fn of_a_tenant() -> Result<Vec<Route>> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the checkout")?;
    let page = std::fs::read_to_string(top.join("tenant-runtime/src/router.rs"))?;
    let names = std::fs::read_to_string(top.join("crates/protocol/src/metadata.rs"))?;
    ensure!(!page.contains(".nest("), "a nested router is not read here");
    let admin_from = page.find("pub fn admin(").context("the admin router")?;
    let admin_to = admin_from + page[admin_from..].find("\n}").context("its end")?;
    let mut routes = Vec::new();
    for (at, _) in page.match_indices(".route(") {
        let call = call(&page[at + ".route(".len()..]).context("a call that ends")?;
        let (path, answers) = call.split_once(',').with_context(|| call.to_owned())?;
        let (path, before) = (resolve(path.trim(), &names)?, routes.len());
        for (word, method) in METHODS {
            if calls(answers, word) {
                routes.push(Route { path: path.clone(), method, admin: (admin_from..admin_to).contains(&at) });
            }
        }
        ensure!(routes.len() > before, "{path} answers nothing that is known: {answers}");
    }
    ensure!(routes.len() > 40, "the routes were not found");
    Ok(routes)
}

/// The text up to the bracket that closes a call.
fn call(text: &str) -> Option<&str> {
    let mut open = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(&text[..at]);
        }
    }
    None
}

fn calls(text: &str, word: &str) -> bool {
    let call = format!("{word}(");
    text.match_indices(&call).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c)))
}

fn resolve(path: &str, names: &str) -> Result<String> {
    if let Some(text) = path.strip_prefix('"').and_then(|path| path.strip_suffix('"')) {
        return Ok(text.to_owned());
    }
    let Some(name) = path.strip_prefix("path::") else { bail!("{path} is not read here") };
    let wanted = format!("pub const {name}: &str = \"");
    let at = names.find(&wanted).with_context(|| format!("{name} is not in the metadata"))?;
    Ok(names[at + wanted.len()..].split('"').next().context("its end")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_routes_that_everybody_knows_are_found() {
        let routes = of_a_tenant().unwrap();
        for (path, method, admin) in [
            ("/token", "POST", false),
            ("/userinfo", "GET", false),
            ("/userinfo", "POST", false),
            ("/signin/code", "POST", false),
            ("/users/{id}", "DELETE", true),
            ("/standing", "PUT", true),
        ] {
            let wanted = Route { path: path.to_owned(), method, admin };
            assert!(routes.contains(&wanted), "{wanted:?}");
        }
    }
}
