//! A redirect URI as it may be kept: enough to see what is wrong with it, and nothing about anybody.

use url::Url;

/// The longest that is kept, in characters.
const LONGEST: usize = 200;
/// A part of a path that is longer names somebody or something secret more likely than a page.
const LONGEST_PART: usize = 32;

/// Scheme, host, port and path. User, query and fragment are left out, and so is each part of the path that looks like
/// an address, a number of somebody's, or a token.
pub fn shown(sent: &str) -> String {
    let Ok(url) = Url::parse(sent) else { return "(not a URI)".to_owned() };
    let path: Vec<&str> = url.path().split('/').map(|part| if is_plain(part) { part } else { "…" }).collect();
    let host = url.host_str().map_or_else(String::new, |host| {
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        format!("//{host}{port}")
    });
    let more = if url.query().is_some() || url.fragment().is_some() { "?…" } else { "" };
    let whole = format!("{}:{host}{}{more}", url.scheme(), path.join("/"));
    whole.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

fn is_plain(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    part.len() <= LONGEST_PART
        && digits <= 5
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k17_a_redirect_uri_is_kept_without_anything_about_anybody() {
        for (sent, expected) in [
            ("https://app.example/callback", "https://app.example/callback"),
            ("https://app.example:8443/a/b/", "https://app.example:8443/a/b/"),
            ("http://localhost:3000/cb?user=ann@example.test#x", "http://localhost:3000/cb?…"),
            ("https://ann:secret@app.example/cb", "https://app.example/cb"),
            ("https://app.example/ann@example.test/cb", "https://app.example/…/cb"),
            ("https://app.example/u/0612345678", "https://app.example/u/…"),
            ("https://app.example/eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0In0", "https://app.example/…"),
            ("com.example.app:/callback", "com.example.app:/callback"),
            ("not a uri", "(not a URI)"),
            ("", "(not a URI)"),
        ] {
            assert_eq!(shown(sent), expected, "{sent}");
        }
        assert!(shown(&format!("https://app.example/{}", "ab/".repeat(500))).chars().count() <= LONGEST);
    }
}
