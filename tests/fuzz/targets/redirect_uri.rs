//! See `polder_fuzz::redirect_uri`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polder_fuzz::redirect_uri::holds(input));
