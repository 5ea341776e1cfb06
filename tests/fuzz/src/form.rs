//! Reading `application/x-www-form-urlencoded`.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use polder_protocol::Params;

/// What was read without a fault is read again from its own plain spelling, and every parameter has one value
/// unless its name is one of those that may have several.
///
/// # Panics
/// When it does not hold.
pub fn holds(input: &[u8]) {
    let Ok(params) = Params::parse(input) else { return };
    let mut spelled = String::new();
    for name in params.names() {
        let all: Vec<&str> = params.all(name).collect();
        assert!(all.len() <= 1 || repeatable(name), "{name} came {} times", all.len());
        for value in all {
            let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
            spelled.push_str(&format!("{}={}&", encode(name), encode(value)));
        }
    }
    let again = Params::parse(spelled.as_bytes()).expect("its own spelling is read");
    for name in params.names() {
        assert!(params.all(name).eq(again.all(name)), "{name}");
        assert!(params.get(name) == again.get(name) || repeatable(name), "{name}");
    }
}

fn repeatable(name: &str) -> bool {
    ["resource", "audience"].contains(&name)
}
