#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| telecare_fuzz::sip_edge(data));
