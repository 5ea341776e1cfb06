//! See `polder_fuzz::request_object`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polder_fuzz::request_object::holds(input));
