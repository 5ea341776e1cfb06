//! Requests as bytes.

/// A GET with further header lines (each ending in CR LF).
pub fn get(host: &str, path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").into_bytes()
}

/// A form POST with further header lines.
pub fn post(host: &str, path: &str, headers: &str, form: &[(&str, &str)]) -> Vec<u8> {
    let body = serde_urlencoded::to_string(form).unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A POST of JSON, or of nothing where that is null, with further header lines.
pub fn post_json(host: &str, path: &str, headers: &str, body: &serde_json::Value) -> Vec<u8> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}
