#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cfx_fuzz::game_s2c(data));
