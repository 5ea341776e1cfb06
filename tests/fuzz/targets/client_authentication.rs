//! See `polder_fuzz::client_authentication`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polder_fuzz::client_authentication::holds(input));
