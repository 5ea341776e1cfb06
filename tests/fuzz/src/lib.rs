//! What must hold for every input, whoever sends it.
//!
//! Each module is one reader of untrusted text and has one function `holds`, which panics where the reader panics
//! or says something that cannot be. The fuzzer feeds them (`tests/fuzz/run`), and so does `cargo test`, with changed
//! seeds.
#![expect(clippy::expect_used, reason = "a panic is how a fuzzer hears that something does not hold")]

pub mod applications;
pub mod authorization_request;
pub mod bearer_token;
pub mod client_authentication;
pub mod dpop_proof;
pub mod form;
pub mod jws;
pub mod redirect_uri;
pub mod refresh_token;
pub mod request_object;

/// Panics where something does not hold for this input.
pub type Holds = fn(&[u8]);

/// Every reader by its name.
pub const READERS: [(&str, Holds); 9] = [
    ("authorization_request", authorization_request::holds),
    ("bearer_token", bearer_token::holds),
    ("client_authentication", client_authentication::holds),
    ("dpop_proof", dpop_proof::holds),
    ("form", form::holds),
    ("jws", jws::holds),
    ("redirect_uri", redirect_uri::holds),
    ("refresh_token", refresh_token::holds),
    ("request_object", request_object::holds),
];

/// The text up to the first line break, and what follows it.
fn two_parts(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}
