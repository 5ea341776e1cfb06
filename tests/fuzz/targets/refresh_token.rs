//! See `polder_fuzz::refresh_token`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polder_fuzz::refresh_token::holds(input));
