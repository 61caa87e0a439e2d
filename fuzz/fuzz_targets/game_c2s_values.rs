#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cfx_fuzz::game_c2s_values(data));
