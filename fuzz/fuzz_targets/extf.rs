#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| headroom::ingest::properties::extf(text));
