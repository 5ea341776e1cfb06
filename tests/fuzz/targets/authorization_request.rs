//! See `polder_fuzz::authorization_request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polder_fuzz::authorization_request::holds(input));
