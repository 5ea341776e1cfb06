//! See `polder_fuzz::bearer_token`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polder_fuzz::bearer_token::holds(input));
