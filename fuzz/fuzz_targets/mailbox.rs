#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| headroom::ingest::properties::mailbox(bytes));
