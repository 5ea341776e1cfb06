//! See `polder_fuzz::jws`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polder_fuzz::jws::holds(input));
