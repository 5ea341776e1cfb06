//! See `polder_fuzz::dpop_proof`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polder_fuzz::dpop_proof::holds(input));
