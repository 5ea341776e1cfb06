//! See `polder_fuzz::form`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polder_fuzz::form::holds(input));
