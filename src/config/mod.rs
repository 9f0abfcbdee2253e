//! `headroom.toml`: what was typed and what may run.

pub mod sources;
