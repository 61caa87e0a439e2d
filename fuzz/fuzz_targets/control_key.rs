#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cfx_fuzz::control_key(data));
